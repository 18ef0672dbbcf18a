"""Turns any uploaded file into one exact Parquet table, or says what is wrong with it. Paths in,
paths out.
"""

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
    """Write the table in `source` to the Parquet file `out`, every cell as the exact text that it
    has in the file.

    `filename` is the name that the user gave, and the second hint, after the content, at what the
    file is. `options` say how to read it where that should not be found out. `out` has the column
    `ROW_ID` (0-based, in file order) first and then every column of the user as text; an empty cell
    is null. Scratch files lie beside `out` and are gone when the function returns or raises, and
    `out` only appears when it is complete.

    Raises DataProblem when the file is no table that can be read exactly, and whatever `progress`
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
        """Read the file by what its content says it is."""
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
        # What reads workbooks takes 0.2 s to load, for which other files need not wait.
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
        csv.field_size_limit(
            self.limits.max_value_bytes
        )  # of the process; nothing else here reads with this module
        dialect = find_dialect(self.file.path, encoding.codec, found, self.options)
        file = CsvFile(self.file.path, encoding.scan, dialect)
        read = read_csv(
            file, self.table, asked=self.options, progress=self.progress, limits=self.limits
        )
        return FileFormat.TSV if dialect.delimiter == "\t" else FileFormat.CSV, read

    def _with_header_doubt(self, read: TableRead) -> TableRead:
        """A header that was asked for is not questioned."""
        if not read.used.has_header or self.options.has_header is not None:
            return read
        doubt = header_doubt(read.columns, self.table)
        if doubt is None:
            return read
        return replace(
            read, notes=(*read.notes, doubt), doubts={**read.doubts, "has_header": doubt}
        )

    def _refuse_endless_line(self, scan: TextScan) -> None:
        """A line is read into memory as one, so a file without line breaks must not come that
        far.
        """
        if scan.longest_line_chars > self.limits.max_value_bytes:
            raise DataProblem(
                f"Line {scan.longest_line:,} of {self.file.name} is longer than"
                f" {self.limits.max_value_bytes / 1024**2:.0f} MB, so it does not look like a"
                " table. Expected one row per line."
            )
