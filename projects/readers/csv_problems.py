"""Explains why a delimited text file cannot be read, by a slow second reading that tracks lines."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import islice

from projects.readers.dialect import Dialect
from studio.engine.counted import counted
from studio.engine.errors import DataProblem

_SHOWN = {"\t": "tab"}
_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class _Record:
    """A row with its first and last line (1-based)."""

    cells: list[str]
    first_line: int
    last_line: int

    @property
    def place(self) -> str:
        if self.first_line == self.last_line:
            return f"Line {self.first_line:,}"
        return f"The row on lines {self.first_line:,} to {self.last_line:,}"


def explain(lines: TextIOWrapper, dialect: Dialect) -> DataProblem:
    """Return the first problem of the file, for the user. `lines` is positioned at the header."""
    place = _Place(1 + dialect.n_skipped)
    try:
        return _uneven_row(_records(lines, dialect, place), dialect)
    except csv.Error as error:
        lines.seek(0)
        return _quoting_problem(str(error), lines, dialect, place)


@dataclass(slots=True)
class _Place:
    first_line: int  # of the row that is being read
    last_line: int = 0


def _records(lines: TextIOWrapper, dialect: Dialect, place: _Place) -> Iterator[_Record]:
    reader = dialect.reader(_watched(lines, place))
    for cells in reader:
        last_line = dialect.n_skipped + reader.line_num
        yield _Record(cells, place.first_line, last_line)
        place.first_line = last_line + 1


def _watched(lines: TextIOWrapper, place: _Place) -> Iterator[str]:
    for last_line, line in enumerate(lines, start=place.first_line):
        place.last_line = last_line
        yield line


def _uneven_row(records: Iterator[_Record], dialect: Dialect) -> DataProblem:
    header = next(record for record in records if any(cell.strip() for cell in record.cells))
    n_columns = len(header.cells)
    for record in records:
        n_cells = len(record.cells)
        is_blank = n_cells == 0 or (n_cells == 1 and not record.cells[0].strip())
        if n_cells != n_columns and not is_blank:
            fields = counted(n_cells, "field")
            return DataProblem(
                f"{record.place} has {fields}, but the header has {n_columns:,}. "
                + _advice(record, n_columns, dialect)
            )
    raise AssertionError("The file was refused for an uneven row, but none was found.")


def _advice(record: _Record, n_columns: int, dialect: Dialect) -> str:
    delimiter = _SHOWN.get(dialect.delimiter, f"'{dialect.delimiter}'")
    if record.last_line > record.first_line:
        return (
            "Look for a quotation mark that is opened or closed in the wrong place there, and"
            " correct it."
        )
    if len(record.cells) > n_columns:
        return (
            f"Put cells that contain a {delimiter} into double quotes, or remove the extra fields."
        )
    return (
        f"Add the missing fields (an empty one is nothing between two {delimiter} characters) or"
        " remove the line."
    )


def _quoting_problem(
    reason: str, lines: TextIOWrapper, dialect: Dialect, place: _Place
) -> DataProblem:
    if "field larger" in reason:
        limit_mb = csv.field_size_limit() / 1024**2
        return DataProblem(
            f"The row that begins on line {place.first_line:,} has a cell of more than"
            f" {limit_mb:,.0f} MB. Most likely a quotation mark is opened there and never closed;"
            " close it or remove it."
        )
    if "unexpected end" in reason:
        opened = _line_of_open_quote(lines, dialect, place)
        return DataProblem(
            f"A quotation mark is opened on line {opened:,} and never closed, so the file ends"
            " inside a cell. Close it, or double it if it belongs to the text."
        )
    return DataProblem(
        f"On line {place.last_line:,} a quoted cell is followed by more text before the next"
        f" delimiter. A quotation mark inside a quoted cell must be doubled ({dialect.quote * 2});"
        " correct the line."
    )


def _line_of_open_quote(lines: TextIOWrapper, dialect: Dialect, place: _Place) -> int:
    # Read leniently, the last cell holds everything from the opening quote to the end of the file.
    rest = islice(lines, place.first_line - 1, None)
    last_cell = next(dialect.reader(rest, strict=False))[-1]
    n_breaks = len(_BREAK.findall(last_cell))
    ends_with_break = bool(last_cell) and last_cell[-1] in "\r\n"
    return place.last_line - n_breaks + int(ends_with_break)
