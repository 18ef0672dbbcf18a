"""Dense areas of a plane: hills of the density of its points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from studio.engine.projection.plane import GRID, SIDE, Floats

_BLUR = 1.6  # cells
_MIN_RISE = 0.3  # of its top, by which a hill rises above the pass to a higher one
_MIN_FRACTION = 0.004  # of the points, that a hill has
MAX_HILLS = 60
NO_HILL = -1


@dataclass(frozen=True, slots=True)
class Hills:
    """The dense areas of a plane.

    Attributes
    ----------
    density
        Of each cell, by row and column, shape (GRID, GRID); 1 where it is highest.
    members
        The hill of each point, the one with the most points first; -1 for none, shape (n,).
    tops
        The middle of each hill's points, shape (n_hills, 2).
    """

    density: Floats
    members: npt.NDArray[np.int16]
    tops: Floats


def find_hills(points: Floats) -> Hills:
    """Divide the points by the hill that they are on."""
    cells = np.clip((points / SIDE * GRID).astype(np.int64), 0, GRID - 1)
    flat = cells[:, 1] * GRID + cells[:, 0]
    counts = np.bincount(flat, minlength=GRID * GRID).reshape(GRID, GRID)
    density = ndimage.gaussian_filter(counts.astype(np.float64), _BLUR, mode="constant")
    density /= density.max()
    hill_of_cell = _climbed(density)
    hill_of_point = hill_of_cell[flat]
    sizes = np.bincount(hill_of_point, minlength=hill_of_cell.max() + 1)
    order = np.argsort(-sizes, kind="stable")[:MAX_HILLS]
    kept = [hill for hill in order.tolist() if sizes[hill] >= max(_MIN_FRACTION * len(points), 5)]
    rank = np.full(len(sizes), NO_HILL, dtype=np.int16)
    rank[kept] = np.arange(len(kept))
    members = rank[hill_of_point]
    tops = [np.median(points[members == hill], axis=0) for hill in range(len(kept))]
    middle = np.asarray(tops, dtype=np.float32).reshape(-1, 2)
    return Hills(density.astype(np.float32), members, middle)


def _climbed(density: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the hill of each cell, shape (GRID * GRID,), numbered from 0.

    Cells are visited from the highest down: one without a higher neighbour is a top, any other
    belongs to the hill of its highest neighbour. Where two hills meet, the lower one becomes part
    of the other unless it rises well above this pass.
    """
    flat = density.ravel()
    parent = np.full(len(flat), -1, dtype=np.int64)
    for cell in np.argsort(-flat, kind="stable").tolist():
        around = [other for other in _neighbours(cell) if parent[other] != -1]
        if not around:
            parent[cell] = cell
            continue
        tops = {_top(parent, other) for other in around}
        highest = max(tops, key=lambda top: (flat[top], -top))
        parent[cell] = _top(parent, max(around, key=lambda other: (flat[other], -other)))
        for top in tops - {highest}:
            if flat[top] - flat[cell] < _MIN_RISE * flat[top]:
                parent[top] = highest
    tops_of_cells = np.array([_top(parent, cell) for cell in range(len(flat))])
    return np.unique(tops_of_cells, return_inverse=True)[1].reshape(-1)


def _neighbours(cell: int) -> list[int]:
    row, column = divmod(cell, GRID)
    return [
        near_row * GRID + near_column
        for near_row in range(max(row - 1, 0), min(row + 2, GRID))
        for near_column in range(max(column - 1, 0), min(column + 2, GRID))
        if (near_row, near_column) != (row, column)
    ]


def _top(parent: npt.NDArray[np.int64], cell: int) -> int:
    while parent[cell] != cell:
        cell = int(parent[cell])
    return cell
