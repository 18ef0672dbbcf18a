"""Conventions for writing numbers and dates, and how to infer one from the counts over a column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class Convention(StrEnum):
    """How the ambiguous cells of one column are read."""

    POINT = "point"
    COMMA = "comma"
    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"
    YEAR_FIRST = "year-first"


DECIMALS = (Convention.POINT, Convention.COMMA)
DATE_ORDERS = (Convention.DAY_FIRST, Convention.MONTH_FIRST, Convention.YEAR_FIRST)
Conventions = Mapping[str, Convention]  # by column

# Whole numbers below a thousand beside cells such as 1,234 show that the mark groups digits.
# Programs write a point between digits only before decimals, so more evidence is needed there.
_MIN_SMALL_WHOLES = 3
_MIN_COMMAS = 3
_MIN_POINTS = 10


@dataclass(frozen=True, slots=True)
class FoundConvention:
    """The convention of a column.

    Attributes
    ----------
    convention
        As the column is read.
    is_certain
        Whether the cells leave no other reading; else `convention` is an assumption.
    n_other
        Cells that can only be read in another way.
    example
        A cell that another convention would read as another value; empty if there is none.
    """

    convention: Convention
    is_certain: bool = True
    n_other: int = 0
    example: str = ""

    def or_as_trained(self, trained: Convention | None) -> FoundConvention:
        """Return how a new file is read: by its own cells if these are certain, else as trained."""
        if self.is_certain or trained is None or trained is Convention.YEAR_FIRST:
            return self
        return replace(self, convention=trained)

    def as_chosen(self, convention: Convention) -> FoundConvention:
        """Return the convention that a user chose, with the example kept."""
        return replace(self, convention=convention, is_certain=True, n_other=0)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> FoundConvention:
        """Invert `dataclasses.asdict`."""
        return cls(**{**stored, "convention": Convention(stored["convention"])})


@dataclass(frozen=True, slots=True)
class NumberEvidence:
    """Counts over the cells of a column that are numbers.

    Attributes
    ----------
    n_point, n_comma
        Cells that can only be read with a decimal point, such as 1.5 or 1,234.50, or with a decimal
        comma.
    n_open_point, n_open_comma
        Cells such as 1.234 or 1,234, whose mark may also group the digits.
    n_small_wholes, n_large_wholes
        Different whole numbers without any mark from 1 to 999, and from 1,000.
    example
        One of the cells that may be read in two ways, or empty.
    """

    n_point: int = 0
    n_comma: int = 0
    n_open_point: int = 0
    n_open_comma: int = 0
    n_small_wholes: int = 0
    n_large_wholes: int = 0
    example: str = ""


def find_decimal(evidence: NumberEvidence) -> FoundConvention:
    """Find the decimal mark of a column.

    >>> find_decimal(NumberEvidence(n_comma=3, n_open_comma=4)).convention
    <Convention.COMMA: 'comma'>
    >>> found = find_decimal(NumberEvidence(n_open_comma=4, example="1,234"))
    >>> found.convention, found.is_certain
    (<Convention.POINT: 'point'>, False)
    """
    example = evidence.example
    if evidence.n_comma > evidence.n_point:
        return FoundConvention(Convention.COMMA, n_other=evidence.n_point, example=example)
    if evidence.n_point:
        is_certain = evidence.n_point > evidence.n_comma or not example
        return FoundConvention(Convention.POINT, is_certain, evidence.n_comma, example)

    # From here on, every mark may separate thousands as well as decimals.
    if not evidence.n_open_comma and not evidence.n_open_point:
        return FoundConvention(Convention.POINT)
    has_both_marks = bool(evidence.n_open_comma and evidence.n_open_point)
    if has_both_marks or not _has_groups(evidence):
        return FoundConvention(Convention.POINT, is_certain=False, example=example)
    decimal = Convention.POINT if evidence.n_open_comma else Convention.COMMA
    return FoundConvention(decimal, example=example)


def _has_groups(evidence: NumberEvidence) -> bool:
    """Return whether the mark groups digits: numbers below 1,000 have none, all others have it."""
    has_marks = evidence.n_open_comma >= _MIN_COMMAS or evidence.n_open_point >= _MIN_POINTS
    return (
        has_marks and evidence.n_small_wholes >= _MIN_SMALL_WHOLES and not evidence.n_large_wholes
    )


@dataclass(frozen=True, slots=True)
class DateEvidence:
    """Counts over the cells of a column that are dates of three numbers with the year of four
    digits not first.

    Attributes
    ----------
    n_short
        Such cells.
    n_day_first, n_month_first, n_year_first
        Those that are dates when they are read so; the year may come first where it has two digits.
    n_points, n_slashes
        Those with points or with slashes between the numbers.
    example
        One of the cells that are different dates in several orders, or empty.
    """

    n_short: int = 0
    n_day_first: int = 0
    n_month_first: int = 0
    n_year_first: int = 0
    n_points: int = 0
    n_slashes: int = 0
    example: str = ""


def find_date_order(evidence: DateEvidence) -> FoundConvention:
    """Find the order of day, month and year: the one in which most cells are dates.

    >>> of_nine = DateEvidence(n_short=9, n_day_first=9, n_month_first=4, n_slashes=9)
    >>> find_date_order(of_nine).convention
    <Convention.DAY_FIRST: 'day-first'>
    >>> of_two = DateEvidence(2, n_day_first=2, n_month_first=2, n_slashes=2, example="1/2/23")
    >>> found = find_date_order(of_two)
    >>> found.convention, found.is_certain
    (<Convention.MONTH_FIRST: 'month-first'>, False)
    """
    if not evidence.n_short:
        return FoundConvention(Convention.YEAR_FIRST)
    counts = {
        Convention.DAY_FIRST: evidence.n_day_first,
        Convention.MONTH_FIRST: evidence.n_month_first,
        Convention.YEAR_FIRST: evidence.n_year_first,
    }
    most = max(counts.values())
    likely = [order for order, count in counts.items() if count == most]
    convention = likely[-1]
    if len(likely) > 1:
        usual = _usual_order(evidence)
        if usual in likely:
            convention = usual
    # Without an example, every cell is the same date in all likely orders: 3/3/2023.
    is_certain = len(likely) == 1 or not evidence.example
    return FoundConvention(
        convention, is_certain, n_other=evidence.n_short - most, example=evidence.example
    )


def _usual_order(evidence: DateEvidence) -> Convention:
    if evidence.n_slashes > evidence.n_short / 2:
        return Convention.MONTH_FIRST
    if not evidence.n_month_first and not evidence.n_points:
        # No first number is a month, and not all days up to 12 would be missing by chance.
        return Convention.YEAR_FIRST
    return Convention.DAY_FIRST
