"""The one reader of dates in Python: the order of day, month and year belongs to the column, never
to a cell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from studio.engine.conventions.convention import Convention, DateEvidence
from studio.engine.conventions.date_patterns import (
    FIRST_YEAR_OF_TWO_DIGITS,
    ISO_PATTERN,
    PARTIAL_PATTERN,
    PARTS_PATTERN,
    SHORT_PATTERN,
    WORDED_PATTERN,
    WORDED_REWRITES,
)

Wholes = npt.NDArray[np.int64]

_SOME_DAY = pd.Timestamp("2000-01-01", tz="UTC")
_TIME_WITH_POINTS = re.compile(r"([0-9]{1,2})\.([0-9]{2})(?:\.([0-9]{2}))?")


def read_moments(cells: Sequence[str], order: Convention) -> pd.Series[pd.Timestamp]:
    """Read cells as moments in UTC.

    Parameters
    ----------
    cells
        Text. A date without a zone counts as UTC.
    order
        How the three numbers of a date such as 01/02/2023 are read; a year of four digits is always
        known.

    Returns
    -------
    Series of n timestamps
        NaT where there is no date in this order.

    Examples
    --------
    >>> cells = ["1/2/2023", "25.12.99 18:30", "2023-02-01", "1/13/2023"]
    >>> read_moments(cells, Convention.DAY_FIRST).dt.date.tolist()
    [datetime.date(2023, 2, 1), datetime.date(1999, 12, 25), datetime.date(2023, 2, 1), NaT]
    """
    bare = [cell.strip() for cell in cells]
    is_iso = _matches(pa.array(bare, pa.string()), f"{ISO_PATTERN}|{PARTIAL_PATTERN}").to_pylist()
    iso_cells = [cell if iso else "" for cell, iso in zip(bare, is_iso, strict=True)]
    iso_moments = _moments(iso_cells, "ISO8601")
    moments = iso_moments.dt.tz_localize(None).to_numpy(copy=True)
    for pattern, read in (
        (f"{ISO_PATTERN}|{SHORT_PATTERN}", _read_numeric),
        (WORDED_PATTERN, _read_worded),
    ):
        unread = np.flatnonzero(np.isnat(moments))
        texts = pa.array([bare[place] for place in unread], pa.string())
        is_date = _matches(texts, pattern).to_numpy(zero_copy_only=False)
        if is_date.any():
            read_now = read(texts.filter(pa.array(is_date)), order)
            moments[unread[is_date]] = read_now.dt.tz_localize(None).to_numpy()
    return pd.to_datetime(pd.Series(moments), utc=True)


def _matches(cells: pa.Array, pattern: str) -> pa.Array:
    return pc.match_substring_regex(cells, f"^(?:{pattern})$")


def _read_worded(cells: pa.Array, _: Convention) -> pd.Series[pd.Timestamp]:
    for pattern, replacement in WORDED_REWRITES:
        cells = pc.replace_substring_regex(cells, pattern, replacement, max_replacements=1)
    return _read_numeric(cells, Convention.DAY_FIRST)


def _moments(cells: list[str], form: str) -> pd.Series[pd.Timestamp]:
    read = pd.to_datetime(pd.Series(cells, dtype=object), format=form, errors="coerce", utc=True)
    return read.dt.as_unit("us")


@dataclass(frozen=True, slots=True)
class _DateParts:
    """The three numbers of n dates, how many digits the outer ones have, and the times after
    them.
    """

    first: Wholes
    middle: Wholes
    last: Wholes
    n_first_digits: Wholes
    n_last_digits: Wholes
    times: list[str]

    @classmethod
    def of(cls, cells: pa.Array) -> _DateParts:
        """Take dates apart."""
        found = pc.extract_regex(cells, pattern=PARTS_PATTERN)
        return cls(
            first=np.asarray(found.field("first").cast(pa.int64())),
            middle=np.asarray(found.field("middle").cast(pa.int64())),
            last=np.asarray(found.field("last").cast(pa.int64())),
            n_first_digits=np.asarray(pc.utf8_length(found.field("first"))),
            n_last_digits=np.asarray(pc.utf8_length(found.field("last"))),
            times=found.field("time").to_pylist(),
        )

    def ordered(self, order: Convention) -> tuple[Wholes, Wholes, Wholes]:
        """Return year, month and day in an order; the year is -1 where it cannot be there."""
        has_year_first = self.n_first_digits == 4
        has_short_year = ~has_year_first & (self.n_last_digits <= 2)
        if order is Convention.YEAR_FIRST:
            year = np.where(has_year_first | has_short_year, self.first, -1)
            month = self.middle
            day = self.last
        elif order is Convention.DAY_FIRST:
            year = np.where(has_year_first, self.first, self.last)
            month = self.middle
            day = np.where(has_year_first, self.last, self.first)
        else:
            year = np.where(has_year_first, self.first, self.last)
            month = np.where(has_year_first, self.middle, self.first)
            day = np.where(has_year_first, self.last, self.middle)
        century = np.where(year < FIRST_YEAR_OF_TWO_DIGITS, 2000, 1900)
        year = np.where(has_short_year, year + century, year)
        return year, month, day


def _read_numeric(cells: pa.Array, order: Convention) -> pd.Series[pd.Timestamp]:
    parts = _DateParts.of(cells)
    year, month, day = parts.ordered(order)
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    # The 31st of a shorter month falls into the next one.
    is_date = (year > 0) & (month >= 1) & (month <= 12) & (days.astype("datetime64[M]") == months)
    known_days = pd.Series(np.where(is_date, days, np.datetime64("NaT")))
    dates = pd.to_datetime(known_days, utc=True).dt.as_unit("us")
    moments: pd.Series[pd.Timestamp] = dates + _since_midnight(parts.times)
    return moments


def _since_midnight(times: list[str]) -> pd.Series[pd.Timedelta]:
    """Return how long after midnight UTC times such as “ 18.30” or “ 6:30 PM +01:00” are."""
    # Most dates of a column have the same time, or none.
    codes, distinct = pd.factorize(np.array(times, dtype=object))
    on_some_day = [f"2000-01-01 {_with_colons(time)}".strip() for time in distinct.tolist()]
    read = _moments(on_some_day, "mixed") - _SOME_DAY
    return read.iloc[codes].reset_index(drop=True)


def _with_colons(time: str) -> str:
    bare = time.lstrip(" T")
    found = _TIME_WITH_POINTS.match(bare)
    if found is None:
        return bare
    return ":".join(filter(None, found.groups())) + bare[found.end() :]


def date_evidence(cells: Sequence[str], counts: npt.NDArray[np.int64]) -> DateEvidence:
    """Count what reveals the order of day, month and year in a column.

    `cells` are the distinct ones, and `counts` their numbers of rows.

    >>> evidence = date_evidence(["13/1/2023", "1/2/2023"], np.array([1, 4]))
    >>> evidence.n_short, evidence.n_day_first, evidence.n_month_first, evidence.example
    (5, 5, 4, '1/2/2023')
    """
    texts = pa.array([cell.strip() for cell in cells], pa.string())
    is_short = _matches(texts, SHORT_PATTERN)
    texts = texts.filter(is_short)
    n_rows = counts[is_short.to_numpy(zero_copy_only=False)]
    if not len(texts):
        return DateEvidence()
    parts = _DateParts.of(texts)
    is_month = parts.middle <= 12
    is_day_first = is_month & (parts.first <= 31)
    is_month_first = (parts.first <= 12) & (parts.middle <= 31)
    is_year_first = is_month & (parts.n_last_digits <= 2) & (parts.last <= 31)
    # Different dates in two orders.
    is_open = is_day_first & is_month_first & (parts.first != parts.middle)
    is_open |= is_day_first & is_year_first & (parts.first != parts.last)
    example = pc.min(texts.filter(pa.array(is_open))).as_py()
    has_points = pc.match_substring_regex(texts, r"^[0-9]+\.").to_numpy(zero_copy_only=False)
    has_slashes = pc.match_substring_regex(texts, "^[0-9]+/").to_numpy(zero_copy_only=False)
    return DateEvidence(
        n_short=int(n_rows.sum()),
        n_day_first=int(n_rows[is_day_first].sum()),
        n_month_first=int(n_rows[is_month_first].sum()),
        n_year_first=int(n_rows[is_year_first].sum()),
        n_points=int(n_rows[has_points].sum()),
        n_slashes=int(n_rows[has_slashes].sum()),
        example=example or "",
    )
