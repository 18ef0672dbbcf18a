"""Logistic regression of the columns of a table."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from studio.engine.features.base import Matrix

_MAX_WEIGHTS = 250  # the Newton step solves for all of them at once
_MAX_ROWS = 25_000  # of more, evenly spaced ones: that is plenty for so few weights
_MAX_ITERATIONS = 100


class TableLogistic(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Logistic regression by Newton's method where the weights are few, which takes ten steps and not hundreds.

    Levels and numbers differ so much in scale and frequency that gradient steps hardly get to an end: on adult, 20,000
    rows, 300 of them took 1 s and had not, where Newton's ten took a tenth of it.
    """

    def __init__(self, strength: float = 0.3) -> None:
        self.strength = strength

    def fit(self, features: Matrix, codes: npt.NDArray[np.int32]) -> TableLogistic:
        """Fit one weight per column, and class where there are more than two."""
        n_rows, n_columns = features.shape
        n_classes = len(np.unique(codes))
        is_small = n_columns * (n_classes if n_classes > 2 else 1) <= _MAX_WEIGHTS
        solver = "newton-cholesky" if is_small else "lbfgs"
        self._model = LogisticRegression(C=self.strength, solver=solver, max_iter=_MAX_ITERATIONS)
        if is_small:
            kept = _spaced(codes, 1 + (n_rows - 1) // _MAX_ROWS)
            few, codes = features[kept], codes[kept]
            # In float64, or the matrix of second derivatives cannot be solved.
            features = np.asarray(few if isinstance(few, np.ndarray) else few.toarray(), dtype=np.float64)
        self._model.fit(features, codes)
        self.classes_ = self._model.classes_
        return self

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return probabilities, shape (n, K)."""
        return np.asarray(self._model.predict_proba(features))


def _spaced(codes: npt.NDArray[np.int32], step: int) -> npt.NDArray[np.int64]:
    """Return the first of every `step` rows of each class, in order, so that every class stays."""
    by_class = np.argsort(codes, kind="stable")
    first = np.flatnonzero(np.r_[True, np.diff(codes[by_class]) != 0])
    place = np.arange(len(codes)) - np.repeat(first, np.diff(np.r_[first, len(codes)]))
    return np.sort(by_class[place % step == 0])
