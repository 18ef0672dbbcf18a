"""What cross-validation expects of a model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from studio.engine.features.base import Matrix


class Estimator(Protocol):
    """The part of scikit-learn's estimators that is used here."""

    def get_params(self) -> Mapping[str, object]: ...

    def set_params(self, **params: object) -> object: ...


class Classifier(Estimator, Protocol):
    """The part of scikit-learn's classifiers that is used here."""

    classes_: npt.NDArray[np.int32]

    def fit(self, features: Matrix, codes: npt.NDArray[np.int32]) -> object:
        """Fit to codes of at least two classes, shape (n,)."""

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return class probabilities, shape (n, K), columns in the order of `classes_`."""


class Regressor(Estimator, Protocol):
    """The part of scikit-learn's regressors that is used here."""

    def fit(self, features: Matrix, values: npt.NDArray[np.float64]) -> object:
        """Fit to numbers, shape (n,)."""

    def predict(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return a number per row, shape (n,)."""


class MultiLabelClassifier(ABC):
    """A model that fits all classes of a multi-label task together; others are fitted per class."""

    @abstractmethod
    def fit(self, features: Matrix, members: npt.NDArray[np.int32]) -> object:
        """Fit to whether each class applies, shape (n, K); to some rows each, and not to all."""

    @abstractmethod
    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return the probability of each class, shape (n, K)."""

    @abstractmethod
    def get_params(self) -> Mapping[str, object]: ...

    @abstractmethod
    def set_params(self, **params: object) -> object: ...


class Sampling(ABC):
    """A classifier for which some of many rows are enough."""

    @abstractmethod
    def sample(self, n_columns: int, codes: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """Return the positions of the rows to fit to, ascending; every class keeps some."""
