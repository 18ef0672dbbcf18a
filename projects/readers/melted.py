"""Finds rows that a stray pair of quotation marks has joined into one cell.

By the rules of CSV, a quotation mark that opens a cell and another one that closes it lines later
make one cell of all rows between them. A text of several lines looks the same, but its lines are
not rows: here each line has as many cells as the table, and some of these cells are values that
their columns have elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from studio.engine.conventions.number_patterns import NUMBER_PATTERN

_BREAK = re.compile(r"\r\n|\r|\n")
_NUMBER = re.compile(NUMBER_PATTERN)
_EXCERPT_CHARS = 40


@dataclass(frozen=True, slots=True)
class Melted:
    """A cell whose lines split like rows; `inside` are its complete cells as (column, text)."""

    text: str
    inside: tuple[tuple[int, str], ...]

    @property
    def n_lines(self) -> int:
        """The number of lines of the file that the cell spans."""
        return len(_BREAK.findall(self.text)) + 1

    @property
    def excerpt(self) -> str:
        """The beginning of the cell."""
        line = _BREAK.split(self.text, maxsplit=1)[0]
        return line if len(line) <= _EXCERPT_CHARS else f"{line[:_EXCERPT_CHARS].rstrip()}…"


def melted_cell(row: Sequence[str], delimiter: str) -> Melted | None:
    """Return the first cell of a row whose lines would all be rows of the table's width."""
    n_columns = len(row)
    for place, cell in enumerate(row):
        lines = [line.split(delimiter) for line in _BREAK.split(cell)]
        if len(lines) < 2 or len(lines[0]) != n_columns - place or len(lines[-1]) != place + 1:
            continue
        if any(len(line) != n_columns for line in lines[1:-1]):
            continue
        inside = [*enumerate(lines[0][1:], start=place + 1)]
        for line in lines[1:-1]:
            inside += enumerate(line)
        inside += enumerate(lines[-1][:-1])
        if inside:
            return Melted(cell, tuple(inside))
    return None


def known_elsewhere(suspects: Sequence[Melted], table: Path) -> list[Melted]:
    """Return the suspects that contain a value which its column has in another row."""
    if not suspects:
        return []
    places = sorted({place for suspect in suspects for place, _ in suspect.inside})
    with pq.ParquetFile(table) as file:
        first = file.read_row_group(0)
    values = {place: frozenset(first.column(place + 1).to_pylist()) - {None} for place in places}
    numeric = {place for place in places if _are_numbers(values[place])}
    return [
        suspect
        for suspect in suspects
        if any(
            value in values[place] or (place in numeric and _NUMBER.fullmatch(value.strip()))
            for place, value in suspect.inside
        )
    ]


def _are_numbers(values: frozenset[str]) -> bool:
    return bool(values) and all(_NUMBER.fullmatch(value.strip()) for value in values)
