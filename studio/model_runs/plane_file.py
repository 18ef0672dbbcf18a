"""The stored plane of a projection: where its rows are, and what they are grouped by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from studio import tables


@dataclass(frozen=True, slots=True)
class StoredPlane:
    """Rows in two dimensions.

    Attributes
    ----------
    row_id
        Which rows were placed, ascending, shape (n,).
    points
        Where, shape (n, 2).
    members
        The cluster of each, -1 for none, shape (n,).
    density
        Of each cell of a grid, by row and column; 255 where it is highest.
    """

    row_id: npt.NDArray[np.uint32]
    points: npt.NDArray[np.float32]
    members: npt.NDArray[np.int16]
    density: npt.NDArray[np.uint8]

    def write(self, out: Path) -> None:
        """Write the plane to a file."""
        np.savez(
            out,
            row_id=self.row_id,
            points=self.points,
            members=self.members,
            density=self.density,
        )

    def to_bytes(self) -> bytes:
        """Return the positions as Float32, then the rows as Uint32, for the browser."""
        positions: Any = self.points.astype("<f4")
        return bytes(positions.tobytes() + self.row_id.astype("<u4").tobytes())

    def rows_inside(self, corners: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Return the rows inside a polygon, by the even-odd rule; `corners` have shape (k, 2)."""
        x = self.points[:, 0].astype(np.float64)
        y = self.points[:, 1].astype(np.float64)
        is_inside = np.zeros(len(x), dtype=bool)
        for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            if y0 == y1:
                continue
            crosses = (y0 > y) != (y1 > y)
            is_inside ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
        return np.asarray(self.row_id[is_inside], dtype=np.int64)

    def rows_of_cluster(self, number: int) -> npt.NDArray[np.int64]:
        """Return the rows of a cluster."""
        return np.asarray(self.row_id[self.members == number], dtype=np.int64)


@lru_cache(maxsize=8)
def stored_plane(key: str) -> StoredPlane:
    """Read a plane; cached, since the file never changes."""
    with np.load(tables.local_path(key), allow_pickle=False) as arrays:
        return StoredPlane(arrays["row_id"], arrays["points"], arrays["members"], arrays["density"])
