"""Fits one candidate's model to the labels of a task, and predicts in the task's form."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import has_fit_parameter

from studio.engine.features.base import Matrix
from studio.engine.labels.scale import LabelScale
from studio.engine.models.base import Classifier, MultiLabelClassifier, Regressor, Sampling
from studio.engine.runtime.cache import Arrays
from studio.engine.warm_start.estimator import FitRows, State, WarmStartingEstimator

# scikit-learn warns of many classes with a row or two each, which are analysed like others.
warnings.filterwarnings("ignore", "The number of unique classes is greater than 50%", UserWarning)

Predicted = npt.NDArray[np.float32]
# Names in a state, beside those of the model.
_CLASSES = "classes"
_SCALE = "scale"


def taken(features: Matrix, rows: npt.NDArray[np.int64]) -> Matrix:
    """Return some rows, ascending, without copying if that is all of them."""
    if len(rows) == features.shape[0]:
        return features
    return features[rows]


class Learner(ABC):
    """A model of any task, which can continue from an earlier fit after a few labels changed."""

    @property
    @abstractmethod
    def is_warm_startable(self) -> bool:
        """Whether a fit can continue from an earlier one."""

    def sample(self, n_columns: int, targets: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
        """Return the positions of the labeled rows to fit to; for most models all of them."""
        return np.arange(len(targets))

    @abstractmethod
    def fit(
        self, features: Matrix, targets: npt.NDArray[np.generic], state: Arrays | None = None
    ) -> None:
        """Fit to labeled rows.

        Parameters
        ----------
        features
            Shape (n, d).
        targets
            As in `Labels.targets`, n rows.
        state
            The `warm_start_state` of an earlier fit to the same rows. Used if it fits the classes;
            otherwise the fit starts from scratch.
        """

    @abstractmethod
    def predict(self, features: Matrix, previous: Predicted | None = None) -> Predicted:
        """Return class probabilities (n, K) or numbers (n, 1).

        Parameters
        ----------
        features
            Shape (n, d).
        previous
            After a fit from a state: the earlier fit's predictions for these rows.
        """

    @abstractmethod
    def warm_start_state(self, features: Matrix, rows: FitRows) -> State:
        """Return what a later fit can continue from; empty if nothing.

        Parameters
        ----------
        features
            All rows.
        rows
            Those of this fit.
        """


class ClassifierLearner(Learner):
    """One of several classes per row.

    Probabilities sum to 1; those of classes that no training row has are 0. A fit to weighted
    classes always starts from scratch.
    """

    _class_weights: npt.NDArray[np.float64] | None = None

    def __init__(
        self,
        classifier: Classifier,
        n_classes: int,
        class_weights: npt.NDArray[np.float64] | None = None,
    ) -> None:
        self.classifier = classifier
        if class_weights is not None and has_fit_parameter(classifier, "sample_weight"):
            self._class_weights = class_weights
        self._estimator = WarmStartingEstimator(classifier, "predict_proba")
        self._n_classes = n_classes
        self._only_class: int | None = None

    @property
    def is_warm_startable(self) -> bool:
        return self._class_weights is None and self._estimator.can_continue

    def sample(self, n_columns: int, targets: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
        if isinstance(self.classifier, Sampling):
            return self.classifier.sample(n_columns, np.asarray(targets, dtype=np.int32))
        return super().sample(n_columns, targets)

    def fit(
        self, features: Matrix, targets: npt.NDArray[np.generic], state: Arrays | None = None
    ) -> None:
        codes = np.asarray(targets, dtype=np.int32)
        if (codes == codes[0]).all():  # classifiers need two classes
            self._only_class = int(codes[0])
            return
        if self._class_weights is None:
            self._estimator.fit(features, codes, _state_for(state, np.unique(codes)))
            return
        self._estimator.fit_weighted(features, codes, self._class_weights[codes])

    def predict(self, features: Matrix, previous: Predicted | None = None) -> Predicted:
        probabilities = np.zeros((features.shape[0], self._n_classes), dtype=np.float32)
        if self._only_class is not None:
            probabilities[:, self._only_class] = 1.0
        elif features.shape[0]:
            classes = self.classifier.classes_
            if previous is not None:
                previous = previous[:, classes]
            probabilities[:, classes] = self._estimator.predict(features, previous)
        return probabilities

    def warm_start_state(self, features: Matrix, rows: FitRows) -> State:
        if self._only_class is not None or not self.is_warm_startable:
            return {}
        state = self._estimator.state(features, rows)
        if state:
            state[_CLASSES] = self.classifier.classes_
        return state


class BinaryRelevanceLearner(Learner):
    """Any number of classes per row: an independent classifier per class."""

    def __init__(self, classifiers: Sequence[Classifier]) -> None:
        self._learners = [ClassifierLearner(classifier, 2) for classifier in classifiers]

    @property
    def is_warm_startable(self) -> bool:
        return all(learner.is_warm_startable for learner in self._learners)

    def fit(
        self, features: Matrix, targets: npt.NDArray[np.generic], state: Arrays | None = None
    ) -> None:
        members = np.asarray(targets, dtype=np.int32)
        for column, learner in enumerate(self._learners):
            rows = learner.sample(features.shape[1], members[:, column])
            prefix = f"{column} "
            class_state = {
                name.removeprefix(prefix): values
                for name, values in (state or {}).items()
                if name.startswith(prefix)
            }
            learner.fit(taken(features, rows), members[rows, column], class_state)

    def predict(self, features: Matrix, previous: Predicted | None = None) -> Predicted:
        probabilities = []
        for column, learner in enumerate(self._learners):
            previous_pair = None
            if previous is not None:
                applies = previous[:, column]
                previous_pair = np.column_stack([1 - applies, applies])
            probabilities.append(learner.predict(features, previous_pair)[:, 1])
        return np.column_stack(probabilities)

    def warm_start_state(self, features: Matrix, rows: FitRows) -> State:
        """Return the states of all classes, each name after its class's number."""
        state: State = {}
        for column, learner in enumerate(self._learners):
            class_state = learner.warm_start_state(features, rows)
            for name, values in class_state.items():
                state[f"{column} {name}"] = values
        return state


class MultiLabelLearner(Learner):
    """Any number of classes per row: one model for all classes.

    Classes that all training rows have, or none, are predicted as such and not fitted.
    """

    def __init__(self, model: MultiLabelClassifier) -> None:
        self._estimator = WarmStartingEstimator(model, "predict_proba")
        self._is_constant: npt.NDArray[np.bool_] = np.empty(0, dtype=bool)
        self._constants: npt.NDArray[np.float32] = np.empty(0, dtype=np.float32)

    @property
    def is_warm_startable(self) -> bool:
        return self._estimator.can_continue

    def fit(
        self, features: Matrix, targets: npt.NDArray[np.generic], state: Arrays | None = None
    ) -> None:
        members = np.asarray(targets, dtype=np.int32)
        self._constants = members[0].astype(np.float32)
        self._is_constant = np.asarray((members == members[0]).all(axis=0))
        if self._is_constant.all():
            return
        varying = np.flatnonzero(~self._is_constant)
        self._estimator.fit(features, members[:, varying], _state_for(state, varying))

    def predict(self, features: Matrix, previous: Predicted | None = None) -> Predicted:
        probabilities = np.tile(self._constants, (features.shape[0], 1))
        if features.shape[0] and not self._is_constant.all():
            if previous is not None:
                previous = previous[:, ~self._is_constant]
            probabilities[:, ~self._is_constant] = self._estimator.predict(features, previous)
        return probabilities

    def warm_start_state(self, features: Matrix, rows: FitRows) -> State:
        if self._is_constant.all():
            return {}
        state = self._estimator.state(features, rows)
        if state:
            state[_CLASSES] = np.flatnonzero(~self._is_constant)
        return state


class RegressorLearner(Learner):
    """A number per row, which the model learns in the labels' scale, standardised."""

    def __init__(self, regressor: Regressor, scale: LabelScale) -> None:
        self._estimator = WarmStartingEstimator(regressor, "predict")
        self._label_scale = scale
        self._mean = 0.0
        self._scale = 1.0

    @property
    def is_warm_startable(self) -> bool:
        return self._estimator.can_continue

    def fit(
        self, features: Matrix, targets: npt.NDArray[np.generic], state: Arrays | None = None
    ) -> None:
        numbers = np.asarray(targets, dtype=np.float64)
        if state and self.is_warm_startable:
            # The earlier fit's trees or weights are in its own units.
            self._mean, self._scale = state[_SCALE].tolist()
        else:
            values = self._label_scale.scaled(numbers)
            self._mean = float(values.mean())
            self._scale = float(values.std()) or 1.0  # all numbers are equal
        self._estimator.fit(features, self._standardised(numbers), state)

    def predict(self, features: Matrix, previous: Predicted | None = None) -> Predicted:
        if not features.shape[0]:
            return np.empty((0, 1), dtype=np.float32)
        start = None if previous is None else self._standardised(previous)
        standardised = np.asarray(self._estimator.predict(features, start), dtype=np.float64)
        numbers = self._label_scale.given(standardised * self._scale + self._mean)
        return numbers.astype(np.float32).reshape(-1, 1)

    def warm_start_state(self, features: Matrix, rows: FitRows) -> State:
        state = self._estimator.state(features, rows)
        if state:
            state[_SCALE] = np.array([self._mean, self._scale])
        return state

    def _standardised(self, numbers: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        return (self._label_scale.scaled(numbers) - self._mean) / self._scale


def _state_for(state: Arrays | None, classes: npt.NDArray[np.generic]) -> Arrays | None:
    """Return the state if its fit was to the same classes."""
    if state and np.array_equal(state[_CLASSES], classes):
        return state
    return None
