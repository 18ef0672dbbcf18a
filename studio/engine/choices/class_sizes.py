"""Which classes have too few rows; the page of a new project and the analysis ask here."""

from __future__ import annotations

from collections.abc import Sequence

MIN_ROWS = 5  # fewer rows than the usual number of folds
MIN_FRACTION_OF_EVEN_SHARE = 0.1  # cleanlab's class-imbalance threshold


def fewest_rows(counts: Sequence[int]) -> float:
    """Return the number of rows below which a class is rare, given the rows of every class.

    >>> fewest_rows([10, 10]), fewest_rows([900, 900, 30])
    (5, 61.0)
    """
    if not counts:
        return MIN_ROWS
    return max(MIN_ROWS, MIN_FRACTION_OF_EVEN_SHARE * sum(counts) / len(counts))
