"""Weights of the candidates, by the out-of-sample loss of their mixture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from studio.engine.fitting.metrics import Probabilities

N_PICKS = 50  # weights are multiples of a fiftieth
# Candidates with less weight are left out, unless that raises the loss by more than this factor:
# each costs every prediction its features and time.
MIN_SHARE = 0.05
MAX_LOSS_RISE = 1.001
SHRINKAGES = (1.0, 0.75, 0.5, 0.25)  # towards equal weights; the first that the losses allow


Losses: TypeAlias = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]


def ensemble_weights(columns: npt.NDArray[np.float64], losses: Losses) -> npt.NDArray[np.float64]:
    """Return the candidates' weights in the ensemble.

    Parameters
    ----------
    columns
        Each candidate's out-of-sample probability of the given label, or number; shape (n, m).
    losses
        Returns the losses of a mixture of the columns, shape (n,).

    Returns
    -------
    ndarray of shape (m,)
        Non-negative, summing to 1.

    Notes
    -----
    Greedy selection with replacement; candidates with less than a twentieth are left out where the
    loss hardly rises, and all but the best one where the mixture is no better than that. The m
    weights are fitted on the very rows on which the ensemble's held-out accuracy is then measured,
    as is each candidate's calibration; with a handful of numbers for hundreds of rows the bias is
    far below the accuracy's own uncertainty, but it is there.

    References
    ----------
    Caruana et al., Ensemble Selection from Libraries of Models (2004).
    """
    n_candidates = columns.shape[1]
    if n_candidates == 1:
        return np.ones(1)

    def loss(column: npt.NDArray[np.float64]) -> float:
        return float(losses(column).mean())

    # A candidate may be picked again, so how often it was is its weight.
    picks = np.zeros(n_candidates)
    total = np.zeros(len(columns))
    for n_picked in range(1, N_PICKS + 1):
        trials = [loss((total + columns[:, m]) / n_picked) for m in range(n_candidates)]
        best = int(np.argmin(trials))
        picks[best] += 1
        total += columns[:, best]
    weights = _without_rare(picks / N_PICKS, columns, loss)
    alone = [loss(column) for column in columns.T]
    if loss(columns @ weights) > min(alone):
        weights = np.zeros(n_candidates)
        weights[np.argmin(alone)] = 1.0
    return weights


def towards_equal(
    weights: npt.NDArray[np.float64], columns: npt.NDArray[np.float64], losses: Losses
) -> npt.NDArray[np.float64]:
    """Move weights towards equal ones, as far as the mean loss rises by no more than its standard
    error, above that of the weights and of the best candidate alone.

    Parameters
    ----------
    weights
        Of the candidates, shape (m,); zeros stay zeros.
    columns, losses
        As in `ensemble_weights`. The losses must be bounded: a few gross errors would make the
        standard error so large that it allowed everything.

    Notes
    -----
    The loss favours candidates that learn wrong labels, and a difference that chance may explain is
    no reason against the others.

    References
    ----------
    Breiman et al., Classification and Regression Trees (1984), for the rule of one standard error.
    """
    equal = (weights > 0) / np.count_nonzero(weights)
    of_weights = losses(columns @ weights)
    of_best = min((losses(column) for column in columns.T), key=np.mean)
    for shrinkage in SHRINKAGES:
        shrunk = (1 - shrinkage) * weights + shrinkage * equal
        of_shrunk = losses(columns @ shrunk)
        if _is_by_chance(of_shrunk - of_weights) and _is_by_chance(of_shrunk - of_best):
            return shrunk
    return weights


def _is_by_chance(rise: npt.NDArray[np.float64]) -> bool:
    return bool(rise.mean() <= rise.std() / np.sqrt(len(rise)))


def _without_rare(
    weights: npt.NDArray[np.float64],
    columns: npt.NDArray[np.float64],
    loss: Callable[[npt.NDArray[np.float64]], float],
) -> npt.NDArray[np.float64]:
    kept = np.where(weights >= MIN_SHARE, weights, 0.0)
    if not kept.any():  # many candidates, each with a little
        return weights
    kept /= kept.sum()
    best_alone = min(loss(column) for column in columns.T)
    allowed = min(best_alone, MAX_LOSS_RISE * loss(columns @ weights))
    if loss(columns @ kept) <= allowed:
        return kept
    return weights


def mixture(members: Sequence[Probabilities], weights: Sequence[float]) -> Probabilities:
    """Return the weighted mean of predictions, shape (n, P)."""
    total = np.zeros_like(members[0])
    for probabilities, weight in zip(members, weights, strict=True):
        if weight > 0:
            total += np.float32(weight) * probabilities
    return total
