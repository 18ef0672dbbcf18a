"""Gradient boosted trees, for classes and for numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from studio.engine.features.base import Matrix


class _Trees(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Histogram gradient boosting that passes over columns with no value at all, on which scikit-learn's fails.

    No early stopping: it would set rows aside, and fail on a class of one row.
    """

    def __init__(
        self, n_rounds: int = 200, n_leaves: int = 31, min_rows_per_leaf: int = 20, penalty: float = 1.0, seed: int = 0
    ) -> None:
        self.n_rounds = n_rounds
        self.n_leaves = n_leaves
        self.min_rows_per_leaf = min_rows_per_leaf
        self.penalty = penalty
        self.seed = seed

    def _settings(self) -> dict[str, float | bool]:
        return {
            "learning_rate": 0.05,
            "max_iter": self.n_rounds,
            "max_leaf_nodes": self.n_leaves,
            "min_samples_leaf": self.min_rows_per_leaf,
            "l2_regularization": self.penalty,
            "early_stopping": False,
            "random_state": self.seed,
        }

    def _learn_columns(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        self._has_value = ~np.isnan(features).all(axis=0)
        return self._known(features)

    def _known(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        if self._has_value.all():
            return features
        return features[:, self._has_value] if self._has_value.any() else np.zeros((len(features), 1), np.float32)


class Boosting(ClassifierMixin, _Trees):  # type: ignore[misc]
    """Trees for classes."""

    def fit(self, features: npt.NDArray[np.float32], codes: npt.NDArray[np.int32]) -> Boosting:
        """Grow a tree per class and round."""
        self._trees = HistGradientBoostingClassifier(**self._settings()).fit(self._learn_columns(features), codes)
        self.classes_ = self._trees.classes_
        return self

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return the softmax of the trees' sums, shape (n, K)."""
        probabilities: npt.NDArray[np.floating] = self._trees.predict_proba(self._known(np.asarray(features)))
        return probabilities


class NumberBoosting(RegressorMixin, _Trees):  # type: ignore[misc]
    """Trees for numbers, by squared error."""

    def fit(self, features: npt.NDArray[np.float32], values: npt.NDArray[np.float64]) -> NumberBoosting:
        """Grow a tree per round."""
        self._trees = HistGradientBoostingRegressor(**self._settings()).fit(self._learn_columns(features), values)
        return self

    def predict(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return the trees' sums, shape (n,)."""
        values: npt.NDArray[np.floating] = self._trees.predict(self._known(np.asarray(features)))
        return values
