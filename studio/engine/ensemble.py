"""Weighs candidates by how well their mixture predicts rows that they have not seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from studio.engine.metrics import Probabilities, log_loss

N_PICKS = 50  # weights are multiples of 1/50


def ensemble_weights(given_probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Choose the candidates' weights in the ensemble.

    Parameters
    ----------
    given_probabilities
        Out-of-sample probability of each row's given class, one column per candidate, shape (n, m).

    Returns
    -------
    ndarray of shape (m,)
        Non-negative, summing to 1.

    Notes
    -----
    Greedy selection with replacement by log loss. The m weights are fitted on the very rows on which the ensemble's
    held-out accuracy is then measured, as is each candidate's one temperature; with a handful of numbers for
    hundreds of rows the bias is far below the accuracy's own uncertainty, but it is there.

    References
    ----------
    Caruana et al., Ensemble Selection from Libraries of Models (2004).
    """
    n_candidates = given_probabilities.shape[1]
    picks = np.zeros(n_candidates)
    mixture = np.zeros(len(given_probabilities))
    for n_picked in range(1, N_PICKS + 1):
        losses = [log_loss((mixture + given_probabilities[:, m]) / n_picked) for m in range(n_candidates)]
        best = int(np.argmin(losses))
        picks[best] += 1
        mixture += given_probabilities[:, best]
    return picks / N_PICKS


def mixture(members: Sequence[Probabilities], weights: Sequence[float]) -> Probabilities:
    """Return the weighted mean of class probabilities, shape (n, K)."""
    total = np.zeros_like(members[0])
    for probabilities, weight in zip(members, weights, strict=True):
        if weight > 0:
            total += np.float32(weight) * probabilities
    total /= total.sum(axis=1, keepdims=True)
    return total
