"""Turns any uploaded file into one exact Parquet table, or says what is wrong with it."""

from __future__ import annotations

import csv
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from projects.readers.csv_reader import CsvFile, read_csv
from projects.readers.detect import binary_format, text_format
from projects.readers.dialect import find_dialect
from projects.readers.encoding import TextEncoding, find_encoding
from projects.readers.facts import (
    FIND_OUT,
    ROW_ID,
    FileFormat,
    ReadLimits,
    ReadOptions,
    TableFacts,
    TableRead,
)
from projects.readers.header_doubt import header_doubt
from projects.readers.json_outline import Orient, find_form
from projects.readers.json_reader import JsonFile, read_json
from projects.readers.json_types import text_columns
from projects.readers.options import refuse_unfit_options
from projects.readers.parquet_reader import read_parquet
from projects.readers.scan import TextScan, scan_file
from projects.readers.source import DataFile, unpacked
from studio.engine.errors import DataProblem
from studio.engine.progress import Progress

__all__ = ["ROW_ID", "FileFormat", "ReadLimits", "ReadOptions", "TableFacts", "read_table"]

_START_CHARS = 4096


def read_table(
    source: Path,
    filename: str,
    out: Path,
    *,
    progress: Progress,
    limits: ReadLimits,
    options: ReadOptions = FIND_OUT,
) -> TableFacts:
    """Write the table in `source` to the Parquet file `out`, every cell as its exact text.

    The format is detected from the content first and from the user's `filename` second. `options`
    override what would be detected. `out` has the column `ROW_ID` (0-based, in file order) first
    and then every column of the user as text; an empty cell is null. Scratch files are kept beside
    `out` and removed when the function returns or raises, and `out` only appears when complete.

    Raises DataProblem if the file is not a table that can be read exactly, and whatever `progress`
    raises.
    """
    sha256, scan = scan_file(source, options.encoding, progress)
    upload = DataFile(source, filename, scan)
    limits = limits.of_file(source.stat().st_size)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix="reading-") as scratch:
        file = unpacked(upload, Path(scratch), options, progress=progress, limits=limits)
        reading = _Reading(file, Path(scratch) / "table.parquet", progress, limits, options)
        file_format, read = reading.run()
        reading.table.replace(out)
    facts = TableFacts(
        n_rows=read.n_rows,
        columns=read.columns,
        format=file_format,
        encoding=read.used.encoding,
        delimiter=read.used.delimiter,
        sha256=sha256,
        notes=(*file.notes, *read.notes),
        used=read.used,
        doubts=read.doubts,
        sheets=read.sheets,
    )
    return replace(facts, text_columns=text_columns(source, facts, limits))


@dataclass(frozen=True, slots=True)
class _Reading:
    file: DataFile
    table: Path
    progress: Progress
    limits: ReadLimits
    options: ReadOptions

    def run(self) -> tuple[FileFormat, TableRead]:
        """Detect the format, read the file, and question its header."""
        known = binary_format(self.file)
        if known is None:
            file_format, read = self._text()
        else:
            refuse_unfit_options(self.options, known)
            file_format = known
            read = self._binary(known)
        return file_format, self._with_header_doubt(read)

    def _binary(self, file_format: FileFormat) -> TableRead:
        if file_format is FileFormat.PARQUET:
            return read_parquet(
                self.file.path, self.table, progress=self.progress, limits=self.limits
            )
        # Imported here because it takes 0.2 s to load, which other files do not need.
        from projects.readers.sheet_reader import read_workbook

        return read_workbook(
            self.file.path,
            file_format,
            self.table,
            asked=self.options,
            progress=self.progress,
            limits=self.limits,
        )

    def _text(self) -> tuple[FileFormat, TableRead]:
        encoding = find_encoding(self.file, self.progress, asked=self.options.encoding)
        with self.file.path.open(encoding=encoding.codec, newline="") as text:
            found = text_format(text.read(_START_CHARS), self.file.name)
        refuse_unfit_options(self.options, found)
        if found in (FileFormat.JSON, FileFormat.JSON_LINES):
            found, read = self._json(encoding)
        else:
            found, read = self._csv(found, encoding)
        doubts = dict(read.doubts)
        if encoding.is_guess:
            doubts["encoding"] = encoding.notes[0]
        return found, replace(read, notes=(*encoding.notes, *read.notes), doubts=doubts)

    def _json(self, encoding: TextEncoding) -> tuple[FileFormat, TableRead]:
        with self.file.path.open(encoding=encoding.codec, newline="\n") as text:
            form = find_form(text, max_chars=self.limits.max_value_bytes, asked=self.options.orient)
        file = JsonFile(self.file.path, encoding.codec, form)
        read = read_json(
            file, self.table, asked=self.options, progress=self.progress, limits=self.limits
        )
        is_lines = form.orient is Orient.LINES
        return FileFormat.JSON_LINES if is_lines else FileFormat.JSON, read

    def _csv(self, found: FileFormat, encoding: TextEncoding) -> tuple[FileFormat, TableRead]:
        self._refuse_endless_line(encoding.scan)
        # The limit is global to the process; nothing else here uses the csv module.
        csv.field_size_limit(self.limits.max_value_bytes)
        dialect = find_dialect(self.file.path, encoding.codec, found, self.options)
        file = CsvFile(self.file.path, encoding.scan, dialect)
        read = read_csv(
            file, self.table, asked=self.options, progress=self.progress, limits=self.limits
        )
        return FileFormat.TSV if dialect.delimiter == "\t" else FileFormat.CSV, read

    def _with_header_doubt(self, read: TableRead) -> TableRead:
        """Add a doubt if the header looks like data; a requested header is not questioned."""
        if not read.used.has_header or self.options.has_header is not None:
            return read
        doubt = header_doubt(read.columns, self.table)
        if doubt is None:
            return read
        return replace(
            read, notes=(*read.notes, doubt), doubts={**read.doubts, "has_header": doubt}
        )

    def _refuse_endless_line(self, scan: TextScan) -> None:
        """Refuse a line that is too long: later steps hold whole lines in memory."""
        if scan.longest_line_chars > self.limits.max_value_bytes:
            raise DataProblem(
                f"Line {scan.longest_line:,} of {self.file.name} is longer than"
                f" {self.limits.max_value_bytes / 1024**2:.0f} MB, so it does not look like a"
                " table. Expected one row per line."
            )
