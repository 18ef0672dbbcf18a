"""Gradient boosted trees, for classes and for numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from studio.engine.features.base import Matrix
from studio.engine.models.base import WarmStart
from studio.engine.models.openmp import lightgbm
from studio.engine.runtime.cache import Arrays

_FEWEST_LEAVES, _MOST_LEAVES, _ROWS_PER_LEAF = 15, 127, 1_000
_FURTHER_ROUNDS, _FURTHER_STEP = (
    0.1,
    2.0,
)  # of the rounds and of the learning rate, for a fit that goes on
_ROWS_FOR_BINS = 20_000  # that many say where to cut a column as well as ten times as many
_LEAST_PROBABILITY = 1e-9
_SAID = (  # of the rows fitted to: probabilities, with two classes that of the second, or numbers
    "said"
)


class _Trees(WarmStart, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """LightGBM with shallow trees that each see half of the columns, so that wrong labels are not
    learned.

    No early stopping: it would set rows aside. See docs/decisions/trees.md.

    A warm start adds a tenth of the trees at twice the learning rate. See
    docs/decisions/warm-start.md.

    Parameters
    ----------
    n_rounds
        Trees, or trees per class.
    learning_rate
        How much of a tree's advice is taken.
    n_leaves, min_rows_per_leaf
        Size of a tree. Without a number, leaves grow with the rows: many rows hold more than
        fifteen leaves can say.
    penalty
        Of squared leaf values.
    row_fraction, column_fraction
        What each tree sees.
    has_random_splits
        Whether one threshold per column is drawn in place of the best being sought, which helps
        with few rows.
    seed
        Draws rows and columns.
    """

    def __init__(  # noqa: PLR0913  (an estimator's settings, given by name)
        self,
        n_rounds: int = 300,
        learning_rate: float = 0.05,
        n_leaves: int | None = None,
        min_rows_per_leaf: int = 20,
        penalty: float = 5.0,
        row_fraction: float = 1.0,
        column_fraction: float = 0.5,
        has_random_splits: bool = False,  # noqa: FBT001, FBT002
        seed: int = 0,
    ) -> None:
        self.n_rounds = n_rounds
        self.learning_rate = learning_rate
        self.n_leaves = n_leaves
        self.min_rows_per_leaf = min_rows_per_leaf
        self.penalty = penalty
        self.row_fraction = row_fraction
        self.column_fraction = column_fraction
        self.has_random_splits = has_random_splits
        self.seed = seed

    def memory(
        self, features: Matrix, seen: npt.NDArray[np.int64], asked: npt.NDArray[np.int64]
    ) -> dict[str, npt.NDArray[np.generic]]:
        """Return what training came to for the rows fitted to: to predict them takes half as long
        as the fit.
        """
        said: list[npt.NDArray[np.float32]] = []

        def note(
            predicted: npt.NDArray[np.float64], _: lightgbm.Dataset
        ) -> list[tuple[str, float, bool]]:
            said.append(predicted.astype(np.float32))
            return []

        self._booster.eval_train(note)
        return {_SAID: said[0]}

    def _grown(
        self,
        features: Matrix,
        targets: npt.NDArray[np.generic],
        objective: dict[str, Any],
        start: npt.NDArray[np.floating] | None = None,
        *,
        is_further: bool = False,
    ) -> lightgbm.Booster:
        """Grow the trees, or just further ones, from sums of shape (n, P) on; None is what is best
        for all rows.
        """
        settings = self._settings(len(targets)) | objective
        if is_further:
            settings["n_estimators"] = max(1, round(_FURTHER_ROUNDS * self.n_rounds))
            settings["learning_rate"] = _FURTHER_STEP * self.learning_rate
        # In the order of classes, then rows: the form in which LightGBM keeps sums.
        sums = None if start is None else start.ravel(order="F")
        rows = lightgbm.Dataset(features, targets, init_score=sums)
        return lightgbm.train(settings, rows, keep_training_booster=True)

    def _settings(self, n_rows: int) -> dict[str, Any]:
        leaves = int(np.clip(n_rows // _ROWS_PER_LEAF, _FEWEST_LEAVES, _MOST_LEAVES))
        return {
            "learning_rate": self.learning_rate,
            "n_estimators": self.n_rounds,
            "num_leaves": self.n_leaves or leaves,
            "min_child_samples": self.min_rows_per_leaf,
            "reg_lambda": self.penalty,
            "subsample": self.row_fraction,
            "subsample_freq": 1,
            "colsample_bytree": self.column_fraction,
            "extra_trees": self.has_random_splits,
            "random_state": self.seed,
            "n_jobs": 1,
            "deterministic": True,
            "force_col_wise": (
                True
            ),  # a fifth quicker here than by rows; else LightGBM times both at every fit
            "bin_construct_sample_cnt": _ROWS_FOR_BINS,
            "verbose": -1,
        }


class Boosting(ClassifierMixin, _Trees):  # type: ignore[misc]
    """Trees for classes."""

    def fit(self, features: Matrix, codes: npt.NDArray[np.int32]) -> Boosting:
        """Grow a tree per class and round (one for two classes)."""
        self.classes_, places = np.unique(codes, return_inverse=True)
        self._booster = self._grown(features, places, self._objective())
        return self

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return the softmax of the trees' sums, shape (n, K)."""
        return _probabilities(_sums(self._booster, features))

    def fit_from(
        self, features: Matrix, targets: npt.NDArray[np.generic], memory: Arrays
    ) -> Boosting:
        """Grow further trees."""
        self.classes_, places = np.unique(targets, return_inverse=True)
        said = memory[_SAID].astype(np.float64)
        margins = _margins(np.column_stack([1 - said, said]) if said.ndim == 1 else said)
        self._booster = self._grown(features, places, self._objective(), margins, is_further=True)
        return self

    def predict_from(
        self, features: Matrix, before: npt.NDArray[np.floating]
    ) -> npt.NDArray[np.floating]:
        """Return the softmax of the former margins and the further trees' sums, shape (n, K)."""
        return _probabilities(_margins(before) + _sums(self._booster, features))

    def _objective(self) -> dict[str, Any]:
        n_classes = len(self.classes_)
        return (
            {"objective": "binary"}
            if n_classes == 2
            else {"objective": "multiclass", "num_class": n_classes}
        )


class NumberBoosting(RegressorMixin, _Trees):  # type: ignore[misc]
    """Trees for numbers, by Fair's loss, which hardly grows with the size of an error: wrong labels
    pull little.
    """

    def fit(self, features: Matrix, values: npt.NDArray[np.float64]) -> NumberBoosting:
        """Grow a tree per round."""
        self._booster = self._grown(features, values, {"objective": "fair"})
        return self

    def predict(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return the trees' sums, shape (n,)."""
        return _sums(self._booster, features)[:, 0]

    def fit_from(
        self, features: Matrix, targets: npt.NDArray[np.generic], memory: Arrays
    ) -> NumberBoosting:
        """Grow further trees."""
        said = memory[_SAID].astype(np.float64)
        self._booster = self._grown(features, targets, {"objective": "fair"}, said, is_further=True)
        return self

    def predict_from(
        self, features: Matrix, before: npt.NDArray[np.floating]
    ) -> npt.NDArray[np.floating]:
        """Return the former numbers and the further trees' sums, shape (n, 1)."""
        return before + _sums(self._booster, features)


def _sums(booster: lightgbm.Booster, features: Matrix) -> npt.NDArray[np.float64]:
    """Return the sums of the trees, shape (n, P); with two classes P = 1, that of the second."""
    sums = np.asarray(booster.predict(features, raw_score=True, num_threads=1))
    return sums.reshape(features.shape[0], -1)


def _probabilities(sums: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    if sums.shape[1] > 1:
        return np.asarray(softmax(sums, axis=1))
    second = expit(sums[:, 0])
    return np.column_stack([1 - second, second])


def _margins(probabilities: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return sums of which `_probabilities` makes these, shape (n, 1) for two classes, else (n,
    K).
    """
    logs = np.log(np.maximum(probabilities.astype(np.float64), _LEAST_PROBABILITY))
    return logs[:, 1:] - logs[:, :1] if logs.shape[1] == 2 else logs
