"""Groups of rows in which the model is worse than elsewhere, beyond chance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from studio.engine.evaluation.uncertainty.intervals import Z
from studio.engine.evaluation.uncertainty.resampling import Floats
from studio.engine.groups.partitions import Partition

MIN_ROWS = 20
MAX_SLICES = 12
MAX_P = 0.05  # after correction for all groups that were looked at
MAX_OVERLAP = 0.8  # of the rows of two slices: more, and they tell the same


@dataclass(frozen=True, slots=True)
class WorstSlice:
    """A group with larger errors than the other rows.

    Attributes
    ----------
    error, error_elsewhere
        The mean error in the group and outside: a share of wrong rows, or a distance of numbers.
    low, high
        The 95% interval of their difference.
    p_value
        The probability of such a difference by chance in any of all the groups that were looked at.
    rows
        Their positions, shape (n_rows,).
    """

    description: str
    error: float
    error_elsewhere: float
    low: float
    high: float
    p_value: float
    rows: npt.NDArray[np.int64]

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON, without the rows."""
        return {
            "description": self.description,
            "n_rows": len(self.rows),
            "error": self.error,
            "error_elsewhere": self.error_elsewhere,
            "difference": {
                "value": self.error - self.error_elsewhere,
                "low": self.low,
                "high": self.high,
            },
            "p_value": self.p_value,
        }


@dataclass(frozen=True, slots=True)
class SliceSearch:
    """What the search found, and among how many groups."""

    slices: list[WorstSlice]
    n_tested: int


def find_worst_slices(errors: Floats, divisions: Iterable[Partition]) -> SliceSearch:
    """Look at every group of at least 20 rows.

    Notes
    -----
    Shares of wrong rows are compared by Fisher's exact test, distances of numbers by the ranks of
    the errors; both one-sided. Holm's correction for the number of all groups keeps the probability
    of any false alarm at 5%.

    References
    ----------
    Holm, A Simple Sequentially Rejective Multiple Test Procedure (1979); Chung et al., Slice Finder
    (2019), for the search.
    """
    is_share = bool(np.isin(errors, (0.0, 1.0)).all())
    ranks = errors if is_share else stats.rankdata(errors)
    tested: list[tuple[float, Partition, int]] = []
    for division in divisions:
        p_values = _p_values(ranks, division, is_share=is_share)
        for number, p in enumerate(p_values):
            if p <= 1:
                tested.append((p, division, number))
    tested.sort(key=lambda one: (one[0], one[1].descriptions[one[2]]))
    found: list[WorstSlice] = []
    corrected = 0.0
    for place, (p, division, number) in enumerate(tested):
        # Holm's factor falls from place to place, but a corrected p-value must not.
        corrected = max(corrected, min(1.0, p * (len(tested) - place)))
        if corrected > MAX_P or len(found) == MAX_SLICES:
            break
        rows = np.flatnonzero(division.members == number).astype(np.int64)
        if not any(_overlap(rows, one.rows) > MAX_OVERLAP for one in found):
            found.append(_described(errors, division, number, rows, corrected))
    return SliceSearch(found, len(tested))


def _p_values(ranks: Floats, division: Partition, *, is_share: bool) -> Floats:
    """Return the p-value of each group; 2 for one that is too small, or is everything."""
    n_rows = len(ranks)
    n_groups = len(division.descriptions)
    is_member = division.members >= 0
    members = division.members[is_member].astype(np.int64)
    counts = np.bincount(members, minlength=n_groups)
    sums = np.bincount(members, weights=ranks[is_member], minlength=n_groups)
    is_tested = (counts >= MIN_ROWS) & (n_rows - counts >= MIN_ROWS)
    if is_share:
        p_values = stats.hypergeom.sf(sums - 1, n_rows, int(ranks.sum()), counts)
    else:
        means = sums / np.maximum(counts, 1)
        rest = np.maximum(n_rows - counts, 1)
        error = ranks.std() * np.sqrt(1 / np.maximum(counts, 1) + 1 / rest)
        elsewhere = (ranks.sum() - sums) / rest
        p_values = stats.norm.sf((means - elsewhere) / np.maximum(error, 1e-12))
    return np.where(is_tested, p_values, 2.0)


def _overlap(rows: npt.NDArray[np.int64], others: npt.NDArray[np.int64]) -> float:
    """Return the Jaccard index of two groups."""
    n_common = len(np.intersect1d(rows, others, assume_unique=True))
    return n_common / (len(rows) + len(others) - n_common)


def _described(
    errors: Floats,
    division: Partition,
    number: int,
    rows: npt.NDArray[np.int64],
    p_value: float,
) -> WorstSlice:
    is_inside = np.zeros(len(errors), dtype=bool)
    is_inside[rows] = True
    inside = errors[is_inside]
    outside = errors[~is_inside]
    difference = float(inside.mean() - outside.mean())
    half = Z * float(np.sqrt(inside.var() / len(inside) + outside.var() / len(outside)))
    return WorstSlice(
        description=division.descriptions[number],
        error=float(inside.mean()),
        error_elsewhere=float(outside.mean()),
        low=difference - half,
        high=difference + half,
        p_value=p_value,
        rows=rows,
    )
