"""A small neural network for compact dense features."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neural_network import MLPClassifier

from studio.engine.features.base import Matrix
from studio.engine.runtime.cache import Arrays
from studio.engine.warm_start.estimator import FitRows, State, WarmStart

_N_EPOCHS = 30  # of a fit from scratch
_N_WARM_EPOCHS = 10
_ROWS_PER_BATCH = 96
_LEARNING_RATE = 3e-3
_UNREACHABLE_TOLERANCE = 1e9  # see `_untrained`


class SmallNetwork(ClassifierMixin, WarmStart, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """One hidden layer, trained for a fixed number of epochs: wrong labels are learned last.

    Parameters
    ----------
    n_hidden
        Units of the hidden layer.
    alpha
        Penalty on squared weights. Strong by default, as some labels are wrong; see
        docs/decisions/small-tables.md.
    seed
        Of the weights and of the order of rows.
    """

    def __init__(self, n_hidden: int = 64, alpha: float = 0.3, seed: int = 0) -> None:
        self.n_hidden = n_hidden
        self.alpha = alpha
        self.seed = seed

    def fit(
        self,
        features: Matrix,
        codes: npt.NDArray[np.int32],
        sample_weight: npt.NDArray[np.float64] | None = None,
    ) -> SmallNetwork:
        network = self._untrained(len(codes), _N_EPOCHS)
        self.network = network.fit(features, codes, sample_weight)
        self.classes_ = self.network.classes_
        return self

    def warm_start_state(self, features: Matrix, rows: FitRows) -> State:
        """Return the weights."""
        weights = enumerate(_weights(self.network))
        return {f"weights_{number}": array for number, array in weights}

    def fit_from(
        self, features: Matrix, targets: npt.NDArray[np.generic], state: Arrays
    ) -> SmallNetwork:
        """Train for a few epochs from the previous weights."""
        self.classes_ = np.unique(targets)
        network = self._untrained(len(targets), 1 + _N_WARM_EPOCHS)
        # One epoch, which creates the arrays of weights; their values are replaced.
        network.partial_fit(features, targets, classes=self.classes_)
        for number, weights in enumerate(_weights(network)):
            weights[...] = state[f"weights_{number}"]
        self.network = network.set_params(warm_start=True).fit(features, targets)
        return self

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return probabilities, shape (n, K)."""
        probabilities: npt.NDArray[np.floating] = self.network.predict_proba(features)
        return probabilities

    def predict_from(
        self, features: Matrix, previous: npt.NDArray[np.floating]
    ) -> npt.NDArray[np.floating]:
        """Return probabilities, shape (n, K)."""
        return self.predict_proba(features)

    def _untrained(self, n_rows: int, n_epochs: int) -> MLPClassifier:
        return MLPClassifier(
            hidden_layer_sizes=(self.n_hidden,),
            alpha=self.alpha,
            batch_size=min(_ROWS_PER_BATCH, n_rows),
            learning_rate_init=_LEARNING_RATE,
            random_state=self.seed,
            # No epoch after the first improves by as much, so training stops after the number of
            # epochs wanted. With `max_iter` as the limit, scikit-learn would warn.
            tol=_UNREACHABLE_TOLERANCE,
            n_iter_no_change=n_epochs - 2,
            max_iter=n_epochs + 1,
        )


def _weights(network: MLPClassifier) -> list[npt.NDArray[np.floating]]:
    """Return the arrays that training changes in place."""
    return [*network.coefs_, *network.intercepts_]
