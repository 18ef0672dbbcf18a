"""A small neural network for compact dense features."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neural_network import MLPClassifier

from studio.engine.features.base import Matrix
from studio.engine.models.base import WarmStart
from studio.engine.runtime.cache import Arrays

N_EPOCHS, N_FURTHER_EPOCHS = 30, 10
_ROWS_PER_BATCH = 96
_MUCH_BETTER = 1e9


class SmallNetwork(ClassifierMixin, WarmStart, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """One hidden layer, trained for a fixed number of epochs, as a wrong label is learned late if
    at all.

    Parameters
    ----------
    n_hidden
        Units of the hidden layer.
    penalty
        Of squared weights. Strong by default, as some labels are wrong; see
        docs/decisions/small-tables.md.
    seed
        Of the weights and of the order of rows.
    """

    def __init__(self, n_hidden: int = 64, penalty: float = 0.3, seed: int = 0) -> None:
        self.n_hidden = n_hidden
        self.penalty = penalty
        self.seed = seed

    def fit(self, features: Matrix, codes: npt.NDArray[np.int32]) -> SmallNetwork:
        """Train for all epochs."""
        self._network = self._untrained(len(codes), N_EPOCHS).fit(features, codes)
        self.classes_ = self._network.classes_
        return self

    def memory(
        self, features: Matrix, seen: npt.NDArray[np.int64], asked: npt.NDArray[np.int64]
    ) -> dict[str, npt.NDArray[np.generic]]:
        """Return the weights."""
        return {
            f"weights_{place}": weights for place, weights in enumerate(_weights(self._network))
        }

    def fit_from(
        self, features: Matrix, targets: npt.NDArray[np.generic], memory: Arrays
    ) -> SmallNetwork:
        """Train for a few epochs, beginning with the former weights."""
        self.classes_ = np.unique(targets)
        network = self._untrained(len(targets), 1 + N_FURTHER_EPOCHS)
        network.partial_fit(
            features, targets, classes=self.classes_
        )  # an epoch makes weights, which are replaced
        for place, weights in enumerate(_weights(network)):
            weights[...] = memory[f"weights_{place}"]
        self._network = network.set_params(warm_start=True).fit(features, targets)
        return self

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return the softmax of the outputs, shape (n, K)."""
        probabilities: npt.NDArray[np.floating] = self._network.predict_proba(features)
        return probabilities

    def predict_from(
        self, features: Matrix, before: npt.NDArray[np.floating]
    ) -> npt.NDArray[np.floating]:
        """Return the softmax of the outputs, shape (n, K)."""
        return self.predict_proba(features)

    def _untrained(self, n_rows: int, n_epochs: int) -> MLPClassifier:
        return MLPClassifier(
            hidden_layer_sizes=(self.n_hidden,),
            alpha=self.penalty,
            batch_size=min(_ROWS_PER_BATCH, n_rows),
            learning_rate_init=3e-3,
            random_state=self.seed,
            # No epoch but the first is so much better that it counts: training ends after all of
            # them, and not for want of more, of which it would warn.
            tol=_MUCH_BETTER,
            n_iter_no_change=n_epochs - 2,
            max_iter=n_epochs + 1,
        )


def _weights(network: MLPClassifier) -> list[npt.NDArray[np.floating]]:
    """Return the arrays that training changes in place."""
    return [*network.coefs_, *network.intercepts_]
