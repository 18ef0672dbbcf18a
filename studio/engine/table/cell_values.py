"""Reads cells as truth values and for comparison; unreadable ones are missing, never an error."""

from __future__ import annotations

import unicodedata

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine.conventions import blanks

_TRUE_WORDS = frozenset({"true", "t", "yes", "y", "1", "1.0", "on"})
_FALSE_WORDS = frozenset({"false", "f", "no", "n", "0", "0.0", "off"})
_EPOCH = pd.Timestamp("2000-01-01", tz="UTC")
_SECONDS_PER_DAY = 86_400.0


def is_blank(cells: list[str]) -> npt.NDArray[np.bool_]:
    """Return whether each cell is blank, shape (n,)."""
    return np.fromiter(map(blanks.is_blank, cells), dtype=bool, count=len(cells))


def booleans(cells: list[str]) -> npt.NDArray[np.float64]:
    """Read cells as 1.0 (true) and 0.0 (false), shape (n,); NaN where a cell is neither.

    >>> booleans(["Yes", "f", "perhaps"]).tolist()
    [1.0, 0.0, nan]
    """
    values = np.full(len(cells), np.nan)
    for row, cell in enumerate(cells):
        word = cell.strip().lower()
        if word in _TRUE_WORDS:
            values[row] = 1.0
        elif word in _FALSE_WORDS:
            values[row] = 0.0
    return values


def days(moments: pd.Series[pd.Timestamp]) -> npt.NDArray[np.float64]:
    """Return days since 2000-01-01, with fractions, shape (n,); NaN for NaT.

    They are small enough for float32.
    """
    return np.asarray((moments - _EPOCH).dt.total_seconds() / _SECONDS_PER_DAY, dtype=np.float64)


def normalised(cells: list[str]) -> npt.NDArray[np.object_]:
    """Return the cells in a form in which copies are equal, shape (n,).

    >>> normalised(["Where  is my CARD ", "where is my card"]).tolist()
    ['where is my card', 'where is my card']
    """
    words = (" ".join(_folded(cell).split()) for cell in cells)
    return np.fromiter(words, dtype=object, count=len(cells))


def _folded(cell: str) -> str:
    if cell.isascii():  # quicker, and the same
        return cell.lower()
    return unicodedata.normalize("NFKC", cell).casefold()
