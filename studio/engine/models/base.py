"""What cross-validation expects of a model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from studio.engine.features.base import Matrix
from studio.engine.runtime.cache import Arrays


class Classifier(Protocol):
    """The part of scikit-learn's classifiers that is used here."""

    classes_: npt.NDArray[np.int32]

    def fit(self, features: Matrix, codes: npt.NDArray[np.int32]) -> object:
        """Learn from rows of at least two classes."""

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return class probabilities, columns in the order of `classes_`."""

    def get_params(self) -> Mapping[str, object]:
        """Return the parameters that decide the fit, apart from the data."""

    def set_params(self, **params: object) -> object:
        """Change some of these parameters."""


class Regressor(Protocol):
    """The part of scikit-learn's regressors that is used here."""

    def fit(self, features: Matrix, values: npt.NDArray[np.float64]) -> object:
        """Learn from rows with a number each."""

    def predict(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return a number per row, shape (n,)."""

    def get_params(self) -> Mapping[str, object]:
        """Return the parameters that decide the fit, apart from the data."""

    def set_params(self, **params: object) -> object:
        """Change some of these parameters."""


class SetClassifier(ABC):
    """A model that fits all classes of a multi-label task together, where others are fitted once
    per class.
    """

    @abstractmethod
    def fit(self, features: Matrix, members: npt.NDArray[np.int32]) -> object:
        """Learn from whether each class applies, shape (n, K); each applies to some rows and not to
        others.
        """

    @abstractmethod
    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return the probability of each class, shape (n, K)."""

    @abstractmethod
    def get_params(self) -> Mapping[str, object]:
        """Return the parameters that decide the fit, apart from the data."""

    @abstractmethod
    def set_params(self, **params: object) -> object:
        """Change some of these parameters."""


class Sampling(ABC):
    """A classifier for which some of many rows are enough."""

    @abstractmethod
    def sample(self, n_columns: int, codes: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """Return the positions of the rows to fit it to, ascending; every class keeps some."""


class WarmStart(ABC):
    """A model that can go on from an earlier fit to the same rows, few of whose labels were others.

    What is said has shape (n, P): class probabilities in the order of `classes_`, or one column of
    numbers.
    """

    @abstractmethod
    def memory(
        self, features: Matrix, seen: npt.NDArray[np.int64], asked: npt.NDArray[np.int64]
    ) -> dict[str, npt.NDArray[np.generic]]:
        """Return what a later fit goes on from: the model was just fitted to some rows and is asked
        about others.

        Empty where that would be too much to keep; the later fit is done anew then.
        """

    @abstractmethod
    def fit_from(
        self, features: Matrix, targets: npt.NDArray[np.generic], memory: Arrays
    ) -> object:
        """Learn from the same rows as the earlier fit, whose memory this is."""

    @abstractmethod
    def predict_from(
        self, features: Matrix, before: npt.NDArray[np.floating]
    ) -> npt.NDArray[np.floating]:
        """Return what is said after `fit_from` of the rows asked about before, of which `before`
        was said then.
        """
