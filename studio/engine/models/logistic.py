"""Logistic regression of the columns of a table."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from studio.engine.features.base import Matrix
from studio.engine.models.base import Sampling

_MAX_WEIGHTS = 250  # the Newton step solves for all of them at once
_MAX_ROWS = 10_000  # of more, evenly spaced ones: that is plenty for so few weights
_MAX_ITERATIONS = 100

# That many steps are enough to rank by; the warning would stand among what a person is told.
warnings.filterwarnings("ignore", category=ConvergenceWarning)


class TableLogistic(ClassifierMixin, Sampling, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Logistic regression by Newton's method where the weights are few, which takes ten steps and
    not hundreds.

    Levels and numbers differ so much in scale and frequency that gradient steps hardly converge.
    See docs/decisions/linear-solvers.md.
    """

    def __init__(self, strength: float = 0.3) -> None:
        self.strength = strength

    def fit(self, features: Matrix, codes: npt.NDArray[np.int32]) -> TableLogistic:
        """Fit one weight per column, and class where there are more than two."""
        is_small = _has_few_weights(features.shape[1], codes)
        solver = "newton-cholesky" if is_small else "lbfgs"
        self._model = LogisticRegression(C=self.strength, solver=solver, max_iter=_MAX_ITERATIONS)
        if is_small:
            dense = features if isinstance(features, np.ndarray) else features.toarray()
            # In float64, or the matrix of second derivatives cannot be solved.
            features = dense.astype(np.float64)
        self._model.fit(features, codes)
        self.classes_ = self._model.classes_
        return self

    def sample(self, n_columns: int, codes: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """Return evenly spaced rows of each class where the weights are few, else all rows."""
        step = 1 + (len(codes) - 1) // _MAX_ROWS if _has_few_weights(n_columns, codes) else 1
        return _spaced(codes, step)

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return probabilities, shape (n, K)."""
        return np.asarray(self._model.predict_proba(features))


def _has_few_weights(n_columns: int, codes: npt.NDArray[np.int32]) -> bool:
    n_classes = len(np.unique(codes))
    return n_columns * (n_classes if n_classes > 2 else 1) <= _MAX_WEIGHTS


def _spaced(codes: npt.NDArray[np.int32], step: int) -> npt.NDArray[np.int64]:
    """Return the first of every `step` rows of each class, in order, so that every class stays."""
    by_class = np.argsort(codes, kind="stable")
    first = np.flatnonzero(np.r_[True, np.diff(codes[by_class]) != 0])
    place = np.arange(len(codes)) - np.repeat(first, np.diff(np.r_[first, len(codes)]))
    return np.sort(by_class[place % step == 0])
