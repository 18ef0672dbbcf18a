"""Assigns rows to folds: strata (classes, or deciles of numbers) are spread evenly, and near
duplicates stay together.
"""

from __future__ import annotations

import heapq

import numpy as np
import numpy.typing as npt

from studio.engine.labels.encoding import Labels

NO_FOLD = -1
# Where more rows are repeated, that is in the nature of the data: a few categories, for example
_MAX_REPEATED_FRACTION = 0.5
# Of a fold's rows; a larger group is a chain of similar rows, not copies of one row
_MAX_GROUP_FRACTION = 0.5


def assign_folds(
    labels: Labels, group: npt.NDArray[np.int32], *, n_folds: int, seed: int
) -> npt.NDArray[np.int16]:
    """Assign each labeled row to the fold that holds it out.

    Why not scikit-learn's grouped folds: docs/decisions/folds.md.

    Parameters
    ----------
    labels
        Given labels of n rows.
    group
        Group number of each row, equal for near duplicates, shape (n,). A group goes into one fold,
        because a model trained on a copy of a row repeats its label. Groups are split where most
        rows are repeated, or where a group is larger than half a fold.
    n_folds
        Number of folds.
    seed
        Seed of the shuffle that decides which rows share a fold.

    Returns
    -------
    ndarray of shape (n,)
        Fold in 0…n_folds−1; -1 for unlabeled rows. Without groups, folds differ by at most one row
        of each stratum, and a class with fewer rows than folds is in as many folds as it has rows.
    """
    fold_id = np.full(len(labels.strata), NO_FOLD, dtype=np.int16)
    rows = np.flatnonzero(labels.is_labeled)
    if not len(rows):
        return fold_id
    group_of_row, n_groups = _without_large_groups(group[rows], n_folds)
    sizes = np.bincount(group_of_row)
    group_class = np.zeros(n_groups, dtype=np.int32)
    group_class[group_of_row[::-1]] = labels.strata[rows[::-1]]  # that of the group's first row
    fold_of_group = _deal(group_class, sizes, n_folds, np.random.default_rng(seed))
    fold_id[rows] = fold_of_group[group_of_row]
    return fold_id


def _without_large_groups(
    group: npt.NDArray[np.int32], n_folds: int
) -> tuple[npt.NDArray[np.int64], int]:
    """Return the group of each row, numbered from 0, and the number of groups.

    Each row of a group that is too large becomes a group of its own.
    """
    _, number, sizes = np.unique(group, return_inverse=True, return_counts=True)
    n_rows = len(group)
    is_split = sizes[number] > max(1.0, _MAX_GROUP_FRACTION * n_rows / n_folds)
    if len(sizes) < n_rows * (1 - _MAX_REPEATED_FRACTION):
        is_split[:] = True
    number[is_split] = n_rows + np.arange(int(is_split.sum()))  # numbers that no group has
    _, number = np.unique(number, return_inverse=True)
    return number.astype(np.int64), int(number.max()) + 1


def _deal(
    group_class: npt.NDArray[np.int32],
    sizes: npt.NDArray[np.int64],
    n_folds: int,
    rng: np.random.Generator,
) -> npt.NDArray[np.int16]:
    """Assign each group, large ones first, to the fold with the fewest rows of its class."""
    fold_of_group = np.empty(len(sizes), dtype=np.int16)
    totals = np.zeros(n_folds, dtype=np.int64)
    shuffled = rng.permutation(len(sizes))
    order = shuffled[np.lexsort((-sizes[shuffled], group_class[shuffled]))]
    bounds = np.flatnonzero(np.diff(group_class[order])) + 1
    by_class = np.split(order, bounds)
    # Frequent classes first: the rare ones, last, can still even out the sizes of the folds.
    for groups in sorted(by_class, key=lambda members: -int(sizes[members].sum())):
        heap = [(0, int(totals[fold]), fold) for fold in range(n_folds)]
        heapq.heapify(heap)
        for member in groups.tolist():
            n_class, n_total, fold = heap[0]
            fold_of_group[member] = fold
            n_rows = int(sizes[member])
            heapq.heapreplace(heap, (n_class + n_rows, n_total + n_rows, fold))
        for _, n_total, fold in heap:
            totals[fold] = n_total
    return fold_of_group
