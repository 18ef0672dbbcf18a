"""Linear models of many sparse features."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.svm import LinearSVC

from studio.engine.features.base import Matrix

_TOLERANCE = 0.1  # as accurate as 0.001 on 77 classes, in a third of the time


class MarginClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A linear support vector machine, one class against the rest, whose margins are turned into probabilities.

    Many times faster than logistic regression on wide sparse features with many classes. The softmax of the margins
    only ranks; the temperature that cross-validation fits afterwards makes probabilities of it.
    """

    def __init__(self, strength: float = 0.5, seed: int = 0) -> None:
        self.strength = strength
        self.seed = seed

    def fit(self, features: Matrix, codes: npt.NDArray[np.int32]) -> MarginClassifier:
        """Fit one separating plane per class (one for two classes)."""
        machine = LinearSVC(C=self.strength, random_state=self.seed, dual=True, tol=_TOLERANCE)
        self._machine = machine.fit(features, codes)
        self.classes_ = self._machine.classes_
        return self

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return the softmax of the margins, shape (n, K)."""
        margins = self._machine.decision_function(features)
        if margins.ndim == 1:
            margins = np.column_stack([-margins, margins])
        probabilities: npt.NDArray[np.floating] = softmax(margins, axis=1)
        return probabilities
