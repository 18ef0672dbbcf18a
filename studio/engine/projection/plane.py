"""A plane: rows in two dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
MIN_ROWS = 20  # fewer have no neighbourhoods
MAX_FITTED = 50_000  # rows that UMAP is fitted on; the others are placed among them
MAX_PLACED = 100_000  # rows on a plane
SIDE = 1000.0  # of the square that the points are scaled to
GRID = 96  # cells on each side, in which density is measured


class Method(StrEnum):
    """How features are reduced."""

    UMAP = "umap"
    PCA = "pca"


@dataclass(frozen=True, slots=True)
class Plane:
    """Rows in two dimensions.

    Attributes
    ----------
    rows
        Which rows were placed, ascending, shape (n,).
    points
        Where, shape (n, 2); all but stray ones in the square of `SIDE`.
    n_fitted
        Rows that the method was fitted on.
    explained
        Of the variance of the features, the fraction that the two axes have; None for UMAP.
    """

    rows: npt.NDArray[np.int64]
    points: Floats
    n_fitted: int
    explained: float | None
