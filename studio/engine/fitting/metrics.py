"""Measures of class probabilities."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import softmax

Probabilities = npt.NDArray[np.float32]
# A wrong row costs at most 14 nats, so that a few wrong labels do not dominate.
PROBABILITY_FLOOR = 1e-6
_MAX_ROWS_FOR_TEMPERATURE = 20_000
LOWEST_TEMPERATURE = 0.05
HIGHEST_TEMPERATURE = 5.0
_N_BINS = 15  # of probabilities, for the calibration error


def accuracy(pred_probs: Probabilities, codes: npt.NDArray[np.int32]) -> float:
    """Return the fraction of rows whose likeliest class is the given one.

    Parameters
    ----------
    pred_probs
        Shape (n, K).
    codes
        Given classes, shape (n,).
    """
    return float(np.mean(np.argmax(pred_probs, axis=1) == codes))


def kappa(pred_probs: Probabilities, codes: npt.NDArray[np.int32]) -> float:
    """Return Cohen's kappa of likeliest and given classes: agreement beyond chance, at least 0.

    If one class has most of the rows, always naming it is accurate; kappa is not fooled by that.

    References
    ----------
    Cohen, A Coefficient of Agreement for Nominal Scales (1960).
    """
    n_classes = pred_probs.shape[1]
    likeliest = np.argmax(pred_probs, axis=1)
    agreement = float((likeliest == codes).mean())
    likeliest_shares = np.bincount(likeliest, minlength=n_classes) / len(codes)
    given_shares = np.bincount(codes, minlength=n_classes) / len(codes)
    by_chance = float(likeliest_shares @ given_shares)
    if by_chance >= 1:
        return 0.0
    return max(0.0, (agreement - by_chance) / (1 - by_chance))


def given_probabilities(
    pred_probs: Probabilities, codes: npt.NDArray[np.int32]
) -> npt.NDArray[np.float64]:
    """Return the probability of each row's given class, shape (n,)."""
    return pred_probs[np.arange(len(codes)), codes].astype(np.float64)


def log_losses(given_probability: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return the negative log of each given class's probability, in nats, shape (n,)."""
    return np.asarray(-np.log(np.maximum(given_probability, PROBABILITY_FLOOR)), dtype=np.float64)


def fit_temperature(pred_probs: Probabilities, codes: npt.NDArray[np.int32]) -> float:
    """Return the temperature that makes out-of-sample probabilities calibrated.

    Notes
    -----
    Minimises the log loss of `pred_probs ** (1 / T)` over the one number T, on at most 20,000
    evenly spaced rows: the loss is convex in 1 / T, so its slope is 0 there. One more row of
    unknown class is assumed, as in the rule of succession; otherwise perfect predictions would be
    sharpened to certainty.

    References
    ----------
    Guo et al., On Calibration of Modern Neural Networks (2017).
    """
    step = -(-len(codes) // _MAX_ROWS_FOR_TEMPERATURE)
    logs = np.log(np.maximum(pred_probs[::step], PROBABILITY_FLOOR))
    given_logs = given_probabilities(logs, codes[::step])
    given = float(given_logs.sum() + logs.mean(dtype=np.float64))  # with the row of unknown class

    def slope(log_inverse: float) -> float:
        scaled = softmax(logs * np.float32(np.exp(log_inverse)), axis=1)
        expected = np.einsum("ij,ij->i", scaled, logs).astype(np.float64)
        return float(expected.sum() + expected.mean()) - given

    coldest = -np.log(LOWEST_TEMPERATURE)
    hottest = -np.log(HIGHEST_TEMPERATURE)
    if slope(hottest) >= 0:
        return HIGHEST_TEMPERATURE
    if slope(coldest) <= 0:
        return LOWEST_TEMPERATURE
    return float(np.exp(-brentq(slope, hottest, coldest, xtol=1e-3)))


def at_temperature(pred_probs: Probabilities, temperature: float) -> Probabilities:
    """Return `pred_probs ** (1 / temperature)` with rows summing to 1; classes at 0 stay at 0."""
    with np.errstate(divide="ignore"):
        logs = np.log(pred_probs) / np.float32(temperature)
    logs -= logs.max(axis=1, keepdims=True)
    powers = np.exp(logs)
    result: Probabilities = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return result


def calibration_error(
    probability: npt.NDArray[np.floating], is_right: npt.NDArray[np.bool_]
) -> float:
    """Return the expected calibration error, 0 to 1.

    Notes
    -----
    Mean distance between mean probability and frequency in 15 bins of equal width, weighted by
    their rows.

    References
    ----------
    Naeini, Cooper and Hauskrecht, Obtaining Well Calibrated Probabilities Using Bayesian Binning
    (2015).
    """
    predicted = probability.ravel().astype(np.float64)
    observed = is_right.ravel().astype(np.float64)
    bins = np.minimum((predicted * _N_BINS).astype(np.int64), _N_BINS - 1)
    gaps = np.bincount(bins, weights=predicted - observed, minlength=_N_BINS)
    return float(np.abs(gaps).sum() / len(predicted))


def micro_f1(predicted: npt.NDArray[np.bool_], members: npt.NDArray[np.bool_]) -> float:
    """Return F1 over all rows and classes; 1 if nothing is given and nothing predicted."""
    n_right = int((predicted & members).sum())
    n_stated = int(predicted.sum()) + int(members.sum())
    if not n_stated:
        return 1.0
    return 2 * n_right / n_stated
