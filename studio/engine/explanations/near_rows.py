"""Which rows are most like a row: of all, and within each fold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

ROWS_PER_BLOCK = 8_192  # whose distances are computed at a time: in a processor's cache

Distances = npt.NDArray[np.float32]


def distances_from(space: npt.NDArray[np.floating], row: int) -> Distances:
    """Return the squared distance of each row; infinite for the row itself and rows without
    vectors.
    """
    here = np.asarray(space[row], dtype=np.float32)
    distances = np.empty(len(space), dtype=np.float32)
    for first in range(0, len(space), ROWS_PER_BLOCK):
        block = np.asarray(space[first : first + ROWS_PER_BLOCK], dtype=np.float32) - here
        distances[first : first + len(block)] = np.einsum("ij,ij->i", block, block)
    distances[row] = np.inf
    return np.nan_to_num(distances, copy=False, nan=np.inf, posinf=np.inf)


def nearest(distances: Distances, n_rows: int) -> list[int]:
    """Return the rows at the smallest finite distances, nearest first."""
    n_near = min(n_rows, int(np.isfinite(distances).sum()))
    if n_near == 0:
        return []
    near = np.argpartition(distances, n_near - 1)[:n_near].tolist()
    return sorted(near, key=lambda row: (distances[row], row))


def nearest_by_fold(
    distances: Distances, fold_id: npt.NDArray[np.int16], own_fold: int, n_rows: int
) -> dict[int, list[int]]:
    """Return the nearest rows within each fold but `own_fold`, which the models that predict the
    row did not learn from. Rows without a fold have a negative one.
    """
    found = {}
    for fold in range(int(fold_id.max(initial=-1)) + 1):
        rows = np.flatnonzero(fold_id == fold)
        near = nearest(distances[rows], n_rows)
        if fold != own_fold and near:
            found[fold] = rows[near].tolist()
    return found
