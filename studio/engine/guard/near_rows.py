"""Rows of the training data, to which new rows are compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.engine.guard.space import Vectors

N_NEIGHBOURS = 5
_ROWS_PER_BLOCK = 1_000


@dataclass(frozen=True, slots=True)
class NearRows:
    """Rows of the training data.

    Attributes
    ----------
    vectors
        Shape (m, d), float16.
    row_ids
        Their positions in the dataset version, shape (m,).
    labels
        Their labels in training, written as in a cell.
    """

    vectors: npt.NDArray[np.float16]
    row_ids: npt.NDArray[np.int64]
    labels: tuple[str, ...]

    def search(
        self, vectors: Vectors, own: npt.NDArray[np.int64] | None = None
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Return how far the nearest rows are, and where in `labels`, both nearest first.

        `own` is the position of each vector among these rows, -1 for others; no row is near itself.
        """
        references = self.vectors.astype(np.float32)
        squares = np.einsum("ij,ij->i", references, references)
        across = np.ascontiguousarray(-2 * references.T)
        n_near = min(N_NEIGHBOURS, len(references) - (own is not None))
        distances = np.empty((len(vectors), n_near), dtype=np.float32)
        places = np.empty((len(vectors), n_near), dtype=np.int64)
        for first in range(0, len(vectors), _ROWS_PER_BLOCK):
            rows = slice(first, first + _ROWS_PER_BLOCK)
            block = vectors[rows]
            lengths = np.einsum("ij,ij->i", block, block)
            found = block @ across
            found += squares
            if own is not None:
                itself = np.flatnonzero(own[rows] >= 0)
                found[itself, own[rows][itself]] = np.inf
            of_block = np.arange(len(block))
            # A few passes for the least are ten times as fast as a partition.
            for rank in range(n_near):
                near = found.argmin(axis=1)
                places[rows, rank] = near
                distances[rows, rank] = np.sqrt(np.maximum(found[of_block, near] + lengths, 0))
                found[of_block, near] = np.inf
        return distances, places
