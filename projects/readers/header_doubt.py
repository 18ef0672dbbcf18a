"""Suspects that the line taken for column names is a row of data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from studio.engine.conventions.date_patterns import DATETIME_PATTERN
from studio.engine.conventions.number_patterns import NUMBER_PATTERN

_VALUE = re.compile(f"{NUMBER_PATTERN}|{DATETIME_PATTERN}")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")  # a plausible name for a column
_ROWS_PER_RECURRENCE = 200  # a name that is really a value recurs at least this often
_EXCERPT_CHARS = 60


def header_doubt(names: Sequence[str], table: Path) -> str | None:
    """Return a sentence on why the column names look like values; None if they do not."""
    value = _value_among(names)
    if value is not None:
        return f"The first row was taken as column names, although '{value}' looks like a value."
    with pq.ParquetFile(table) as file:
        rows = file.read_row_group(0)
    recurring = _recurring_name(names, rows)
    if recurring is None:
        return None
    name, n_rows = recurring
    shown = name if len(name) <= _EXCERPT_CHARS else f"{name[:_EXCERPT_CHARS].rstrip()}…"
    also = "another row has" if n_rows == 1 else f"{n_rows:,} other rows have"
    return (
        f"The first row was taken as column names, although {also} '{shown}' in the same column,"
        " too."
    )


def _value_among(names: Sequence[str]) -> str | None:
    bare = [name.strip() for name in names]
    if all(name.isdecimal() for name in bare):
        numbers = [int(name) for name in bare]
        is_numbered = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        if is_numbered and numbers[0] in (0, 1):
            return None
    return next(
        (name for name in bare if _VALUE.fullmatch(name) and not _YEAR.fullmatch(name)), None
    )


def _recurring_name(names: Sequence[str], rows: pa.Table) -> tuple[str, int] | None:
    """Return a name that recurs as a value of its column, and in how many rows.

    Rows that repeat the whole header do not count.
    """
    hits = [pc.equal(rows.column(place), name) for place, name in enumerate(names, start=1)]
    is_header = hits[0]
    for hit in hits[1:]:
        is_header = pc.and_kleene(is_header, hit)
    n_repeated = pc.sum(is_header).as_py() or 0
    for name, hit in zip(names, hits, strict=True):
        n_rows = (pc.sum(hit).as_py() or 0) - n_repeated
        if n_rows > 0 and n_rows * _ROWS_PER_RECURRENCE >= rows.num_rows:
            return name, n_rows
    return None
