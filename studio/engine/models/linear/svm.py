"""Linear models of many sparse features."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.svm import LinearSVC

from studio.engine.features.base import Matrix
from studio.engine.runtime.cache import Arrays
from studio.engine.warm_start.estimator import FitRows, State, WarmStart

_TOLERANCE = 0.01  # as accurate as 0.0001 on 77 classes
_WARM_STEPS = 3  # of conjugate gradients
# The squared hinge loss is piecewise quadratic: the second Newton step finds the minimum.
_LINE_SEARCH_STEPS = 2
_MIN_DECREASE = 0.05  # of the first squared gradient; a further step is not worth its time
_MAX_KEPT_WEIGHTS = 5_000_000  # 20 MB of float32 per fold
_COEF = "coef"
_TINY = np.float32(1e-20)  # in place of 0 where a class's gradient or direction has vanished

Coef = npt.NDArray[np.float32]


class LinearSVMClassifier(ClassifierMixin, WarmStart, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A linear support vector machine, one class against the rest, with probabilities.

    Many times faster than logistic regression on wide sparse features with many classes. The
    softmax of the margins only ranks; the temperature that cross-validation fits afterwards turns
    it into probabilities.

    A warm start takes two or three conjugate gradient steps from the previous weights, for all
    classes at once. See docs/decisions/warm-start.md, and for the solvers
    docs/decisions/linear-solvers.md.

    Parameters
    ----------
    C
        Weight of the loss against the penalty on squared weights, as in scikit-learn.
    """

    def __init__(self, C: float = 0.5) -> None:  # noqa: N803  (scikit-learn's name)
        self.C = C

    def fit(
        self,
        features: Matrix,
        codes: npt.NDArray[np.int32],
        sample_weight: npt.NDArray[np.float64] | None = None,
    ) -> LinearSVMClassifier:
        machine = primal_svm(self.C).fit(_with_short_indices(features), codes, sample_weight)
        self.classes_ = machine.classes_
        self._coef = np.vstack([machine.coef_.T, machine.intercept_]).astype(np.float32)
        return self

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return the softmax of the margins, shape (n, K)."""
        decision = _decision_function(self._coef, features)
        if decision.shape[1] == 1:
            decision = np.hstack([-decision, decision])
        probabilities: npt.NDArray[np.floating] = softmax(decision, axis=1)
        return probabilities

    def warm_start_state(self, features: Matrix, rows: FitRows) -> State:
        """Return the weights, unless there are too many."""
        if self._coef.size > _MAX_KEPT_WEIGHTS:
            return {}
        return {_COEF: self._coef}

    def fit_from(
        self, features: Matrix, targets: npt.NDArray[np.generic], state: Arrays
    ) -> LinearSVMClassifier:
        """Minimise half the squared weights plus C times the squared hinge losses, per class.

        Nonlinear conjugate gradients by Polak and Ribière, preconditioned by the diagonal of the
        Hessian. scikit-learn's solver cannot begin at given weights.

        References
        ----------
        Keerthi and DeCoste, A Modified Finite Newton Method for Fast Solution of Large Scale Linear
        SVMs (2005).
        """
        self.classes_ = np.unique(targets)
        positive_classes = self.classes_[1:] if len(self.classes_) == 2 else self.classes_
        signs = np.where(targets[:, None] == positive_classes, np.float32(1), np.float32(-1))

        coef = np.array(state[_COEF], dtype=np.float32)
        margins = signs * _decision_function(coef, features)
        double_c = np.float32(2 * self.C)
        # The diagonal of the Hessian at the start; a preconditioner need not be exact.
        has_loss = (margins < 1).astype(np.float32)
        curvature = 1 + double_c * _weighted_sums(has_loss, features**2)

        gradient = np.zeros_like(coef)
        direction = np.zeros_like(coef)
        squared_norm = np.ones(coef.shape[1], dtype=np.float32)
        first_norm = 0.0
        for _ in range(_WARM_STEPS):
            previous_gradient = gradient
            hinge = np.maximum(1 - margins, 0)
            gradient = coef - double_c * _weighted_sums(signs * hinge, features)
            preconditioned = gradient / curvature
            change = gradient - previous_gradient
            # Where it is negative, the conjugate directions are stale: 0 follows the gradient.
            beta = np.maximum((preconditioned * change).sum(axis=0) / squared_norm, 0)
            direction = beta * direction - preconditioned
            squared_norm = np.maximum((preconditioned * gradient).sum(axis=0), _TINY)

            first_norm = first_norm or float(squared_norm.sum())
            if squared_norm.sum() < _MIN_DECREASE * first_norm:
                break

            margin_change = signs * _decision_function(direction, features)
            step = _line_search(coef, direction, margins, margin_change, double_c)
            coef = coef + step * direction
            margins = margins + step * margin_change
        self._coef = coef
        return self

    def predict_from(
        self, features: Matrix, previous: npt.NDArray[np.floating]
    ) -> npt.NDArray[np.floating]:
        """Return the softmax of the margins, shape (n, K)."""
        return self.predict_proba(features)


def primal_svm(C: float) -> LinearSVC:  # noqa: N803  (scikit-learn's name)
    """Return an unfitted machine whose fit is reproducible, also beside other fits.

    The dual problem takes two thirds of the time, but its rows are drawn by a generator that all
    threads of a process share, so that fits side by side would depend on which comes first.
    """
    return LinearSVC(C=C, dual=False, tol=_TOLERANCE)


def _with_short_indices(features: Matrix) -> Matrix:
    """Return the features with 32-bit indices, which liblinear requires; SciPy widens those that it
    stacks.
    """
    if isinstance(features, np.ndarray) or features.indices.dtype == np.int32:
        return features
    parts = (features.data, features.indices.astype(np.int32), features.indptr.astype(np.int32))
    return sparse.csr_array(parts, shape=features.shape)


def _decision_function(coef: Coef, features: Matrix) -> npt.NDArray[np.float32]:
    """Return shape (n, P) for weights of shape (d + 1, P), whose last row are the intercepts."""
    return np.asarray(features @ coef[:-1] + coef[-1])


def _weighted_sums(weights: npt.NDArray[np.float32], features: Matrix) -> Coef:
    """Return the sums over the rows of features times weights (n, P), and of the weights last."""
    return np.vstack([features.T @ weights, weights.sum(axis=0)])


def _line_search(
    coef: Coef,
    direction: Coef,
    margins: npt.NDArray[np.float32],
    margin_change: npt.NDArray[np.float32],
    double_c: np.float32,
) -> npt.NDArray[np.float32]:
    """Return how far to go along the direction of each class, shape (P,), by Newton's method."""
    step = np.zeros(coef.shape[1], dtype=np.float32)
    for _ in range(_LINE_SEARCH_STEPS):
        hinge = np.maximum(1 - margins - step * margin_change, 0)
        slope = ((coef + step * direction) * direction).sum(axis=0)
        slope -= double_c * (margin_change * hinge).sum(axis=0)
        curvature = (direction**2).sum(axis=0)
        curvature = curvature + double_c * (margin_change**2 * (hinge > 0)).sum(axis=0)
        step -= slope / np.maximum(curvature, _TINY)
    return step
