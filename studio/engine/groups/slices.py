"""Groups of rows whose labels are exchanged as a whole.

Flexible models learn such an exchange as a rule of the data; a linear model cannot, so it
contradicts the labels.
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
# Standard errors below chance; clean tables reached at most 0.2, exchanged slices 4.9 to 8.2
MIN_DEVIATIONS = 4.0
MIN_WRONG = 0.55  # estimated fraction of wrong labels
MAX_WRONG = 0.95  # upper bound of the estimate
N_BINS = 10  # of a column of numbers: a slice rarely fills a fifth of the rows


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows whose labels contradict what was learned from the other rows.

    Attributes
    ----------
    description
        What the rows have in common.
    rows
        Positions of the rows, shape (n_slice,).
    wrong_fraction
        Estimated fraction of wrong labels among them.
    """

    description: str
    rows: npt.NDArray[np.int64]
    wrong_fraction: float


def find_slices(
    labels: Labels,
    simple: Probabilities,
    divided: Sequence[Partition],
    is_test: npt.NDArray[np.bool_] | None = None,
) -> tuple[Slice, ...]:
    """Find groups in which labels are exchanged, the most significant first.

    Parameters
    ----------
    labels
        Given classes of n rows.
    simple
        Out-of-sample probabilities of a linear model, shape (n, K).
    divided
        Candidate groups. A row belongs to one slice at most.
    is_test
        Rows that belong to a slice without deciding about it, shape (n,); None is none.

    Notes
    -----
    Agreement is the probability that the linear model gives to a row's label, minus its expected
    probability for a label drawn at random from the row's group. It is 0 on average for a useless
    model and positive for a useful one, whatever the classes of the group. A model without
    interactions learns one rule for all rows, so its agreement is negative where labels are
    exchanged. The mean of a slice must be at least four standard errors below 0. With mean
    agreement T over all rows that are in no slice yet and t in the group, the estimated fraction of
    wrong labels is (1 - t / T) / 2.

    References
    ----------
    Chung et al., Slice Finder (2019), for the search; the statistic is our own.
    """
    is_free = labels.is_labeled.copy()
    if is_test is None:
        is_test = np.zeros_like(is_free)
    found: list[Slice] = []
    while len(found) < MAX_SLICES:
        usual = _mean_agreement(simple, labels, is_free & ~is_test)
        # Anew after each slice: agreement is measured on the rows that no slice has yet.
        significant = []
        for partition in divided:
            candidate = _most_significant(partition, labels, simple, is_free, is_test, usual)
            if candidate is not None:
                significant.append(candidate)
        if not significant:
            break
        _, best = min(significant, key=lambda candidate: (candidate[0], candidate[1].description))
        found.append(best)
        is_free[best.rows] = False
    return tuple(found)


def judged(
    probabilities: Probabilities, simple: Probabilities, labels: Labels, slices: Sequence[Slice]
) -> Probabilities:
    """Return the probabilities by which given labels are judged, shape (n, K).

    In a slice the probabilities of the linear model replace those of the ensemble. They are
    weighted by the noise of the slice, the given class by 1 - wrong_fraction and the others by
    wrong_fraction, and normalised.
    """
    if not slices:
        return probabilities
    result = probabilities.copy()
    for slice_ in slices:
        rows = slice_.rows
        shape = (len(rows), probabilities.shape[1])
        weights = np.full(shape, slice_.wrong_fraction, dtype=np.float32)
        weights[np.arange(len(rows)), labels.codes[rows]] = 1 - slice_.wrong_fraction
        weighted = np.maximum(simple[rows], np.float32(1e-6)) * weights
        result[rows] = weighted / weighted.sum(axis=1, keepdims=True)
    return result


def _most_significant(
    partition: Partition,
    labels: Labels,
    simple: Probabilities,
    is_free: npt.NDArray[np.bool_],
    is_test: npt.NDArray[np.bool_],
    usual: float,
) -> tuple[float, Slice] | None:
    """Return the group with the most significantly negative agreement, after that agreement in
    standard errors; None if no group is significant.
    """
    rows = np.flatnonzero(is_free & ~is_test & (partition.members >= 0))
    if len(rows) < MIN_ROWS:
        return None
    n_groups = len(partition.descriptions)
    group = partition.members[rows].astype(np.int64)
    agreement = _agreement(simple[rows], labels.codes[rows], group, n_groups)
    counts = np.maximum(np.bincount(group, minlength=n_groups), 1)
    means = np.bincount(group, weights=agreement, minlength=n_groups) / counts
    squares = np.bincount(group, weights=agreement**2, minlength=n_groups) / counts
    standard_errors = np.sqrt(np.maximum(squares - means**2, 0) / counts)
    deviations = means / np.maximum(standard_errors, 1e-6)
    wrong = np.zeros(n_groups)
    if usual > 0:  # a useless model contradicts no label
        wrong = (1 - means / usual) / 2
    is_slice = (counts >= MIN_ROWS) & (deviations <= -MIN_DEVIATIONS) & (wrong >= MIN_WRONG)
    if not is_slice.any():
        return None
    k = int(np.argmin(np.where(is_slice, deviations, np.inf)))
    members = np.flatnonzero(is_free & (partition.members == k))
    best = Slice(partition.descriptions[k], members, float(min(wrong[k], MAX_WRONG)))
    return float(deviations[k]), best


def _mean_agreement(simple: Probabilities, labels: Labels, is_free: npt.NDArray[np.bool_]) -> float:
    rows = np.flatnonzero(is_free)
    one_group = np.zeros(len(rows), dtype=np.int64)
    return float(_agreement(simple[rows], labels.codes[rows], one_group, 1).mean())


def _agreement(
    simple: Probabilities, codes: npt.NDArray[np.int32], group: npt.NDArray[np.int64], n_groups: int
) -> npt.NDArray[np.float64]:
    """Return by how much each row's label is likelier than a label drawn at random from the row's
    group, shape (n_rows,).
    """
    n_classes = simple.shape[1]
    counts = np.bincount(group * n_classes + codes, minlength=n_groups * n_classes)
    counts = counts.reshape(n_groups, n_classes)
    shares = (counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)).astype(np.float32)
    by_chance = np.einsum("ij,ij->i", simple, shares[group])
    given = simple[np.arange(len(codes)), codes]
    return np.asarray(given - by_chance, dtype=np.float64)
