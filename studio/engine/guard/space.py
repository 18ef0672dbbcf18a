"""The features in which a guard compares rows: those that the model computes anyway, if it can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.engine.features.base import Featuriser, Matrix
from studio.engine.runtime.resources import Resources
from studio.engine.table.cells import Table

Vectors = npt.NDArray[np.float32]

DEEP = "layers"  # begins with the vector of the view "sentences"
_N_LAYERS = 4
TOPICS = "topics"


@dataclass(frozen=True, slots=True)
class GuardSpace:
    """Where rows are compared.

    Attributes
    ----------
    view
        A view that the model computes, or the view of `featuriser`.
    featuriser
        Fitted; None if the model computes the view.
    """

    view: str
    featuriser: Featuriser | None

    def vectors(self, matrices: Mapping[str, Matrix], table: Table) -> Vectors:
        """Return the vectors of new rows, shape (n, d).

        `matrices` has the views that the model has computed of the same rows.
        """
        if self.featuriser is None:
            return space_vectors(matrices[self.view], self.view)
        return space_vectors(self.featuriser.transform(table, Resources()), self.view)


def space_vectors(matrix: Matrix, view: str) -> Vectors:
    """Return the vectors in which rows are compared, from the matrix of a view."""
    vectors = np.asarray(matrix, dtype=np.float32)
    if view == DEEP:
        vectors = vectors[:, : vectors.shape[1] // _N_LAYERS]
    if view == TOPICS:
        # The part of a text that no topic explains makes it as long as any other.
        explained = np.einsum("ij,ij->i", vectors, vectors)
        rest = np.sqrt(np.maximum(1 - explained, 0, dtype=np.float32))
        vectors = np.column_stack([vectors, rest])
    return vectors
