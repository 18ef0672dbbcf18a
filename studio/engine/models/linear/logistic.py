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
_MAX_ROWS = 10_000  # evenly spaced; plenty for so few weights
_MAX_ITERATIONS = 100

# That many steps are enough to rank by; the warning would reach the user's log.
warnings.filterwarnings("ignore", category=ConvergenceWarning)


class TableLogistic(ClassifierMixin, Sampling, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Logistic regression, by Newton's method if there are few weights.

    Categories and numbers differ so much in scale and frequency that gradient steps hardly
    converge. See docs/decisions/linear-solvers.md.
    """

    def __init__(self, C: float = 0.3) -> None:  # noqa: N803  (scikit-learn's name)
        self.C = C

    def fit(
        self,
        features: Matrix,
        codes: npt.NDArray[np.int32],
        sample_weight: npt.NDArray[np.float64] | None = None,
    ) -> TableLogistic:
        is_small = _has_few_weights(features.shape[1], codes)
        solver = "newton-cholesky" if is_small else "lbfgs"
        self.model = LogisticRegression(C=self.C, solver=solver, max_iter=_MAX_ITERATIONS)
        if is_small:
            dense = features if isinstance(features, np.ndarray) else features.toarray()
            # In float64, as the Hessian is too ill-conditioned in float32.
            features = dense.astype(np.float64)
        self.model.fit(features, codes, sample_weight)
        self.classes_ = self.model.classes_
        return self

    def sample(self, n_columns: int, codes: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """Return evenly spaced rows of each class if there are few weights, else all rows."""
        if not _has_few_weights(n_columns, codes):
            return np.arange(len(codes))
        return _every_nth_of_each_class(codes, 1 + (len(codes) - 1) // _MAX_ROWS)

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return probabilities, shape (n, K)."""
        return np.asarray(self.model.predict_proba(features))


def _has_few_weights(n_columns: int, codes: npt.NDArray[np.int32]) -> bool:
    n_classes = len(np.unique(codes))
    n_outputs = n_classes if n_classes > 2 else 1
    return n_columns * n_outputs <= _MAX_WEIGHTS


def _every_nth_of_each_class(codes: npt.NDArray[np.int32], n: int) -> npt.NDArray[np.int64]:
    """Return positions, ascending; no class is lost."""
    by_class = np.argsort(codes, kind="stable")
    first = np.flatnonzero(np.r_[True, np.diff(codes[by_class]) != 0])
    n_rows = np.diff(np.r_[first, len(codes)])
    place = np.arange(len(codes)) - np.repeat(first, n_rows)  # within the class, from 0
    return np.sort(by_class[place % n == 0])
