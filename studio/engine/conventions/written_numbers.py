"""The one reader of numbers in Python; `studio.cell_sql` does the same in SQL (a test compares)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from studio.engine.conventions.convention import (
    Convention,
    FoundConvention,
    NumberEvidence,
    find_decimal,
)
from studio.engine.conventions.number_patterns import (
    COMMA_CORE_PATTERN,
    DURATION_PATTERN,
    EXPONENT_PATTERN,
    FOLDING,
    MAX_NUMBER_CHARS,
    NEGATIVE_PATTERN,
    NOT_CORE_PATTERN,
    NUMBER_PATTERN,
    OPEN_COMMA_PATTERN,
    OPEN_POINT_PATTERN,
    POINT_CORE_PATTERN,
    SIMPLE_COMMA_PATTERN,
    UNIT_PATTERN,
    WRITTEN_PATTERN,
)

Numbers = npt.NDArray[np.float64]

_DIGIT = re.compile(r"\d")
_OPEN_POINT = re.compile(rf"[+-]?{OPEN_POINT_PATTERN}")


def read_numbers(cells: Sequence[str], convention: Convention = Convention.POINT) -> Numbers:
    """Read cells as numbers.

    Parameters
    ----------
    cells
        Text. Marks between thousands, currencies, percent signs, minus signs of any kind and
        parentheses around negative numbers are understood; 5 % is 5, and <5 is, too. A duration
        such as 12:30 or 1:12:30 is the number of its smallest unit.
    convention
        How a cell such as 1,234 is read, which may be above or below two. Cells that can only be
        read in one way, such as 1,5 or 1,234.5, are read in that way.

    Returns
    -------
    ndarray of shape (n,)
        NaN where there is no finite number.

    Examples
    --------
    >>> read_numbers(["1.5", "1,200 €", "(5.00)", "about 3", ""]).tolist()
    [1.5, 1200.0, -5.0, nan, nan]
    >>> read_numbers(["<0.5", "12:30", "1:00:00"]).tolist()
    [0.5, 750.0, 3600.0]
    >>> read_numbers(["1.234", "1,234", "10,5"], Convention.COMMA).tolist()
    [1234.0, 1.234, 10.5]
    """
    bare = [cell.strip() for cell in cells]
    values = _as_floats(bare)
    if convention is Convention.COMMA:
        # These are read again, as the point may separate thousands.
        values[["." in cell for cell in bare]] = np.nan
        values = np.where(np.isnan(values), _read_simple_commas(bare), values)
    unread = np.flatnonzero(np.isnan(values))
    if len(unread):
        values[unread] = _read_written([bare[place] for place in unread], convention)
    return values


def _read_simple_commas(bare: list[str]) -> Numbers:
    """Read numbers that only need their comma replaced by a point: nearly all of them, quickly."""
    cells = pa.array(bare, pa.string())
    is_simple = _matches(cells, SIMPLE_COMMA_PATTERN)
    with_point = pc.replace_substring(cells, ",", ".")
    return _as_floats(pc.if_else(is_simple, with_point, None).to_pylist())


def _as_floats(cells: list[str] | list[str | None]) -> Numbers:
    numbers = pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce")
    values = np.asarray(numbers, dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)  # “inf” is no number here


def _read_written(cells: list[str], convention: Convention) -> Numbers:
    folded = _folded(cells)
    has_exponent = _matches(folded, EXPONENT_PATTERN)
    is_number = pc.or_(has_exponent, _matches(folded, WRITTEN_PATTERN))
    core = _core(folded)
    is_comma = _matches(core, COMMA_CORE_PATTERN)
    if convention is Convention.COMMA:
        is_comma = pc.or_(is_comma, pc.invert(_matches(core, POINT_CORE_PATTERN)))
    with_comma = pc.replace_substring(pc.replace_substring(core, ".", ""), ",", ".")
    unsigned = pc.if_else(is_comma, with_comma, pc.replace_substring(core, ",", ""))
    is_negative = pc.match_substring_regex(folded, NEGATIVE_PATTERN)
    signed = pc.binary_join_element_wise(pc.if_else(is_negative, "-", ""), unsigned, "")
    as_programs_write = pc.if_else(has_exponent, pc.replace_substring(folded, ",", "."), signed)
    values = _as_floats(pc.if_else(is_number, as_programs_write, None).to_pylist())
    is_duration = _matches(folded, DURATION_PATTERN).to_numpy(zero_copy_only=False)
    durations = folded.filter(pa.array(is_duration)).to_pylist()
    values[is_duration] = [_in_smallest_unit(duration) for duration in durations]
    return values


def _in_smallest_unit(duration: str) -> float:
    value = 0.0
    for part in duration.lstrip("+-").replace(",", ".").split(":"):
        value = 60 * value + float(part)
    return -value if duration.startswith("-") else value


def _folded(cells: Sequence[str]) -> pa.Array:
    """Return the cells with look-alike signs replaced; those too long for a number are emptied."""
    folded = (
        cell.translate(FOLDING).strip() if len(cell) <= MAX_NUMBER_CHARS else "" for cell in cells
    )
    return pa.array(folded, pa.string())


def _core(folded: pa.Array) -> pa.Array:
    """Return the digits with the marks that may be decimal."""
    without_units = pc.replace_substring_regex(folded, UNIT_PATTERN, "")
    return pc.replace_substring_regex(without_units, NOT_CORE_PATTERN, "")


def _matches(cells: pa.Array, pattern: str) -> pa.Array:
    return pc.match_substring_regex(cells, f"^(?:{pattern})$")


def decimal_mark(cells: Sequence[str], counts: npt.NDArray[np.int64]) -> FoundConvention:
    """Find the decimal mark of a column.

    Parameters
    ----------
    cells
        The distinct cells.
    counts
        Rows of each, shape (n,).
    """
    # Numbers as programs write them need no closer look, unless each may be a whole number with
    # points between thousands.
    bare = [cell.strip() for cell in cells]
    has_decimal_point = False
    for cell, is_plain in zip(bare, np.isfinite(_as_floats(bare)).tolist(), strict=True):
        if not is_plain and _DIGIT.search(cell):
            return find_decimal(number_evidence(cells, counts))
        if is_plain and "." in cell and not _OPEN_POINT.fullmatch(cell):
            has_decimal_point = True
    if has_decimal_point:
        return FoundConvention(Convention.POINT)
    return find_decimal(number_evidence(cells, counts))


def number_evidence(cells: Sequence[str], counts: npt.NDArray[np.int64]) -> NumberEvidence:
    """Count what reveals the decimal mark of a column.

    `cells` are the distinct ones, and `counts` their numbers of rows.

    >>> evidence = number_evidence(["1,5", "1,234", "7"], np.array([2, 1, 1]))
    >>> evidence.n_comma, evidence.n_open_comma, evidence.n_small_wholes, evidence.example
    (2, 1, 1, '1,234')
    """
    folded = _folded(cells)
    is_number = pc.or_(_matches(folded, NUMBER_PATTERN), _matches(folded, WRITTEN_PATTERN))
    core = _core(folded.filter(is_number))
    n_rows = counts[is_number.to_numpy(zero_copy_only=False)]
    raw = pa.array(cells, pa.string()).filter(is_number)
    is_open_comma = _matches(core, OPEN_COMMA_PATTERN)
    is_open_point = _matches(core, OPEN_POINT_PATTERN)
    has_exponent = _matches(folded.filter(is_number), EXPONENT_PATTERN)
    # With an exponent, as programs write it, a mark is always decimal.
    is_open = pc.and_not(pc.or_(is_open_comma, is_open_point), has_exponent)
    wholes = pc.unique(core.filter(_matches(core, "[1-9][0-9]*")))
    is_small = pc.less(pc.utf8_length(wholes), 4)
    example = pc.min(raw.filter(is_open)).as_py()
    return NumberEvidence(
        n_point=_n_rows(pc.and_not(_matches(core, POINT_CORE_PATTERN), is_open), n_rows),
        n_comma=_n_rows(pc.and_not(_matches(core, COMMA_CORE_PATTERN), is_open), n_rows),
        n_open_point=_n_rows(pc.and_(is_open, is_open_point), n_rows),
        n_open_comma=_n_rows(pc.and_(is_open, is_open_comma), n_rows),
        n_small_wholes=int(pc.sum(is_small).as_py() or 0),
        n_large_wholes=int(pc.sum(pc.invert(is_small)).as_py() or 0),
        example=example or "",
    )


def _n_rows(is_counted: pa.Array, n_rows: npt.NDArray[np.int64]) -> int:
    return int(n_rows[is_counted.to_numpy(zero_copy_only=False)].sum())
