"""Estimators whose fits can continue from earlier ones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from studio.engine.features.base import Matrix
from studio.engine.runtime.cache import Arrays
from studio.engine.runtime.one_thread import one_thread

State: TypeAlias = dict[str, npt.NDArray[np.generic]]


class FitRows(NamedTuple):
    """Positions of the rows that a model was fitted to, and of those that it predicts."""

    train: npt.NDArray[np.int64]
    predict: npt.NDArray[np.int64]


class WarmStart(ABC):
    """A model that can continue from an earlier fit to the same rows, few of whose labels changed.

    Predictions have shape (n, P): class probabilities in the order of `classes_`, or one column of
    numbers.
    """

    @abstractmethod
    def warm_start_state(self, features: Matrix, rows: FitRows) -> State:
        """Return what a later fit needs to continue from this one.

        Empty if that is too large to keep; the later fit then starts from scratch.

        Parameters
        ----------
        features
            All rows, shape (n, d).
        rows
            Those of this fit.
        """

    @abstractmethod
    def fit_from(self, features: Matrix, targets: npt.NDArray[np.generic], state: Arrays) -> object:
        """Fit the same rows as the earlier fit, continuing from its `state`."""

    @abstractmethod
    def predict_from(
        self, features: Matrix, previous: npt.NDArray[np.floating]
    ) -> npt.NDArray[np.floating]:
        """Return updated predictions, after `fit_from`, for the rows whose previous predictions are
        `previous`.
        """


class WarmStartingEstimator:
    """An estimator that is fitted from the state of an earlier fit if possible, else from scratch.

    Native thread pools are bound to one thread, for fits that run side by side: two OpenMP threads
    beside a busy process were measured to be a hundred times slower.
    """

    def __init__(self, estimator: Any, method: Literal["predict", "predict_proba"]) -> None:
        self.estimator = estimator
        self._method = method
        self._has_continued = False

    @property
    def can_continue(self) -> bool:
        """Whether the estimator can continue from an earlier fit."""
        return isinstance(self.estimator, WarmStart)

    def fit(self, features: Matrix, targets: npt.NDArray[np.generic], state: Arrays | None) -> None:
        """Fit to `targets`; an empty state, or None, means from scratch."""
        self._has_continued = bool(state) and self.can_continue
        with one_thread():
            if self._has_continued:
                self.estimator.fit_from(features, targets, state)
            else:
                self.estimator.fit(features, targets)

    def fit_weighted(
        self,
        features: Matrix,
        targets: npt.NDArray[np.generic],
        sample_weight: npt.NDArray[np.float64],
    ) -> None:
        """Fit from scratch to rows that do not weigh the same."""
        self._has_continued = False
        with one_thread():
            self.estimator.fit(features, targets, sample_weight=sample_weight)

    def predict(
        self, features: Matrix, previous: npt.NDArray[np.floating] | None
    ) -> npt.NDArray[np.floating]:
        """Return predictions; `previous` are those of the earlier fit for the same rows, if any."""
        with one_thread():
            if self._has_continued and previous is not None:
                predicted = self.estimator.predict_from(features, previous)
            else:
                predicted = getattr(self.estimator, self._method)(features)
        return np.asarray(predicted)

    def state(self, features: Matrix, rows: FitRows) -> State:
        """Return the estimator's `warm_start_state`; empty if it cannot continue."""
        if not isinstance(self.estimator, WarmStart):
            return {}
        return self.estimator.warm_start_state(features, rows)
