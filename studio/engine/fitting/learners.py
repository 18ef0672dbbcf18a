"""Fits one candidate's model to the labels of a task, and says what it predicts in the task's
form.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from studio.engine.features.base import Matrix
from studio.engine.labels.scale import LabelScale
from studio.engine.models.base import Classifier, Regressor, Sampling, SetClassifier, WarmStart
from studio.engine.runtime.cache import Arrays
from studio.engine.runtime.one_thread import one_thread

# Of many classes with a row or two each, which are analysed like others.
warnings.filterwarnings("ignore", "The number of unique classes is greater than 50%", UserWarning)

Predicted = npt.NDArray[np.float32]
Memory: TypeAlias = dict[str, npt.NDArray[np.generic]]
_CLASSES, _SCALE = "classes", "scale"  # in a memory, beside what the model keeps


def taken(features: Matrix, rows: npt.NDArray[np.int64]) -> Matrix:
    """Return some rows, ascending, without a copy where they are all."""
    return features if len(rows) == features.shape[0] else features[rows]


class Learner(ABC):
    """A model of any task. Native thread pools are bound to one thread, for fits run side by
    side.
    """

    @property
    def is_warm_startable(self) -> bool:
        """Whether a fit can go on from an earlier one."""
        return False

    def sample(self, n_columns: int, targets: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
        """Return the positions of the rows to fit to, of all that are labeled: most models want
        all.
        """
        return np.arange(len(targets))

    @abstractmethod
    def fit(
        self, features: Matrix, targets: npt.NDArray[np.generic], memory: Arrays | None = None
    ) -> None:
        """Learn from labeled rows: features (n, d) and the targets of `Labels`.

        With the memory of an earlier fit to the same rows, go on from that, if it holds what is
        needed.
        """

    @abstractmethod
    def predict(self, features: Matrix, before: Predicted | None = None) -> Predicted:
        """Return what is predicted: class probabilities (n, K) or numbers (n, 1).

        After a fit that went on, `before` is what had been predicted for these rows.
        """

    def memory(
        self, features: Matrix, seen: npt.NDArray[np.int64], asked: npt.NDArray[np.int64]
    ) -> Memory:
        """Return what a later fit goes on from: this one was fitted to some rows and is asked about
        others.

        Empty where nothing can be gone on from.
        """
        return {}


class ClassLearner(Learner):
    """One of several classes per row: probabilities that sum to 1, 0 for classes that were not
    seen.
    """

    def __init__(self, classifier: Classifier, n_classes: int) -> None:
        self._classifier = classifier
        self._n_classes = n_classes
        self._only_class: int | None = None
        self._has_gone_on = False

    @property
    def is_warm_startable(self) -> bool:
        """Whether the classifier is."""
        return isinstance(self._classifier, WarmStart)

    def sample(self, n_columns: int, targets: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
        """Return those that the classifier wants."""
        if isinstance(self._classifier, Sampling):
            return self._classifier.sample(n_columns, np.asarray(targets, dtype=np.int32))
        return super().sample(n_columns, targets)

    def fit(
        self, features: Matrix, targets: npt.NDArray[np.generic], memory: Arrays | None = None
    ) -> None:
        """Fit; with so few rows that one class is left, that is all that can be predicted.

        Where classes came or went, nothing can be gone on from.
        """
        codes = np.asarray(targets, dtype=np.int32)
        if (codes == codes[0]).all():
            self._only_class = int(codes[0])
            return
        former = _if_of_classes(memory, np.unique(codes))
        self._has_gone_on = _fit_or_go_on(self._classifier, features, codes, former)

    def predict(self, features: Matrix, before: Predicted | None = None) -> Predicted:
        """Return probabilities, shape (n, K)."""
        if self._only_class is not None or not features.shape[0]:
            return self._aligned(np.empty((features.shape[0], 0)))
        with one_thread():
            if before is not None and self._has_gone_on and isinstance(self._classifier, WarmStart):
                return self._aligned(
                    self._classifier.predict_from(features, before[:, self._classifier.classes_])
                )
            return self._aligned(self._classifier.predict_proba(features))

    def memory(
        self, features: Matrix, seen: npt.NDArray[np.int64], asked: npt.NDArray[np.int64]
    ) -> Memory:
        """Return the classifier's, with its classes."""
        if self._only_class is not None:
            return {}
        memory = _memory_of(self._classifier, features, seen, asked)
        return {**memory, _CLASSES: self._classifier.classes_} if memory else {}

    def _aligned(self, probabilities: npt.NDArray[np.floating]) -> Predicted:
        aligned = np.zeros((len(probabilities), self._n_classes), dtype=np.float32)
        if self._only_class is not None:
            aligned[:, self._only_class] = 1.0
        elif len(probabilities):
            aligned[:, self._classifier.classes_] = probabilities
        return aligned


class SetLearner(Learner):
    """Any number of classes per row: one classifier per class, whose probabilities are
    independent.
    """

    def __init__(self, classifiers: Sequence[Classifier]) -> None:
        self._learners = [ClassLearner(classifier, 2) for classifier in classifiers]

    @property
    def is_warm_startable(self) -> bool:
        """Whether the classifiers are."""
        return all(learner.is_warm_startable for learner in self._learners)

    def fit(
        self, features: Matrix, targets: npt.NDArray[np.generic], memory: Arrays | None = None
    ) -> None:
        """Fit a classifier per class, each to the rows that it wants."""
        members = np.asarray(targets, dtype=np.int32)
        for column, learner in enumerate(self._learners):
            rows = learner.sample(features.shape[1], members[:, column])
            learner.fit(taken(features, rows), members[rows, column], _of_class(memory, column))

    def predict(self, features: Matrix, before: Predicted | None = None) -> Predicted:
        """Return the probability of each class, shape (n, K)."""
        said = [
            learner.predict(features, _both(before, place))
            for place, learner in enumerate(self._learners)
        ]
        return np.column_stack([both[:, 1] for both in said])

    def memory(
        self, features: Matrix, seen: npt.NDArray[np.int64], asked: npt.NDArray[np.int64]
    ) -> Memory:
        """Return those of all classes."""
        return {
            f"{column} {name}": values
            for column, learner in enumerate(self._learners)
            for name, values in learner.memory(features, seen, asked).items()
        }


def _of_class(memory: Arrays | None, column: int) -> Memory:
    start = f"{column} "
    return {
        name.removeprefix(start): values
        for name, values in (memory or {}).items()
        if name.startswith(start)
    }


def _both(before: Predicted | None, column: int) -> Predicted | None:
    return None if before is None else np.column_stack([1 - before[:, column], before[:, column]])


class JointSetLearner(Learner):
    """Any number of classes per row: one model for all classes."""

    def __init__(self, model: SetClassifier) -> None:
        self._model = model
        self._is_constant: npt.NDArray[np.bool_] = np.empty(0, dtype=bool)
        self._first: npt.NDArray[np.float32] = np.empty(0, dtype=np.float32)
        self._has_gone_on = False

    @property
    def is_warm_startable(self) -> bool:
        """Whether the model is."""
        return isinstance(self._model, WarmStart)

    def fit(
        self, features: Matrix, targets: npt.NDArray[np.generic], memory: Arrays | None = None
    ) -> None:
        """Fit on the classes that some rows have and some have not, which are the same where it
        goes on.
        """
        members = np.asarray(targets, dtype=np.int32)
        self._first = members[0].astype(np.float32)
        self._is_constant = np.asarray((members == members[0]).all(axis=0))
        if self._is_constant.all():
            return
        varying = np.flatnonzero(~self._is_constant)
        former = _if_of_classes(memory, varying)
        self._has_gone_on = _fit_or_go_on(self._model, features, members[:, varying], former)

    def predict(self, features: Matrix, before: Predicted | None = None) -> Predicted:
        """Return the probability of each class, shape (n, K)."""
        predicted = np.tile(self._first, (features.shape[0], 1))
        if features.shape[0] and not self._is_constant.all():
            with one_thread():
                if before is not None and self._has_gone_on and isinstance(self._model, WarmStart):
                    said = self._model.predict_from(features, before[:, ~self._is_constant])
                else:
                    said = self._model.predict_proba(features)
            predicted[:, ~self._is_constant] = said
        return predicted

    def memory(
        self, features: Matrix, seen: npt.NDArray[np.int64], asked: npt.NDArray[np.int64]
    ) -> Memory:
        """Return the model's, with the classes that it tells apart."""
        if self._is_constant.all():
            return {}
        memory = _memory_of(self._model, features, seen, asked)
        return {**memory, _CLASSES: np.flatnonzero(~self._is_constant)} if memory else {}


class NumberLearner(Learner):
    """A number per row. For the model, targets are brought to the labels' scale, mean 0 and
    deviation 1, and back.
    """

    def __init__(self, regressor: Regressor, scale: LabelScale) -> None:
        self._regressor = regressor
        self._label_scale = scale
        self._mean, self._scale = 0.0, 1.0
        self._has_gone_on = False

    @property
    def is_warm_startable(self) -> bool:
        """Whether the regressor is."""
        return isinstance(self._regressor, WarmStart)

    def fit(
        self, features: Matrix, targets: npt.NDArray[np.generic], memory: Arrays | None = None
    ) -> None:
        """Fit, or go on in the former scale."""
        numbers = np.asarray(targets, dtype=np.float64)
        if memory and self.is_warm_startable:
            self._mean, self._scale = memory[_SCALE].tolist()
        else:
            values = self._label_scale.scaled(numbers)
            self._mean, self._scale = float(values.mean()), float(values.std()) or 1.0
        self._has_gone_on = _fit_or_go_on(self._regressor, features, self._scaled(numbers), memory)

    def predict(self, features: Matrix, before: Predicted | None = None) -> Predicted:
        """Return the numbers, shape (n, 1)."""
        if not features.shape[0]:
            return np.empty((0, 1), dtype=np.float32)
        with one_thread():
            if before is not None and self._has_gone_on and isinstance(self._regressor, WarmStart):
                return self._as_given(self._regressor.predict_from(features, self._scaled(before)))
            return self._as_given(self._regressor.predict(features))

    def memory(
        self, features: Matrix, seen: npt.NDArray[np.int64], asked: npt.NDArray[np.int64]
    ) -> Memory:
        """Return the regressor's, with the scale."""
        memory = _memory_of(self._regressor, features, seen, asked)
        return {**memory, _SCALE: np.array([self._mean, self._scale])} if memory else {}

    def _scaled(self, numbers: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        return (self._label_scale.scaled(numbers) - self._mean) / self._scale

    def _as_given(self, scaled: npt.NDArray[np.floating]) -> Predicted:
        given = self._label_scale.given(
            np.asarray(scaled, dtype=np.float64) * self._scale + self._mean
        )
        return given.astype(np.float32).reshape(-1, 1)


def _fit_or_go_on(
    model: Any, features: Matrix, targets: npt.NDArray[np.generic], memory: Arrays | None
) -> bool:
    """Fit the model, and say whether it went on from a memory."""
    goes_on = bool(memory) and isinstance(model, WarmStart)
    with one_thread():  # two OpenMP threads beside a busy process were measured 100 times slower
        if goes_on:
            model.fit_from(features, targets, memory)
        else:
            model.fit(features, targets)
    return goes_on


def _memory_of(
    model: object, features: Matrix, seen: npt.NDArray[np.int64], asked: npt.NDArray[np.int64]
) -> Memory:
    return model.memory(features, seen, asked) if isinstance(model, WarmStart) else {}


def _if_of_classes(memory: Arrays | None, classes: npt.NDArray[np.generic]) -> Arrays | None:
    """Return the memory if it is of a fit to the same classes; from others nothing can go on."""
    return memory if memory and np.array_equal(memory[_CLASSES], classes) else None
