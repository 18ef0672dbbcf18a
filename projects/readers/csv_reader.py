"""Reads delimited text (CSV, TSV), exactly.

Files with quotes are read by Python's csv module in its strict mode, in the memory of one row
group. docs/decisions/csv.md says why not by pandas or DuckDB, which guess where this refuses.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from io import TextIOWrapper
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from projects.readers.csv_plain import StumbledError, is_plain, plain_batches
from projects.readers.csv_problems import explain
from projects.readers.dialect import Dialect
from projects.readers.facts import ReadLimits, ReadOptions, TableRead
from projects.readers.header import Header, checked_header, numbered_header
from projects.readers.melted import Melted, known_elsewhere, melted_cell
from projects.readers.scan import TextScan
from projects.readers.table_writer import TableWriter
from studio.engine import stages
from studio.engine.counted import counted
from studio.engine.errors import DataProblem
from studio.engine.progress import Progress

Row = list[str]
_BYTES_PER_CHUNK = 4 * 1024 * 1024
_BREAK = re.compile(r"[\r\n]")


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A delimited text file whose encoding and dialect are known."""

    path: Path
    scan: TextScan
    dialect: Dialect

    @property
    def codec(self) -> str:
        """Python's name for the encoding."""
        return self.scan.codec

    @contextmanager
    def opened(self) -> Iterator[tuple[BinaryIO, TextIOWrapper]]:
        """Open the file at its header, as bytes and as text with its line breaks unchanged."""
        with self.path.open("rb") as raw, TextIOWrapper(raw, self.codec, newline="") as text:
            for _ in range(self.dialect.n_skipped):
                text.readline()
            yield raw, text


def read_csv(
    file: CsvFile, out: Path, *, asked: ReadOptions, progress: Progress, limits: ReadLimits
) -> TableRead:
    """Write the rows of the file to the Parquet file `out`."""
    reading = _Reading(file, out, progress, limits, has_header=asked.has_header is not False)
    try:
        read, suspects = reading.run()
    except (csv.Error, _UnevenRowError) as error:
        for other in _other_dialects(file.dialect, asked):
            with suppress(csv.Error, _UnevenRowError):
                read, _ = replace(reading, file=replace(file, dialect=other)).run()
                return _with_quotes_literal(read) if not other.quote else read
        with file.opened() as (_, lines):
            raise explain(lines, file.dialect) from error
    melted = known_elsewhere(suspects, out)
    if not melted or asked.quotes is not None:
        return read
    with suppress(csv.Error, _UnevenRowError):
        return _with_quotes_literal(
            reading.without_quotes(out.with_name("unquoted.parquet")), melted
        )
    note = _melted_note(melted)
    return replace(read, notes=(*read.notes, note), doubts={"quotes": note})


def _other_dialects(dialect: Dialect, asked: ReadOptions) -> Iterator[Dialect]:
    """Yield the dialects to try when the one of the first rows does not fit the whole file."""
    if dialect.quote:
        yield replace(dialect, skips_space=not dialect.skips_space)
    if dialect.quote and asked.quotes is None:
        yield replace(dialect, quote="", skips_space=False)


def _with_quotes_literal(read: TableRead, melted: Sequence[Melted] = ()) -> TableRead:
    note = "Quotation marks were read as ordinary characters, because the rows are even only so."
    if melted:
        note = (
            "Quotation marks were read as ordinary characters: otherwise one that opens at "
            f"“{melted[0].excerpt}” would have joined {melted[0].n_lines:,} lines into one cell."
        )
    return replace(read, notes=(*read.notes, note), doubts={"quotes": note})


def _melted_note(melted: Sequence[Melted]) -> str:
    cells = "A cell has" if len(melted) == 1 else f"{len(melted):,} cells have"
    return (
        f"{cells} several lines that look like rows of their own, joined by quotation marks; the"
        f" first begins with “{melted[0].excerpt}”. Look whether a quotation mark is out of place"
        " there."
    )


class _UnevenRowError(Exception):
    """Some row has more or fewer cells than the header; `explain` finds out which one."""


class _QuotedCellError(_UnevenRowError):
    """Quotation marks are not ordinary characters in this file: some cells are enclosed in them."""


@dataclass(frozen=True, slots=True)
class _Reading:
    file: CsvFile
    out: Path
    progress: Progress
    limits: ReadLimits
    has_header: bool

    def run(self) -> tuple[TableRead, list[Melted]]:
        """Read the rows, and find the cells that may really be several rows."""
        # If the fast reader stumbles, the csv module reads the file again and explains the fault.
        with suppress(StumbledError):
            if self.file.dialect.quote and (read := self._plain()):
                return read, []
        return self._row_by_row()

    def without_quotes(self, out: Path) -> TableRead:
        """Read the rows with quotation marks as ordinary characters, replacing `self.out` only on
        success.
        """
        dialect = replace(self.file.dialect, quote="", skips_space=False)
        read, _ = replace(self, file=replace(self.file, dialect=dialect), out=out)._row_by_row()
        out.replace(self.out)
        return read

    def _row_by_row(self) -> tuple[TableRead, list[Melted]]:
        total = self.file.path.stat().st_size
        suspects: list[Melted] = []
        with self.file.opened() as (raw, text):
            reader = self.file.dialect.reader(text)
            header, rest = self._header(reader)
            even = _EvenRows(len(header.columns))
            chunk_size = _ChunkSize()
            n_lines = 0
            with TableWriter(self.out, header.columns, self.limits) as writer:
                while chunk := list(islice(rest, chunk_size.rows(writer.rows_per_append))):
                    rows = even.of(chunk)
                    writer.append_rows(rows)
                    suspects += self._suspects(rows, reader.line_num - n_lines)
                    n_lines = reader.line_num
                    done = raw.tell()
                    chunk_size.learn(done, len(chunk))
                    self.progress(stages.READING_FILE, done, total)
        if not writer.n_rows:
            raise DataProblem(
                "The file has a header line but no rows below it. Use a file with at least one row."
            )
        return self._read(writer, (*header.notes, *even.notes)), suspects

    def _suspects(self, rows: list[Row], n_lines: int) -> list[Melted]:
        dialect = self.file.dialect
        if not dialect.quote:
            _refuse_quoted_cells(rows)
            return []
        if n_lines == len(rows) or not rows or len(rows[0]) < 2:
            return []
        found = [
            melted_cell(row, dialect.delimiter) for row in rows if any(map(_BREAK.search, row))
        ]
        return [cell for cell in found if cell is not None]

    def _plain(self) -> TableRead | None:
        """Read a file in which nothing is quoted; None for other files and files without rows."""
        file = self.file
        with file.opened() as (_, text):
            reader = file.dialect.reader(text)
            header, _ = self._header(reader)
            n_lines_above = file.dialect.n_skipped + reader.line_num - (not self.has_header)
        n_columns = len(header.columns)
        if not is_plain(file.scan, file.dialect, n_columns):
            return None
        total = file.path.stat().st_size
        done = 0
        batches = plain_batches(
            file.path, file.dialect, n_lines_above=n_lines_above, n_columns=n_columns
        )
        with TableWriter(self.out, header.columns, self.limits) as writer:
            for batch in batches:
                writer.append_columns(batch.columns)
                # The end of a cell takes one byte in the file and four in an Arrow array.
                done += batch.nbytes - 3 * batch.num_rows * n_columns
                self.progress(stages.READING_FILE, min(done, total), total)
        return self._read(writer, header.notes) if writer.n_rows else None

    def _read(self, writer: TableWriter, notes: tuple[str, ...]) -> TableRead:
        dialect = self.file.dialect
        used = ReadOptions(
            encoding=self.file.codec,
            delimiter=dialect.delimiter,
            quotes=dialect.quote,
            has_header=self.has_header,
        )
        return TableRead(writer.n_rows, writer.columns, (*dialect.notes, *notes), used)

    def _header(self, reader: Iterator[Row]) -> tuple[Header, Iterator[Row]]:
        """Return the header and the rows of data: those below the names, or all if it has none."""
        line = 1 + self.file.dialect.n_skipped
        for first in reader:
            if any(cell.strip() for cell in first):
                rows = reader
                if self.has_header:
                    header = checked_header(first, self.limits, line=line)
                else:
                    header = numbered_header(len(first), self.limits)
                    rows = chain([first], reader)
                self.limits.required.check(header.columns)
                return header, rows
            line += 1
        raise DataProblem(
            "The file holds nothing but blank lines. Expected a line of column names and at least"
            " one row."
        )


def _refuse_quoted_cells(rows: list[Row]) -> None:
    for row in rows:
        for cell in row:
            if len(cell) > 1 and cell[0] == cell[-1] == '"':
                raise _QuotedCellError


class _EvenRows:
    """Checks that rows have as many cells as the header, and removes blank lines.

    In a table of one column a blank line is a row whose cell is missing, unless only blank lines
    follow.
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
        notes = []
        places = ((self._n_between, "between the rows"), (self._n_trailing, "at the end"))
        for count, place in places:
            if count:
                lines = counted(count, "blank line")
                notes.append(f"Not counted as rows: {lines} {place}.")
        return tuple(notes)


class _ChunkSize:
    """Adapts the number of rows per chunk so that a chunk stays within a few megabytes."""

    def __init__(self) -> None:
        self._done = 0
        self._rows = 64

    def rows(self, most: int) -> int:
        return max(1, min(self._rows, most))

    def learn(self, done: int, n_rows: int) -> None:
        bytes_per_row = max(1.0, (done - self._done) / n_rows)
        self._done = done
        self._rows = max(1, min(2 * n_rows, int(_BYTES_PER_CHUNK / bytes_per_row)))
