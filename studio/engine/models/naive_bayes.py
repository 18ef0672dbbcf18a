"""A generative model of the words of each class."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.naive_bayes import MultinomialNB

from studio.engine.features.base import Matrix


class NaiveBayes(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Multinomial naive Bayes of TF-IDF weights.

    It counts rather than optimises, so it hardly learns systematically wrong labels, which linear
    models of the same words learn as a rule.

    Parameters
    ----------
    alpha
        Added to each term's weight in each class.

    References
    ----------
    Rennie, Shih, Teevan and Karger, Tackling the Poor Assumptions of Naive Bayes Text Classifiers
    (2003).
    """

    def __init__(self, alpha: float = 0.05) -> None:
        self.alpha = alpha

    def fit(self, features: Matrix, codes: npt.NDArray[np.int32]) -> NaiveBayes:
        self._model = MultinomialNB(alpha=self.alpha).fit(features, codes)
        self.classes_ = self._model.classes_
        return self

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return class probabilities, shape (n, K)."""
        probabilities: npt.NDArray[np.floating] = self._model.predict_proba(features)
        return probabilities
