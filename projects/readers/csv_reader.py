"""Reads delimited text (CSV, TSV), exactly.

Python's csv module does it wherever a cell is quoted, not DuckDB: it has no sampling, no NULL words, no comment
characters, no line limit and no way to drop a row, its strict mode is the reference for quoting, and it gives the line
of every row. It reads some 20 MB a second, so a gigabyte takes a minute, in the memory of one row group. DuckDB does
what it is best at: it profiles and queries the Parquet file that comes out.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from projects.readers.csv_plain import StumbledError, is_plain, plain_batches
from projects.readers.csv_problems import explain
from projects.readers.dialect import Dialect
from projects.readers.facts import ReadLimits, TableRead
from projects.readers.header import Header, checked_header
from projects.readers.table_writer import TableWriter
from studio.engine.errors import DataProblem
from studio.engine.progress import Progress

if TYPE_CHECKING:
    from _csv import Reader

Row = list[str]
_BYTES_PER_CHUNK = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A delimited text file of which everything is known but its rows."""

    path: Path
    codec: str
    dialect: Dialect

    @contextmanager
    def opened(self) -> Iterator[tuple[BinaryIO, TextIOWrapper]]:
        """The file at its header: its bytes, and its text with the line breaks as they are in the file."""
        with self.path.open("rb") as raw, TextIOWrapper(raw, self.codec, newline="") as text:
            for _ in range(self.dialect.n_skipped):
                text.readline()
            yield raw, text


def read_csv(file: CsvFile, out: Path, *, progress: Progress, limits: ReadLimits) -> TableRead:
    """Write the rows of the file to the Parquet file `out`."""
    try:
        with suppress(StumbledError):  # then the csv module reads it anew, and says what is wrong if anything is
            if read := _read_plain(file, out, progress=progress, limits=limits):
                return read
        return _read(file, out, progress=progress, limits=limits)
    except (csv.Error, _UnevenRowError) as error:
        with file.opened() as (_, lines):
            raise explain(lines, file.dialect) from error


class _UnevenRowError(Exception):
    """Some row has more or fewer cells than the header; which one is found by a second, slower reading."""


def _read(file: CsvFile, out: Path, *, progress: Progress, limits: ReadLimits) -> TableRead:
    total = file.path.stat().st_size
    with file.opened() as (raw, text):
        reader = file.dialect.reader(text)
        header = _header(reader, file.dialect, limits)
        rows = _EvenRows(len(header.columns))
        chunk_size = _ChunkSize()
        with TableWriter(out, header.columns, limits) as writer:
            while chunk := list(islice(reader, chunk_size.rows(writer.rows_per_append))):
                writer.append_rows(rows.of(chunk))
                done = raw.tell()
                chunk_size.learn(done, len(chunk))
                progress("Reading file", done, total)
    if not writer.n_rows:
        raise DataProblem("The file has a header line but no rows below it. Upload a file with at least one row.")
    return TableRead(writer.n_rows, header.columns, (*header.notes, *rows.notes))


def _read_plain(file: CsvFile, out: Path, *, progress: Progress, limits: ReadLimits) -> TableRead | None:
    """Read a file in which nothing is quoted; None for others, and for one without rows."""
    with file.opened() as (_, text):
        reader = file.dialect.reader(text)
        header = _header(reader, file.dialect, limits)
        n_lines_above = file.dialect.n_skipped + reader.line_num
    n_columns = len(header.columns)
    if not is_plain(file.path, file.codec, file.dialect, n_columns):
        return None
    total, done = file.path.stat().st_size, 0
    with TableWriter(out, header.columns, limits) as writer:
        for batch in plain_batches(file.path, file.dialect, n_lines_above=n_lines_above, n_columns=n_columns):
            writer.append_columns(batch.columns)
            done += batch.nbytes - 3 * batch.num_rows * n_columns  # an end of a cell takes one byte there, four here
            progress("Reading file", min(done, total), total)
    return TableRead(writer.n_rows, header.columns, header.notes) if writer.n_rows else None


def _header(reader: Reader, dialect: Dialect, limits: ReadLimits) -> Header:
    line = 1 + dialect.n_skipped
    for names in reader:
        if any(name.strip() for name in names):
            header = checked_header(names, limits, line=line)
            limits.required.check(header.columns)
            return header
        line += 1
    raise DataProblem("The file holds nothing but blank lines. Expected a line of column names and at least one row.")


class _EvenRows:
    """Checks that rows have the header's number of cells, and takes blank lines out.

    In a table of one column a blank line is a row whose cell is missing, unless only blank lines follow.
    """

    def __init__(self, n_columns: int) -> None:
        self._n_columns = n_columns
        self._n_between = 0
        self._n_trailing = 0

    def of(self, chunk: list[Row]) -> list[Row]:
        if set(map(len, chunk)) == {self._n_columns} and not self._n_trailing:
            return chunk
        return list(self._without_blank_lines(chunk))

    def _without_blank_lines(self, chunk: list[Row]) -> Iterator[Row]:
        for row in chunk:
            if self._is_blank_line(row):
                self._n_trailing += 1
                continue
            yield from self._blanks_before()
            if len(row) != self._n_columns:
                raise _UnevenRowError
            yield row

    def _is_blank_line(self, row: Row) -> bool:
        return not row or (self._n_columns > 1 and len(row) == 1 and not row[0].strip())

    def _blanks_before(self) -> Iterator[Row]:
        if self._n_columns == 1:
            yield from ([""] for _ in range(self._n_trailing))
        else:
            self._n_between += self._n_trailing
        self._n_trailing = 0

    @property
    def notes(self) -> tuple[str, ...]:
        places = ((self._n_between, "between the rows"), (self._n_trailing, "at the end"))
        return tuple(f"Not counted as rows: {_blank_lines(count)} {place}." for count, place in places if count)


def _blank_lines(count: int) -> str:
    return "1 blank line" if count == 1 else f"{count:,} blank lines"


class _ChunkSize:
    """How many rows to read at once, so that a chunk stays a few megabytes however long the cells are."""

    def __init__(self) -> None:
        self._done = 0
        self._rows = 64

    def rows(self, most: int) -> int:
        return max(1, min(self._rows, most))

    def learn(self, done: int, n_rows: int) -> None:
        bytes_per_row = max(1.0, (done - self._done) / n_rows)
        self._done = done
        self._rows = max(1, min(2 * n_rows, int(_BYTES_PER_CHUNK / bytes_per_row)))
