"""A linear model of words that are weighed by how unevenly the classes use them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin

from studio.engine.features.base import Matrix
from studio.engine.models.linear.svm import primal_svm

_SMOOTHING = 1.0  # added to each term's weight in either class


class NBSVMClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A linear support vector machine on terms multiplied by their log-count ratios, per class.

    Better than plain weights where few classes differ in tone, worse with many, where a ratio rests
    on too few rows. See docs/decisions/words-by-class.md.

    References
    ----------
    Wang and Manning, Baselines and Bigrams: Simple, Good Sentiment and Topic Classification (2012).
    """

    def __init__(self, C: float = 1.0) -> None:  # noqa: N803  (scikit-learn's name)
        self.C = C

    def fit(
        self,
        features: sparse.csr_array,
        codes: npt.NDArray[np.int32],
        sample_weight: npt.NDArray[np.float64] | None = None,
    ) -> NBSVMClassifier:
        self.classes_ = np.unique(codes)
        positive_classes = self.classes_[1:] if len(self.classes_) == 2 else self.classes_
        coefs = []
        intercepts = []
        for code in positive_classes:
            coef, intercept = self._fit_class(features, codes == code, sample_weight)
            coefs.append(coef)
            intercepts.append(intercept)
        self._coef = np.column_stack(coefs)
        self._intercept = np.array(intercepts)
        return self

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return the softmax of the margins, shape (n, K)."""
        margins = features @ self._coef + self._intercept
        if margins.shape[1] == 1:
            margins = np.column_stack([-margins, margins])
        probabilities: npt.NDArray[np.floating] = softmax(margins, axis=1)
        return probabilities

    def _fit_class(
        self,
        features: sparse.csr_array,
        is_member: npt.NDArray[np.bool_],
        sample_weight: npt.NDArray[np.float64] | None,
    ) -> tuple[npt.NDArray[np.float64], float]:
        """Return weights and intercept.

        The weights include the ratios, so that predictions read the features as they are.
        """
        inside = np.asarray(features[is_member].sum(axis=0)).ravel() + _SMOOTHING
        outside = np.asarray(features[~is_member].sum(axis=0)).ravel() + _SMOOTHING
        ratio = (np.log(inside / inside.sum()) - np.log(outside / outside.sum())).astype(np.float32)
        weighed = features @ sparse.diags_array(ratio)
        machine = primal_svm(self.C).fit(weighed, is_member, sample_weight)
        return machine.coef_[0] * ratio, float(machine.intercept_[0])
