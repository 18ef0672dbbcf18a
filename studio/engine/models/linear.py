"""Linear models of many sparse features."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.svm import LinearSVC

from studio.engine.features.base import Matrix
from studio.engine.models.base import WarmStart
from studio.engine.runtime.cache import Arrays

_TOLERANCE = 0.01  # as accurate as 0.0001 on 77 classes
_FURTHER_STEPS, _LOOKS = 3, 2  # of a fit that goes on; in the direction of each step
_LITTLE = 0.05  # of the squared slope at first; a further step is not worth its time
_MOST_KEPT = 5_000_000  # weights of a fit that another may go on from
_PLANES = "planes"
_TINY = np.float32(1e-20)


class MarginClassifier(ClassifierMixin, WarmStart, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A linear support vector machine, one class against the rest, whose margins are turned into
    probabilities.

    Many times faster than logistic regression on wide sparse features with many classes. The
    softmax of the margins only ranks; the temperature that cross-validation fits afterwards makes
    probabilities of it.

    A warm start takes two or three steps downhill from the former planes, for all classes at once.
    See docs/decisions/warm-start.md, and for the solvers docs/decisions/linear-solvers.md.
    """

    def __init__(self, strength: float = 0.5) -> None:
        self.strength = strength

    def fit(self, features: Matrix, codes: npt.NDArray[np.int32]) -> MarginClassifier:
        """Fit one separating plane per class (one for two classes)."""
        machine = primal_machine(self.strength).fit(_with_short_indices(features), codes)
        self.classes_ = machine.classes_
        self._planes = np.vstack([machine.coef_.T, machine.intercept_]).astype(np.float32)
        return self

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return the softmax of the margins, shape (n, K)."""
        margins = _margins(self._planes, features)
        if margins.shape[1] == 1:
            margins = np.hstack([-margins, margins])
        probabilities: npt.NDArray[np.floating] = softmax(margins, axis=1)
        return probabilities

    def memory(
        self, features: Matrix, seen: npt.NDArray[np.int64], asked: npt.NDArray[np.int64]
    ) -> dict[str, npt.NDArray[np.generic]]:
        """Return the planes, unless they have too many weights."""
        return {_PLANES: self._planes} if self._planes.size <= _MOST_KEPT else {}

    def fit_from(
        self, features: Matrix, targets: npt.NDArray[np.generic], memory: Arrays
    ) -> MarginClassifier:
        """Take a few steps of conjugate gradients, each to the lowest point of its direction.

        The loss per class is half the squared weights plus, for each row, the strength times the
        square of what its margin falls short of 1: piecewise quadratic, so that Newton's method
        finds that point at the second look.

        References
        ----------
        Keerthi and DeCoste, A Modified Finite Newton Method for Fast Solution of Large Scale Linear
        SVMs (2005).
        """
        self.classes_ = np.unique(targets)
        told_apart = self.classes_[1:] if len(self.classes_) == 2 else self.classes_
        side = np.where(targets[:, None] == told_apart, np.float32(1), np.float32(-1))
        planes = np.array(memory[_PLANES], dtype=np.float32)
        reached, double = side * _margins(planes, features), np.float32(2 * self.strength)
        steepness = 1 + double * _sums((reached < 1).astype(np.float32), features**2)
        downhill = direction = np.zeros_like(planes)
        first_size, size = 0.0, np.ones(planes.shape[1], dtype=np.float32)
        for _ in range(_FURTHER_STEPS):
            former, downhill = (
                downhill,
                double * _sums(side * np.maximum(1 - reached, 0), features) - planes,
            )
            eased = downhill / steepness
            turn = np.maximum(
                (eased * (downhill - former)).sum(axis=0) / size, 0
            )  # Polak and Ribière's
            direction, size = (
                eased + turn * direction,
                np.maximum((eased * downhill).sum(axis=0), _TINY),
            )
            first_size = first_size or float(size.sum())
            if size.sum() < _LITTLE * first_size:
                break
            change, length = side * _margins(direction, features), np.zeros_like(size)
            for _ in range(_LOOKS):
                short = np.maximum(1 - reached - length * change, 0)
                rise = ((planes + length * direction) * direction).sum(axis=0)
                rise -= double * (change * short).sum(axis=0)
                bend = (direction**2).sum(axis=0) + double * (change**2 * (short > 0)).sum(axis=0)
                length -= rise / np.maximum(bend, _TINY)
            planes, reached = planes + length * direction, reached + length * change
        self._planes = planes
        return self

    def predict_from(
        self, features: Matrix, before: npt.NDArray[np.floating]
    ) -> npt.NDArray[np.floating]:
        """Return the softmax of the margins, shape (n, K)."""
        return self.predict_proba(features)


def primal_machine(strength: float) -> LinearSVC:
    """Return an unfitted machine whose fit is the same each time, also beside others.

    The dual problem takes two thirds of the time, but its rows are drawn by a generator that all
    threads of a process share, so that fits side by side would depend on which comes first.
    """
    return LinearSVC(C=strength, dual=False, tol=_TOLERANCE)


def _with_short_indices(features: Matrix) -> Matrix:
    """Return the features with indices of 32 bits, which liblinear insists on; SciPy widens those
    that it stacks.
    """
    if isinstance(features, np.ndarray) or features.indices.dtype == np.int32:
        return features
    parts = (features.data, features.indices.astype(np.int32), features.indptr.astype(np.int32))
    return sparse.csr_array(parts, shape=features.shape)


def _margins(planes: npt.NDArray[np.float32], features: Matrix) -> npt.NDArray[np.float32]:
    """Return the rows' distances from planes, in units of the margin, shape (n, P); offsets are
    their last row.
    """
    return np.asarray(features @ planes[:-1] + planes[-1])


def _sums(values: npt.NDArray[np.float32], features: Matrix) -> npt.NDArray[np.float32]:
    """Return the sums over the rows of features times values of shape (n, P), and of the values
    themselves last.
    """
    return np.vstack([features.T @ values, values.sum(axis=0)])
