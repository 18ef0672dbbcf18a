"""Gradient boosted trees, for classes and for numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from studio.engine.features.base import Matrix
from studio.engine.models.trees.openmp import lightgbm
from studio.engine.runtime.cache import Arrays
from studio.engine.warm_start.estimator import FitRows, State, WarmStart

_MIN_LEAVES = 15  # of a tree
_MAX_LEAVES = 127
_ROWS_PER_LEAF = 1_000
# A warm start's share of the rounds, and factor of the learning rate.
_WARM_ROUNDS = 0.1
_WARM_RATE = 2.0
_ROWS_FOR_BINS = 20_000  # as good as ten times as many
_MIN_PROBABILITY = 1e-9  # a probability that underflowed to 0 has no score to continue from
# Predictions for the training rows: probabilities (of two classes the second's) or numbers.
_PREDICTED = "predicted"


class _Trees(WarmStart, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """LightGBM with shallow trees on half of the columns, so that wrong labels are not learned.

    No early stopping: it would set rows aside. See docs/decisions/trees.md.

    A warm start adds a tenth of the trees at twice the learning rate. See
    docs/decisions/warm-start.md.

    Parameters
    ----------
    n_rounds
        Trees, or trees per class.
    learning_rate
        Factor of each tree's values.
    n_leaves, min_rows_per_leaf
        Size of a tree. None lets the number of leaves grow with the rows.
    reg_lambda
        Penalty on squared leaf values.
    row_fraction, column_fraction
        Share of the rows and columns that each tree is grown on.
    has_random_splits
        Whether one random threshold is tried per column instead of all, which helps with few rows.
    seed
        Draws rows and columns.
    """

    def __init__(  # noqa: PLR0913  (an estimator's settings, given by name)
        self,
        n_rounds: int = 300,
        learning_rate: float = 0.05,
        n_leaves: int | None = None,
        min_rows_per_leaf: int = 20,
        reg_lambda: float = 5.0,
        row_fraction: float = 1.0,
        column_fraction: float = 0.5,
        has_random_splits: bool = False,  # noqa: FBT001, FBT002
        seed: int = 0,
    ) -> None:
        self.n_rounds = n_rounds
        self.learning_rate = learning_rate
        self.n_leaves = n_leaves
        self.min_rows_per_leaf = min_rows_per_leaf
        self.reg_lambda = reg_lambda
        self.row_fraction = row_fraction
        self.column_fraction = column_fraction
        self.has_random_splits = has_random_splits
        self.seed = seed

    def warm_start_state(self, features: Matrix, rows: FitRows) -> State:
        """Return the predictions for the training rows.

        The booster still holds them, and predicting the rows again would take half as long as the
        fit; `eval_train` hands them to its metric.
        """
        predictions: list[npt.NDArray[np.float32]] = []

        def keep(
            predicted: npt.NDArray[np.float64], _: lightgbm.Dataset
        ) -> list[tuple[str, float, bool]]:
            predictions.append(predicted.astype(np.float32))
            return []

        self.booster.eval_train(keep)
        return {_PREDICTED: predictions[0]}

    def _boost(
        self,
        features: Matrix,
        targets: npt.NDArray[np.generic],
        objective: dict[str, Any],
        init_score: npt.NDArray[np.floating] | None = None,
        *,
        is_warm: bool = False,
        sample_weight: npt.NDArray[np.float64] | None = None,
    ) -> lightgbm.Booster:
        """Grow the trees, starting at scores of shape (n, P); None starts at the best constant."""
        settings = self._settings(len(targets)) | objective
        if is_warm:
            settings["n_estimators"] = max(1, round(_WARM_ROUNDS * self.n_rounds))
            settings["learning_rate"] = _WARM_RATE * self.learning_rate
        if init_score is not None:
            init_score = init_score.ravel(order="F")  # LightGBM's order: by class, then by row
        dataset = lightgbm.Dataset(features, targets, weight=sample_weight, init_score=init_score)
        return lightgbm.train(settings, dataset, keep_training_booster=True)

    def _settings(self, n_rows: int) -> dict[str, Any]:
        leaves = int(np.clip(n_rows // _ROWS_PER_LEAF, _MIN_LEAVES, _MAX_LEAVES))
        return {
            "learning_rate": self.learning_rate,
            "n_estimators": self.n_rounds,
            "num_leaves": self.n_leaves or leaves,
            "min_child_samples": self.min_rows_per_leaf,
            "reg_lambda": self.reg_lambda,
            "subsample": self.row_fraction,
            "subsample_freq": 1,  # at the default of 0, LightGBM ignores the fraction
            "colsample_bytree": self.column_fraction,
            "extra_trees": self.has_random_splits,
            "random_state": self.seed,
            "n_jobs": 1,  # fits run side by side
            "deterministic": True,
            # A fifth quicker here than by rows; otherwise LightGBM times both at every fit.
            "force_col_wise": True,
            "bin_construct_sample_cnt": _ROWS_FOR_BINS,
            "verbose": -1,
        }


class BoostingClassifier(ClassifierMixin, _Trees):  # type: ignore[misc]
    """Trees for classes."""

    def fit(
        self,
        features: Matrix,
        codes: npt.NDArray[np.int32],
        sample_weight: npt.NDArray[np.float64] | None = None,
    ) -> BoostingClassifier:
        self.classes_, encoded = np.unique(codes, return_inverse=True)
        self.booster = self._boost(
            features, encoded, self._objective(), sample_weight=sample_weight
        )
        return self

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return probabilities, shape (n, K)."""
        return _probabilities(_raw_scores(self.booster, features))

    def fit_from(
        self, features: Matrix, targets: npt.NDArray[np.generic], state: Arrays
    ) -> BoostingClassifier:
        """Grow further trees on the previous scores."""
        self.classes_, encoded = np.unique(targets, return_inverse=True)
        predicted = state[_PREDICTED].astype(np.float64)
        if predicted.ndim == 1:  # of two classes, LightGBM gives only the second's
            predicted = np.column_stack([1 - predicted, predicted])
        scores = _scores(predicted)
        self.booster = self._boost(features, encoded, self._objective(), scores, is_warm=True)
        return self

    def predict_from(
        self, features: Matrix, previous: npt.NDArray[np.floating]
    ) -> npt.NDArray[np.floating]:
        """Return probabilities by the previous scores plus the further trees', shape (n, K)."""
        return _probabilities(_scores(previous) + _raw_scores(self.booster, features))

    def _objective(self) -> dict[str, Any]:
        n_classes = len(self.classes_)
        if n_classes == 2:
            return {"objective": "binary"}
        return {"objective": "multiclass", "num_class": n_classes}


class BoostingRegressor(RegressorMixin, _Trees):  # type: ignore[misc]
    """Trees for numbers, with Fair's loss, which limits the pull of wrong labels."""

    def fit(self, features: Matrix, values: npt.NDArray[np.float64]) -> BoostingRegressor:
        self.booster = self._boost(features, values, {"objective": "fair"})
        return self

    def predict(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return numbers, shape (n,)."""
        return _raw_scores(self.booster, features)[:, 0]

    def fit_from(
        self, features: Matrix, targets: npt.NDArray[np.generic], state: Arrays
    ) -> BoostingRegressor:
        """Grow further trees on the previous numbers."""
        predicted = state[_PREDICTED].astype(np.float64)
        objective = {"objective": "fair"}
        self.booster = self._boost(features, targets, objective, predicted, is_warm=True)
        return self

    def predict_from(
        self, features: Matrix, previous: npt.NDArray[np.floating]
    ) -> npt.NDArray[np.floating]:
        """Return the previous numbers plus the further trees', shape (n, 1)."""
        return previous + _raw_scores(self.booster, features)


def _raw_scores(booster: lightgbm.Booster, features: Matrix) -> npt.NDArray[np.float64]:
    """Return the sums of the trees' values, shape (n, P); with two classes P = 1, the second's."""
    scores = np.asarray(booster.predict(features, raw_score=True, num_threads=1))
    return scores.reshape(features.shape[0], -1)


def _probabilities(scores: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    if scores.shape[1] > 1:
        return np.asarray(softmax(scores, axis=1))
    second = expit(scores[:, 0])
    return np.column_stack([1 - second, second])


def _scores(probabilities: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Invert `_probabilities`: shape (n, 1) for two classes, else (n, K)."""
    logs = np.log(np.maximum(probabilities.astype(np.float64), _MIN_PROBABILITY))
    if logs.shape[1] == 2:
        return logs[:, 1:] - logs[:, :1]
    return logs
