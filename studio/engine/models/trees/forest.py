"""Extremely randomised trees, for classes, for sets of classes and for numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

from studio.engine.features.base import Matrix
from studio.engine.models.base import MultiLabelClassifier
from studio.engine.runtime.cache import Arrays
from studio.engine.warm_start.estimator import FitRows, State, WarmStart

_TRAIN_LEAVES = "train_leaves"
_PREDICT_LEAVES = "predict_leaves"
_MAX_LEAVES = 4_000  # per tree, so that a node's number fits into 16 bits
_MAX_KEPT_LEAVES = 100_000_000  # rows times trees: 200 MB per fold
_CELLS_PER_BLOCK = 2_000_000  # leaves at a time: 16 MB of 64-bit node numbers


class _Forest(BaseEstimator, WarmStart):  # type: ignore[misc]  # scikit-learn has no types
    """Trees whose thresholds are drawn, so that a wrong label pulls few of them.

    A tree's prediction is the mean label of the training rows in a leaf. So a warm start keeps the
    trees, that is the leaf of each row, and only takes the means again.

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

    def warm_start_state(self, features: Matrix, rows: FitRows) -> State:
        """Return the leaf of each row in each tree, unless there are too many."""
        n_rows = len(rows.train) + len(rows.predict)
        if n_rows * self.n_trees > _MAX_KEPT_LEAVES:
            return {}
        return {
            _TRAIN_LEAVES: self._leaves(features[rows.train]),
            _PREDICT_LEAVES: self._leaves(features[rows.predict]),
        }

    def _leaves(self, features: Matrix) -> npt.NDArray[np.int16]:
        if not features.shape[0]:
            return np.empty((0, self.n_trees), dtype=np.int16)
        return np.asarray(self.trees.apply(features), dtype=np.int16)

    def _grow(
        self,
        kind: type,
        features: Matrix,
        targets: npt.NDArray[np.generic],
        sample_weight: npt.NDArray[np.float64] | None = None,
    ) -> None:
        self.trees: Any = kind(
            n_estimators=self.n_trees,
            # A leaf of one row would only repeat that row's label, right or wrong.
            min_samples_leaf=2,
            max_features=self.column_fraction,
            max_leaf_nodes=_MAX_LEAVES,
            random_state=self.seed,
        ).fit(features, targets, sample_weight)

    def _average(self, targets: npt.NDArray[np.floating], state: Arrays) -> None:
        """Set the predictions, (m, P), to the mean targets, (n, P), in the same leaves."""
        sums = np.zeros((len(state[_PREDICT_LEAVES]), targets.shape[1]))
        n_trees = max(1, _CELLS_PER_BLOCK // max(1, len(targets)))
        for first in range(0, self.n_trees, n_trees):
            trees = slice(first, first + n_trees)
            sums += _leaf_means(
                state[_TRAIN_LEAVES][:, trees], state[_PREDICT_LEAVES][:, trees], targets
            )
        self._predicted = sums / self.n_trees

    def predict_from(
        self, features: Matrix, previous: npt.NDArray[np.floating]
    ) -> npt.NDArray[np.floating]:
        """Return the mean labels of the training rows in the same leaves, shape (m, P)."""
        return self._predicted


class ForestClassifier(ClassifierMixin, _Forest):  # type: ignore[misc]
    """Trees for classes."""

    def fit(
        self,
        features: Matrix,
        codes: npt.NDArray[np.int32],
        sample_weight: npt.NDArray[np.float64] | None = None,
    ) -> ForestClassifier:
        self._grow(ExtraTreesClassifier, features, codes, sample_weight)
        self.classes_ = self.trees.classes_
        return self

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return the probability of each class, shape (n, K)."""
        return np.asarray(self.trees.predict_proba(features))

    def fit_from(
        self, features: Matrix, targets: npt.NDArray[np.generic], state: Arrays
    ) -> ForestClassifier:
        """Count the classes in the leaves."""
        self.classes_, encoded = np.unique(targets, return_inverse=True)
        one_hot = np.eye(len(self.classes_))[encoded]
        self._average(one_hot, state)
        return self


class MultiLabelForest(_Forest, MultiLabelClassifier):
    """Trees whose leaves count all classes of a multi-label task.

    They take a fraction of the time of a forest per class.
    """

    def fit(self, features: Matrix, members: npt.NDArray[np.int32]) -> MultiLabelForest:
        self._grow(ExtraTreesClassifier, features, members)
        return self

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return the probability of each class, shape (n, K)."""
        by_class = self.trees.predict_proba(features)
        if not isinstance(by_class, list):  # of a single class
            by_class = [by_class]
        return np.column_stack([probabilities[:, 1] for probabilities in by_class])

    def fit_from(
        self, features: Matrix, targets: npt.NDArray[np.generic], state: Arrays
    ) -> MultiLabelForest:
        """Count the classes in the leaves."""
        self._average(np.asarray(targets, dtype=np.float64), state)
        return self


class ForestRegressor(RegressorMixin, _Forest):  # type: ignore[misc]
    """Trees for numbers."""

    def fit(self, features: Matrix, values: npt.NDArray[np.float64]) -> ForestRegressor:
        self._grow(ExtraTreesRegressor, features, values)
        return self

    def predict(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return the mean of the trees, shape (n,)."""
        return np.asarray(self.trees.predict(features))

    def fit_from(
        self, features: Matrix, targets: npt.NDArray[np.generic], state: Arrays
    ) -> ForestRegressor:
        """Take the means in the leaves."""
        self._average(np.asarray(targets, dtype=np.float64)[:, None], state)
        return self


def _leaf_means(
    train_leaves: npt.NDArray[np.generic],
    predict_leaves: npt.NDArray[np.generic],
    targets: npt.NDArray[np.floating],
) -> npt.NDArray[np.float64]:
    """Return the mean targets of the training rows in each row's leaf, summed over the trees.

    Parameters
    ----------
    train_leaves, predict_leaves
        Leaf of each row in each tree, shapes (n, n_trees) and (m, n_trees).
    targets
        Shape (n, P).

    Returns
    -------
    ndarray of shape (m, P)
    """
    n_trees = train_leaves.shape[1]
    n_nodes = 1 + int(train_leaves.max())
    # Number the nodes of all trees consecutively, so that one count covers them.
    first_node = np.arange(n_trees) * n_nodes
    train_nodes = (first_node + train_leaves.astype(np.int64)).ravel()
    predict_nodes = first_node + predict_leaves.astype(np.int64)
    n_rows = np.maximum(np.bincount(train_nodes, minlength=n_trees * n_nodes), 1)
    columns = []
    for column in targets.T:
        sums = np.bincount(train_nodes, np.repeat(column, n_trees), n_trees * n_nodes)
        means = sums / n_rows
        columns.append(means[predict_nodes].sum(axis=1))
    return np.column_stack(columns)
