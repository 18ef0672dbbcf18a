"""Assigns rows to folds: each stratum (class, or tenth of the numbers) spread evenly, near
duplicates together.
"""

from __future__ import annotations

import heapq

import numpy as np
import numpy.typing as npt

from studio.engine.labels.encoding import Labels

NO_FOLD = -1
# With more, repeated rows are the nature of the data, such as a few categories
_MAX_REPEATED_FRACTION = 0.5
# Of a fold's rows; a larger group is a chain of similar rows rather than one row repeated
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
        Number per row, equal for near duplicates, shape (n,). They go into the same fold, as a
        model that has seen a row's copy repeats its label; unless most rows are repeated, or the
        group is larger than half a fold.
    n_folds
        Number of folds.
    seed
        Decides which rows share a fold.

    Returns
    -------
    ndarray of shape (n,)
        Fold in 0…n_folds−1; -1 for unlabeled rows. Rows of a stratum differ by at most one between
        folds where there are no groups; a class with fewer rows than folds is in as many folds as
        it has rows.
    """
    fold_id = np.full(len(labels.strata), NO_FOLD, dtype=np.int16)
    rows = np.flatnonzero(labels.is_labeled)
    if not len(rows):
        return fold_id
    kept, n_groups = _groups_kept(group[rows], n_folds)
    sizes = np.bincount(kept)
    group_class = np.full(n_groups, 0, dtype=np.int32)
    group_class[kept[::-1]] = labels.strata[rows[::-1]]  # a group's first row speaks for it
    fold_of_group = _deal(group_class, sizes, n_folds, np.random.default_rng(seed))
    fold_id[rows] = fold_of_group[kept]
    return fold_id


def _groups_kept(group: npt.NDArray[np.int32], n_folds: int) -> tuple[npt.NDArray[np.int64], int]:
    """Return the group of each row, numbered from 0, and their number; some are split into rows."""
    _, number, sizes = np.unique(group, return_inverse=True, return_counts=True)
    n_rows = len(group)
    is_split = sizes[number] > max(1.0, _MAX_GROUP_FRACTION * n_rows / n_folds)
    if len(sizes) < n_rows * (1 - _MAX_REPEATED_FRACTION):
        is_split[:] = True
    number[is_split] = n_rows + np.arange(int(is_split.sum()))
    _, number = np.unique(number, return_inverse=True)
    return number.astype(np.int64), int(number.max()) + 1


def _deal(
    group_class: npt.NDArray[np.int32],
    sizes: npt.NDArray[np.int64],
    n_folds: int,
    rng: np.random.Generator,
) -> npt.NDArray[np.int16]:
    """Assign each group of a class, large ones first, to the fold with the fewest rows of it."""
    fold_of_group = np.empty(len(sizes), dtype=np.int16)
    totals = np.zeros(n_folds, dtype=np.int64)
    shuffled = rng.permutation(len(sizes))
    order = shuffled[np.lexsort((-sizes[shuffled], group_class[shuffled]))]
    bounds = np.flatnonzero(np.diff(group_class[order])) + 1
    for groups in sorted(np.split(order, bounds), key=lambda members: -int(sizes[members].sum())):
        heap = [(0, int(totals[fold]), fold) for fold in range(n_folds)]
        heapq.heapify(heap)
        for member in groups.tolist():
            n_class, n_total, fold = heap[0]
            fold_of_group[member] = fold
            heapq.heapreplace(
                heap, (n_class + int(sizes[member]), n_total + int(sizes[member]), fold)
            )
        for _, n_total, fold in heap:
            totals[fold] = n_total
    return fold_of_group
