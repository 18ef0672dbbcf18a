"""Extremely randomised trees, for classes, for sets of classes and for numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

from studio.engine.features.base import Matrix
from studio.engine.models.base import SetClassifier, WarmStart
from studio.engine.runtime.cache import Arrays

_FITTED, _ASKED = "leaves_fitted", "leaves_asked"
_MAX_LEAVES = 4_000  # per tree, so that a node's number fits into 16 bits
_MAX_REMEMBERED = 100_000_000  # rows times trees: 200 MB per fold
_CELLS_AT_ONCE = 2_000_000


class _Forest(BaseEstimator, WarmStart):  # type: ignore[misc]  # scikit-learn has no types
    """Trees whose thresholds are drawn, so that a wrong label pulls few of them.

    A tree's prediction is the mean label of the rows in a leaf. So a warm start keeps the trees and
    takes these means anew, from the leaves that rows came to.

    Parameters
    ----------
    n_trees
        Trees, each on all rows.
    column_fraction
        Share of the columns that a split chooses from.
    seed
        Draws columns and thresholds.
    """

    def __init__(self, n_trees: int = 200, column_fraction: float = 0.5, seed: int = 0) -> None:
        self.n_trees = n_trees
        self.column_fraction = column_fraction
        self.seed = seed

    def memory(
        self, features: Matrix, seen: npt.NDArray[np.int64], asked: npt.NDArray[np.int64]
    ) -> dict[str, npt.NDArray[np.generic]]:
        """Return the leaf of each row in each tree."""
        if (len(seen) + len(asked)) * self.n_trees > _MAX_REMEMBERED:
            return {}
        return {_FITTED: self._leaves(features[seen]), _ASKED: self._leaves(features[asked])}

    def _leaves(self, features: Matrix) -> npt.NDArray[np.int16]:
        if not features.shape[0]:
            return np.empty((0, self.n_trees), dtype=np.int16)
        return np.asarray(self._trees.apply(features), dtype=np.int16)

    def _grow(self, kind: type, features: Matrix, targets: npt.NDArray[np.generic]) -> None:
        self._trees: Any = kind(
            n_estimators=self.n_trees,
            min_samples_leaf=2,
            max_features=self.column_fraction,
            max_leaf_nodes=_MAX_LEAVES,
            random_state=self.seed,
        ).fit(features, targets)

    def _weigh(self, values: npt.NDArray[np.floating], memory: Arrays) -> None:
        """Set what is said of the rows asked about, (m, P), from the values of those fitted to, (n,
        P).
        """
        sums = np.zeros((len(memory[_ASKED]), values.shape[1]))
        n_trees = max(1, _CELLS_AT_ONCE // max(1, len(values)))
        for first in range(0, self.n_trees, n_trees):
            some = slice(first, first + n_trees)
            sums += _leaf_means(memory[_FITTED][:, some], memory[_ASKED][:, some], values)
        self._said = sums / self.n_trees

    def predict_from(
        self, features: Matrix, before: npt.NDArray[np.floating]
    ) -> npt.NDArray[np.floating]:
        """Return the mean labels of the rows in the same leaves, shape (m, P)."""
        return self._said


class Forest(ClassifierMixin, _Forest):  # type: ignore[misc]
    """Trees for classes."""

    def fit(self, features: Matrix, codes: npt.NDArray[np.int32]) -> Forest:
        """Grow the trees."""
        self._grow(ExtraTreesClassifier, features, codes)
        self.classes_ = self._trees.classes_
        return self

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return the probability of each class, shape (n, K)."""
        return np.asarray(self._trees.predict_proba(features))

    def fit_from(
        self, features: Matrix, targets: npt.NDArray[np.generic], memory: Arrays
    ) -> Forest:
        """Count the classes in the leaves."""
        self.classes_, places = np.unique(targets, return_inverse=True)
        self._weigh(np.eye(len(self.classes_))[places], memory)
        return self


class SetForest(_Forest, SetClassifier):
    """Trees whose leaves count all classes of a multi-label task: a fraction of the time of a
    forest per class.
    """

    def fit(self, features: Matrix, members: npt.NDArray[np.int32]) -> SetForest:
        """Grow the trees."""
        self._grow(ExtraTreesClassifier, features, members)
        return self

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return the probability of each class, shape (n, K)."""
        found = self._trees.predict_proba(features)
        return np.column_stack(
            [both[:, 1] for both in (found if isinstance(found, list) else [found])]
        )

    def fit_from(
        self, features: Matrix, targets: npt.NDArray[np.generic], memory: Arrays
    ) -> SetForest:
        """Count the classes in the leaves."""
        self._weigh(np.asarray(targets, dtype=np.float64), memory)
        return self


class NumberForest(RegressorMixin, _Forest):  # type: ignore[misc]
    """Trees for numbers."""

    def fit(self, features: Matrix, values: npt.NDArray[np.float64]) -> NumberForest:
        """Grow the trees."""
        self._grow(ExtraTreesRegressor, features, values)
        return self

    def predict(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return the mean of the trees, shape (n,)."""
        return np.asarray(self._trees.predict(features))

    def fit_from(
        self, features: Matrix, targets: npt.NDArray[np.generic], memory: Arrays
    ) -> NumberForest:
        """Take the leaves' means."""
        self._weigh(np.asarray(targets, dtype=np.float64)[:, None], memory)
        return self


def _leaf_means(
    fitted: npt.NDArray[np.generic],
    asked: npt.NDArray[np.generic],
    values: npt.NDArray[np.floating],
) -> npt.NDArray[np.float64]:
    """Return the sums over some trees of the mean values of the fitted rows in each asked row's
    leaf, shape (m, P).
    """
    n_nodes, n_trees = 1 + int(fitted.max()), fitted.shape[1]
    first_node = np.arange(n_trees) * n_nodes
    of_fitted, of_asked = (
        (first_node + fitted.astype(np.int64)).ravel(),
        first_node + asked.astype(np.int64),
    )
    n_rows = np.maximum(np.bincount(of_fitted, minlength=n_trees * n_nodes), 1)
    means = (
        np.bincount(of_fitted, np.repeat(column, n_trees), n_trees * n_nodes) / n_rows
        for column in values.T
    )
    return np.column_stack([of_leaves[of_asked].sum(axis=1) for of_leaves in means])
