"""Groups of rows whose labels are exchanged as a whole: flexible models learn them as a rule,
simple ones cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.engine.fitting.metrics import Probabilities
from studio.engine.groups.partitions import Partition
from studio.engine.labels.encoding import Labels

MAX_SLICES = 8
MIN_ROWS = 30
# Standard errors below chance; clean tables reached 0.2 at most, found slices 4.9 to 8.2
MIN_DEVIATIONS = 4.0
MIN_WRONG = 0.55  # estimated fraction of wrong labels
MAX_WRONG = 0.95  # that the estimate may claim
N_BINS = 10  # of a column of numbers: a slice seldom fills a fifth


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows whose labels contradict what was learned from the others.

    Attributes
    ----------
    description
        What the rows have in common.
    rows
        Their numbers, shape (n_slice,).
    wrong_fraction
        Estimated fraction of wrong labels among them.
    """

    description: str
    rows: npt.NDArray[np.int64]
    wrong_fraction: float


def find_slices(
    labels: Labels, simple: Probabilities, divided: Sequence[Partition]
) -> tuple[Slice, ...]:
    """Find groups in which labels are exchanged, the clearest first.

    Parameters
    ----------
    labels
        Given classes of n rows.
    simple
        Out-of-sample probabilities of a linear model, shape (n, K).
    divided
        The groups that are looked at. A row belongs to one slice at most.

    Notes
    -----
    Agreement is the probability that the linear model gives to a row's label, less what it gives on
    average to labels drawn from the row's group. Useless models reach 0 and useful ones more,
    whichever classes the group has. A model without interactions learns one rule for all rows, so
    where labels are exchanged it is contradicted, and its agreement is negative. Four standard
    errors below 0 are asked for. With agreement T elsewhere and t here, a fraction (1 - t / T) / 2
    of the labels is wrong.

    References
    ----------
    Chung et al., Slice Finder (2019), for the search; the statistic is our own.
    """
    is_free = labels.is_labeled.copy()
    found: list[Slice] = []
    while len(found) < MAX_SLICES:
        usual = _usual(simple, labels, is_free)
        clearest = (_clearest(partition, labels, simple, is_free, usual) for partition in divided)
        tested = [best for best in clearest if best is not None]
        if not tested:
            break
        _, slice_ = min(tested, key=lambda one: (one[0], one[1].description))
        found.append(slice_)
        is_free[slice_.rows] = False
    return tuple(found)


def judged(
    probabilities: Probabilities, simple: Probabilities, labels: Labels, slices: Sequence[Slice]
) -> Probabilities:
    """Return the probabilities by which given labels are judged, shape (n, K).

    In a slice the linear model's count in place of the ensemble's, each class weighed by how often
    labels are wrong there: the given class by 1 - wrong_fraction, the others by wrong_fraction.
    """
    if not slices:
        return probabilities
    result = probabilities.copy()
    for one in slices:
        weights = np.full(
            (len(one.rows), probabilities.shape[1]), one.wrong_fraction, dtype=np.float32
        )
        weights[np.arange(len(one.rows)), labels.codes[one.rows]] = 1 - one.wrong_fraction
        weighed = np.maximum(simple[one.rows], np.float32(1e-6)) * weights
        result[one.rows] = weighed / weighed.sum(axis=1, keepdims=True)
    return result


def _clearest(
    partition: Partition,
    labels: Labels,
    simple: Probabilities,
    is_free: npt.NDArray[np.bool_],
    usual: float,
) -> tuple[float, Slice] | None:
    """Return the group that contradicts the model most clearly, with its agreement in standard
    errors.
    """
    rows = np.flatnonzero(is_free & (partition.members >= 0))
    if len(rows) < MIN_ROWS:
        return None
    n_groups, group = len(partition.descriptions), partition.members[rows].astype(np.int64)
    agreement = _agreement(simple[rows], labels.codes[rows], group, n_groups)
    counts = np.maximum(np.bincount(group, minlength=n_groups), 1)
    means = np.bincount(group, weights=agreement, minlength=n_groups) / counts
    squares = np.bincount(group, weights=agreement**2, minlength=n_groups) / counts
    deviations = means / np.maximum(np.sqrt(np.maximum(squares - means**2, 0) / counts), 1e-6)
    wrong = (1 - means / usual) / 2 if usual > 0 else np.zeros(n_groups)
    counts_as = (counts >= MIN_ROWS) & (deviations <= -MIN_DEVIATIONS) & (wrong >= MIN_WRONG)
    if not counts_as.any():
        return None
    k = int(np.argmin(np.where(counts_as, deviations, np.inf)))
    return float(deviations[k]), Slice(
        partition.descriptions[k], rows[group == k], float(min(wrong[k], MAX_WRONG))
    )


def _usual(simple: Probabilities, labels: Labels, is_free: npt.NDArray[np.bool_]) -> float:
    rows = np.flatnonzero(is_free)
    return float(
        _agreement(simple[rows], labels.codes[rows], np.zeros(len(rows), dtype=np.int64), 1).mean()
    )


def _agreement(
    simple: Probabilities, codes: npt.NDArray[np.int32], group: npt.NDArray[np.int64], n_groups: int
) -> npt.NDArray[np.float64]:
    """Return by how much each row's label is likelier than one drawn from the row's group, shape
    (n_rows,).
    """
    n_classes = simple.shape[1]
    counts = np.bincount(group * n_classes + codes, minlength=n_groups * n_classes).reshape(
        n_groups, n_classes
    )
    shares = (counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)).astype(np.float32)
    by_chance = np.einsum("ij,ij->i", simple, shares[group])
    agreement: npt.NDArray[np.float64] = (simple[np.arange(len(codes)), codes] - by_chance).astype(
        np.float64
    )
    return agreement
