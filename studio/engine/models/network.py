"""A small neural network for compact dense features."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neural_network import MLPClassifier

from studio.engine.features.base import Matrix

N_EPOCHS = 30
_ROWS_PER_BATCH = 96


class SmallNetwork(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """One hidden layer, trained for a fixed number of epochs, as a wrong label is learned late if at all.

    Parameters
    ----------
    n_hidden
        Units of the hidden layer.
    penalty
        Of squared weights. Strong by default, as some labels are wrong: 0.3 was the best compromise of 0.01 … 1 on
        small tables with planted errors.
    seed
        Of the weights and of the order of rows.
    """

    def __init__(self, n_hidden: int = 64, penalty: float = 0.3, seed: int = 0) -> None:
        self.n_hidden = n_hidden
        self.penalty = penalty
        self.seed = seed

    def fit(self, features: Matrix, codes: npt.NDArray[np.int32]) -> SmallNetwork:
        """Train for all epochs."""
        network = MLPClassifier(
            hidden_layer_sizes=(self.n_hidden,),
            alpha=self.penalty,
            batch_size=min(_ROWS_PER_BATCH, len(codes)),
            learning_rate_init=3e-3,
            random_state=self.seed,
        )
        classes = np.unique(codes)
        for _ in range(N_EPOCHS):
            network.partial_fit(features, codes, classes=classes)
        self._network = network
        self.classes_ = network.classes_
        return self

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return the softmax of the outputs, shape (n, K)."""
        probabilities: npt.NDArray[np.floating] = self._network.predict_proba(features)
        return probabilities
