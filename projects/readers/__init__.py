"""Turns any uploaded file into one exact Parquet table, or says what is wrong with it. Paths in, paths out."""

from __future__ import annotations

import csv
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from projects.readers.csv_reader import CsvFile, read_csv
from projects.readers.detect import binary_format, text_format
from projects.readers.dialect import find_dialect
from projects.readers.encoding import TextEncoding, find_encoding
from projects.readers.facts import ROW_ID, FileFormat, ReadLimits, TableFacts, TableRead
from projects.readers.json_reader import JsonFile, read_json
from projects.readers.json_records import pieces_of_list, records_of_lines
from projects.readers.parquet_reader import read_parquet
from projects.readers.source import DataFile, file_sha256, unpacked
from studio.engine.errors import DataProblem
from studio.engine.progress import Progress

__all__ = ["ROW_ID", "FileFormat", "ReadLimits", "TableFacts", "read_table"]

_START_CHARS = 4096


def read_table(source: Path, filename: str, out: Path, *, progress: Progress, limits: ReadLimits) -> TableFacts:
    """Write the table in `source` to the Parquet file `out`, every cell as the exact text that it has in the file.

    `filename` is the name that the user gave, and the second hint, after the content, at what the file is. `out` has
    the column `ROW_ID` (0-based, in file order) first and then every column of the user as text; an empty cell is
    null. Scratch files lie beside `out` and are gone when the function returns or raises, and `out` only appears when
    it is complete.

    Raises DataProblem when the file is no table that can be read exactly, and whatever `progress` raises.
    """
    sha256 = file_sha256(source, progress)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix="reading-") as scratch:
        file = unpacked(source, filename, Path(scratch), progress=progress, limits=limits)
        reading = _Reading(file, Path(scratch) / "table.parquet", progress, limits)
        found = reading.run()
        reading.table.replace(out)
    notes = (*file.notes, *found.read.notes)
    return TableFacts(
        found.read.n_rows, found.read.columns, found.format, found.encoding, found.delimiter, sha256, notes
    )


@dataclass(frozen=True, slots=True)
class _Found:
    format: FileFormat
    read: TableRead
    encoding: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True, slots=True)
class _Reading:
    file: DataFile
    table: Path
    progress: Progress
    limits: ReadLimits

    def run(self) -> _Found:
        """Read the file by what its content says it is."""
        known = binary_format(self.file)
        if known is None:
            return self._text()
        if known is FileFormat.PARQUET:
            read = read_parquet
        else:  # openpyxl takes 0.2 s to load, for which other files need not wait
            from projects.readers.xlsx_reader import read_xlsx as read
        return _Found(known, read(self.file.path, self.table, progress=self.progress, limits=self.limits))

    def _text(self) -> _Found:
        encoding = find_encoding(self.file.path, self.file.name, self.progress)
        with self.file.path.open(encoding=encoding.codec, newline="") as text:
            found = text_format(text.read(_START_CHARS), self.file.name)
        if found in (FileFormat.JSON, FileFormat.JSON_LINES):
            return self._json(found, encoding)
        return self._csv(found, encoding)

    def _json(self, found: FileFormat, encoding: TextEncoding) -> _Found:
        stream = pieces_of_list if found is FileFormat.JSON else records_of_lines
        file = JsonFile(self.file.path, encoding.codec, stream)
        read = read_json(file, self.table, progress=self.progress, limits=self.limits)
        return _Found(found, self._noted(read, encoding.notes), encoding.codec)

    def _csv(self, found: FileFormat, encoding: TextEncoding) -> _Found:
        self._refuse_endless_line(encoding)
        csv.field_size_limit(self.limits.max_value_bytes)  # of the process; nothing else here reads with this module
        dialect = find_dialect(self.file.path, encoding.codec, found)
        file = CsvFile(self.file.path, encoding.codec, dialect)
        read = read_csv(file, self.table, progress=self.progress, limits=self.limits)
        if dialect.delimiter == "\t":
            found = FileFormat.TSV
        return _Found(found, self._noted(read, (*encoding.notes, *dialect.notes)), encoding.codec, dialect.delimiter)

    def _refuse_endless_line(self, encoding: TextEncoding) -> None:
        """A line is read into memory as one, so a file without line breaks must not come that far."""
        if encoding.longest_line_chars > self.limits.max_value_bytes:
            raise DataProblem(
                f"Line {encoding.longest_line:,} of {self.file.name} is longer than "
                f"{self.limits.max_value_bytes / 1024**2:.0f} MB, so it does not look like a table. "
                "Expected one row per line."
            )

    @staticmethod
    def _noted(read: TableRead, notes: tuple[str, ...]) -> TableRead:
        return replace(read, notes=(*notes, *read.notes))
