"""The nearest rows' labels as a model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin

from studio.engine.features.base import Matrix

_CELLS_PER_BLOCK = 20_000_000  # similarities at a time: 80 MB of float32
_SMOOTHING = 0.05  # share of the votes that is spread evenly, so that no class has probability 0


class NeighbourClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Votes of the nearest training rows by cosine, weighted by `exp(similarity / temperature)`.

    Parameters
    ----------
    n_neighbours
        Number of rows that vote.
    temperature
        The smaller, the more the nearest rows weigh.
    """

    def __init__(self, n_neighbours: int = 40, temperature: float = 0.05) -> None:
        self.n_neighbours = n_neighbours
        self.temperature = temperature

    def fit(
        self, features: npt.NDArray[np.float32], codes: npt.NDArray[np.int32]
    ) -> NeighbourClassifier:
        self.classes_, self._encoded = np.unique(codes, return_inverse=True)
        self._rows = features
        return self

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return each class's share of the votes, shape (n, K), smoothed so that none is 0."""
        result = np.empty((len(features), len(self.classes_)), dtype=np.float32)
        n_block = max(1, _CELLS_PER_BLOCK // len(self._rows))
        for first in range(0, len(features), n_block):
            result[first : first + n_block] = self._shares(features[first : first + n_block])
        return result

    def _shares(self, block: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        n_neighbours = min(self.n_neighbours, len(self._rows))
        similarity = block @ self._rows.T
        nearest = np.argpartition(-similarity, n_neighbours - 1, axis=1)[:, :n_neighbours]
        nearest_similarity = np.take_along_axis(similarity, nearest, axis=1)
        # A cosine is at most 1: less that, the exponential cannot overflow. It can underflow, where
        # a row is unlike all others; then only the even share is left.
        weights = np.exp((nearest_similarity - 1.0) / self.temperature)
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-30)
        n_classes = len(self.classes_)
        shares = np.full((len(block), n_classes), _SMOOTHING / n_classes, dtype=np.float32)
        rows = np.arange(len(block))[:, None]
        np.add.at(shares, (rows, self._encoded[nearest]), (1 - _SMOOTHING) * weights)
        return shares
