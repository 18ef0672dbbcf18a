"""Fits one candidate's model to the labels of a task, and says what it predicts in the task's form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from studio.engine.features.base import Matrix
from studio.engine.models.base import Classifier, Regressor, SetClassifier

Predicted = npt.NDArray[np.float32]


class Learner(Protocol):
    """A model of any task. Native thread pools are bound to one thread, for fits run side by side."""

    def fit(self, features: Matrix, targets: npt.NDArray[np.generic]) -> None:
        """Learn from labeled rows: features (n, d) and the targets of `Labels`."""

    def predict(self, features: Matrix) -> Predicted:
        """Return what is predicted: class probabilities (n, K) or numbers (n, 1)."""


class ClassLearner:
    """One of several classes per row: probabilities that sum to 1, 0 for classes that were not seen."""

    def __init__(self, classifier: Classifier, n_classes: int) -> None:
        self._classifier = classifier
        self._n_classes = n_classes
        self._only_class: int | None = None

    def fit(self, features: Matrix, targets: npt.NDArray[np.generic]) -> None:
        """Fit; with so few rows that one class is left, that is all that can be predicted."""
        codes = np.asarray(targets, dtype=np.int32)
        if (codes == codes[0]).all():
            self._only_class = int(codes[0])
            return
        with threadpool_limits(limits=1):  # two OpenMP threads beside a busy process were measured 100 times slower
            self._classifier.fit(features, codes)

    def predict(self, features: Matrix) -> Predicted:
        """Return probabilities, shape (n, K)."""
        aligned = np.zeros((features.shape[0], self._n_classes), dtype=np.float32)
        if self._only_class is not None:
            aligned[:, self._only_class] = 1.0
        elif features.shape[0]:
            with threadpool_limits(limits=1):
                aligned[:, self._classifier.classes_] = self._classifier.predict_proba(features)
        return aligned


class SetLearner:
    """Any number of classes per row: one classifier per class, whose probabilities are independent."""

    def __init__(self, classifiers: Sequence[Classifier]) -> None:
        self._learners = [ClassLearner(classifier, 2) for classifier in classifiers]

    def fit(self, features: Matrix, targets: npt.NDArray[np.generic]) -> None:
        """Fit a classifier per class."""
        members = np.asarray(targets, dtype=np.int32)
        for column, learner in enumerate(self._learners):
            learner.fit(features, members[:, column])

    def predict(self, features: Matrix) -> Predicted:
        """Return the probability of each class, shape (n, K)."""
        return np.column_stack([learner.predict(features)[:, 1] for learner in self._learners])


class JointSetLearner:
    """Any number of classes per row: one model for all classes."""

    def __init__(self, model: SetClassifier) -> None:
        self._model = model
        self._is_constant: npt.NDArray[np.bool_] = np.empty(0, dtype=bool)
        self._first: npt.NDArray[np.float32] = np.empty(0, dtype=np.float32)

    def fit(self, features: Matrix, targets: npt.NDArray[np.generic]) -> None:
        """Fit on the classes that some rows have and some have not."""
        members = np.asarray(targets, dtype=np.int32)
        self._first = members[0].astype(np.float32)
        self._is_constant = np.asarray((members == members[0]).all(axis=0))
        if not self._is_constant.all():
            with threadpool_limits(limits=1):
                self._model.fit(features, members[:, ~self._is_constant])

    def predict(self, features: Matrix) -> Predicted:
        """Return the probability of each class, shape (n, K)."""
        predicted = np.tile(self._first, (features.shape[0], 1))
        if features.shape[0] and not self._is_constant.all():
            with threadpool_limits(limits=1):
                predicted[:, ~self._is_constant] = self._model.predict_proba(features)
        return predicted


class NumberLearner:
    """A number per row. Targets are scaled to mean 0 and deviation 1 for the model, and back."""

    def __init__(self, regressor: Regressor) -> None:
        self._regressor = regressor
        self._mean, self._scale = 0.0, 1.0

    def fit(self, features: Matrix, targets: npt.NDArray[np.generic]) -> None:
        """Fit."""
        values = np.asarray(targets, dtype=np.float64)
        self._mean, self._scale = float(values.mean()), float(values.std()) or 1.0
        with threadpool_limits(limits=1):
            self._regressor.fit(features, (values - self._mean) / self._scale)

    def predict(self, features: Matrix) -> Predicted:
        """Return the numbers, shape (n, 1)."""
        if not features.shape[0]:
            return np.empty((0, 1), dtype=np.float32)
        with threadpool_limits(limits=1):
            scaled = np.asarray(self._regressor.predict(features), dtype=np.float64)
        return (scaled * self._scale + self._mean).astype(np.float32)[:, None]
