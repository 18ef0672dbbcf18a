"""A small neural network for compact dense features."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from studio.engine.features.base import Matrix

N_EPOCHS = 40
_ROWS_PER_BATCH = 64


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
            learning_rate_init=2e-3,
            max_iter=N_EPOCHS,
            n_iter_no_change=N_EPOCHS,
            random_state=self.seed,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is meant to be fixed
            self._network = network.fit(features, codes)
        self.classes_ = network.classes_
        return self

    def predict_proba(self, features: Matrix) -> npt.NDArray[np.floating]:
        """Return the softmax of the outputs, shape (n, K)."""
        probabilities: npt.NDArray[np.floating] = self._network.predict_proba(features)
        return probabilities
