"""Ridge regression of many features."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import Ridge

from studio.engine.features.base import Matrix

PENALTIES = (1.0, 3.0, 10.0, 30.0, 100.0)
_HELD_OUT = 5  # every fifth row
# That the penalties are tried on, evenly spaced: the best one is plain from fewer
_MAX_ROWS = 10_000
_TOLERANCE = 1e-3


class TunedRidge(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Ridge regression with the penalty by which a held-out fifth of its rows is predicted best.

    Where numbers follow from a text only loosely, a small penalty learns their noise and hides
    wrong ones. See docs/decisions/ridge-penalty.md.
    """

    def __init__(self, penalties: tuple[float, ...] = PENALTIES) -> None:
        self.penalties = penalties

    def fit(self, features: Matrix, targets: npt.NDArray[np.floating]) -> TunedRidge:
        """Choose a penalty and fit all rows with it."""
        n_rows = features.shape[0]
        tried = np.unique(np.linspace(0, n_rows - 1, min(n_rows, _MAX_ROWS)).astype(np.int64))
        # The more rows there are, the less the same penalty weighs.
        penalty = self._best(features[tried], targets[tried]) * n_rows / len(tried)
        self._model = _ridge(penalty).fit(features, targets)
        return self

    def predict(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return one number per row, shape (n,)."""
        numbers: npt.NDArray[np.floating] = self._model.predict(features)
        return numbers

    def _best(self, features: Matrix, targets: npt.NDArray[np.floating]) -> float:
        is_held_out = np.arange(len(targets)) % _HELD_OUT == _HELD_OUT - 1
        if not is_held_out.any():
            return self.penalties[0]
        learned, asked = features[~is_held_out], features[is_held_out]

        def loss(penalty: float) -> float:
            predicted = _ridge(penalty).fit(learned, targets[~is_held_out]).predict(asked)
            return float(((predicted - targets[is_held_out]) ** 2).mean())

        return min(self.penalties, key=loss)


def _ridge(penalty: float) -> Ridge:
    return Ridge(alpha=penalty, solver="lsqr", tol=_TOLERANCE)
