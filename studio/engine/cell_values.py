"""Reads cells as the values that their column's kind promises; what cannot be read is missing, never an error."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine import blanks

_TRUE_WORDS = frozenset({"true", "t", "yes", "y", "1", "1.0", "on"})
_FALSE_WORDS = frozenset({"false", "f", "no", "n", "0", "0.0", "off"})
DECORATION_PATTERN = r"[\s,'’_%$€£¥]"  # thousands marks, units and currencies around a number
_DECORATION = re.compile(DECORATION_PATTERN)
_DAY_OR_MONTH_FIRST = re.compile(r"\s*(\d{1,2})[-/.](\d{1,2})[-/.]\d{2,4}")
_WHITE_SPACE = re.compile(r"\s+")
_EPOCH = pd.Timestamp("2000-01-01", tz="UTC")
_SECONDS_PER_DAY = 86_400.0


def is_blank(cells: list[str]) -> npt.NDArray[np.bool_]:
    """Return where a cell shows nothing, shape (n,)."""
    return np.fromiter(map(blanks.is_blank, cells), dtype=bool, count=len(cells))


def numbers(cells: list[str]) -> npt.NDArray[np.float64]:
    """Read cells as numbers.

    Parameters
    ----------
    cells
        Text; thousands commas, currency signs and percent signs are overlooked.

    Returns
    -------
    ndarray of shape (n,)
        NaN where there is no finite number.

    Examples
    --------
    >>> numbers(["1.5", "1,200 €", "about 3", ""]).tolist()
    [1.5, 1200.0, nan, nan]
    """
    values = _as_floats([cell.strip() for cell in cells])
    unread = np.flatnonzero(np.isnan(values))
    if len(unread):
        values[unread] = _as_floats([_DECORATION.sub("", cells[position]) for position in unread])
    return values


def _as_floats(cells: list[str]) -> npt.NDArray[np.float64]:
    values = np.asarray(pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce"), dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def booleans(cells: list[str]) -> npt.NDArray[np.float64]:
    """Read cells as 1.0 (true) and 0.0 (false), shape (n,); NaN where a cell is neither.

    >>> booleans(["Yes", "f", "perhaps"]).tolist()
    [1.0, 0.0, nan]
    """
    return np.array([_truth(cell.strip().lower()) for cell in cells], dtype=np.float64)


def _truth(word: str) -> float:
    if word in _TRUE_WORDS:
        return 1.0
    return 0.0 if word in _FALSE_WORDS else np.nan


def is_day_first(cells: list[str]) -> bool:
    """Say whether dates such as 31/01/2024 put the day first: some first number is above 12 and no second one is."""
    pairs = [match.groups() for match in map(_DAY_OR_MONTH_FIRST.match, cells) if match]
    return any(int(first) > 12 for first, _ in pairs) and not any(int(second) > 12 for _, second in pairs)


def datetimes(cells: list[str], *, day_first: bool) -> pd.Series[pd.Timestamp]:
    """Read cells as moments in UTC; NaT where a cell is no date. A date without a zone counts as UTC."""
    cell_dates = pd.Series(cells, dtype=object)
    return pd.to_datetime(cell_dates, format="mixed", errors="coerce", utc=True, dayfirst=day_first)


def days(moments: pd.Series[pd.Timestamp]) -> npt.NDArray[np.float64]:
    """Return days since 2000-01-01 with their fraction, shape (n,); NaN for NaT. Small enough for float32."""
    return np.asarray((moments - _EPOCH).dt.total_seconds() / _SECONDS_PER_DAY, dtype=np.float64)


def normalised(cells: list[str]) -> npt.NDArray[np.object_]:
    """Return the cells in the form in which equal ones count as copies, shape (n,).

    >>> normalised(["Where  is my CARD ", "where is my card"]).tolist()
    ['where is my card', 'where is my card']
    """
    words = (_WHITE_SPACE.sub(" ", unicodedata.normalize("NFKC", cell).casefold()).strip() for cell in cells)
    return np.fromiter(words, dtype=object, count=len(cells))
