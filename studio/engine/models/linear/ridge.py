"""Ridge regression of many features."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import Ridge

from studio.engine.features.base import Matrix

ALPHAS = (1.0, 3.0, 10.0, 30.0, 100.0)
_HELD_OUT = 5  # every fifth row
# Evenly spaced, to try the alphas on.
_MAX_ROWS = 10_000
_TOLERANCE = 1e-3


class TunedRidge(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Ridge regression with the alpha that predicts a held-out fifth of the rows best.

    Where numbers follow from a text only loosely, a small alpha learns their noise and hides wrong
    ones. See docs/decisions/ridge-penalty.md.
    """

    def __init__(self, alphas: tuple[float, ...] = ALPHAS) -> None:
        self.alphas = alphas

    def fit(self, features: Matrix, targets: npt.NDArray[np.floating]) -> TunedRidge:
        n_rows = features.shape[0]
        tried = np.unique(np.linspace(0, n_rows - 1, min(n_rows, _MAX_ROWS)).astype(np.int64))
        alpha = self._best_alpha(features[tried], targets[tried])
        # The more rows there are, the less the same alpha weighs.
        alpha = alpha * n_rows / len(tried)
        self._model = _ridge(alpha).fit(features, targets)
        return self

    def predict(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return one number per row, shape (n,)."""
        numbers: npt.NDArray[np.floating] = self._model.predict(features)
        return numbers

    def _best_alpha(self, features: Matrix, targets: npt.NDArray[np.floating]) -> float:
        is_held_out = np.arange(len(targets)) % _HELD_OUT == _HELD_OUT - 1
        if not is_held_out.any():  # fewer than five rows
            return self.alphas[0]
        train = features[~is_held_out]
        held_out = features[is_held_out]

        def loss(alpha: float) -> float:
            model = _ridge(alpha).fit(train, targets[~is_held_out])
            return float(((model.predict(held_out) - targets[is_held_out]) ** 2).mean())

        return min(self.alphas, key=loss)


def _ridge(alpha: float) -> Ridge:
    return Ridge(alpha=alpha, solver="lsqr", tol=_TOLERANCE)
