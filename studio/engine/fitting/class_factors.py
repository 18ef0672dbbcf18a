"""Brings probabilities of models that were fitted with class weights back to the frequencies of the
classes in the data.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from studio.engine.fitting.calibration import Calibration, fit_calibration
from studio.engine.fitting.metrics import PROBABILITY_FLOOR, Probabilities, at_temperature

_MAX_CELLS = 400_000  # probabilities that a fit reads, from evenly spaced rows
_ROUNDS = 3  # in which temperature and factors are fitted in turn
_STEPS = 25  # of the factors at one temperature
_TOLERANCE = 0.002  # relative, of mean probabilities
_MAX_FACTOR = 1e6


@dataclass(frozen=True, slots=True)
class WeightedCalibration(Calibration):
    """The calibration of a model that was fitted with class weights.

    Attributes
    ----------
    class_factors
        By which the probability of each class is multiplied before the temperature.
    """

    class_factors: tuple[float, ...] = ()

    def with_unknown_classes(self, n_classes: int) -> Self:
        n_unknown = n_classes - len(self.class_factors)
        return replace(self, class_factors=(*self.class_factors, *[1.0] * n_unknown))


def fit_weighted_calibration(
    pred_probs: Probabilities, codes: npt.NDArray[np.int32]
) -> WeightedCalibration:
    """Fit temperature, noise and a factor per class.

    Parameters
    ----------
    pred_probs
        Out-of-sample probabilities, shape (n, K).
    codes
        Given classes, shape (n,).

    Notes
    -----
    The factors are those with which each class has, on average, as much probability as it has
    rows. For a model whose probabilities are right for weighted rows, these are the inverses of
    the weights. Margins of support vector machines need others, so the factors are fitted out of
    sample, in turn with the temperature.

    References
    ----------
    Saerens, Latinne and Decaestecker, Adjusting the Outputs of a Classifier to New a Priori
    Probabilities (2002).
    """
    step = -(-pred_probs.size // _MAX_CELLS)
    read = pred_probs[::step]
    read_codes = codes[::step]
    n_classes = pred_probs.shape[1]
    # One more row is shared by all classes, so that none has a frequency of 0.
    frequencies = np.bincount(read_codes, minlength=n_classes) + 1 / n_classes
    frequencies /= frequencies.sum()
    factors = np.ones(n_classes)
    calibration = fit_calibration(read, read_codes)
    for _ in range(_ROUNDS):
        factors = _matched(read, factors, frequencies, calibration.temperature)
        calibration = fit_calibration(with_factors(read, factors), read_codes)
    factors = _matched(read, factors, frequencies, calibration.temperature)
    values = {field.name: getattr(calibration, field.name) for field in fields(calibration)}
    return WeightedCalibration(**values, class_factors=tuple(factors.tolist()))


def with_factors(pred_probs: Probabilities, factors: npt.NDArray[np.float64]) -> Probabilities:
    """Return the probabilities times a factor per class, rows summing to 1."""
    # A row in which a factor's class has everything would else be divided by 0.
    scaled = np.maximum(pred_probs, PROBABILITY_FLOOR) * factors
    result: Probabilities = (scaled / scaled.sum(axis=1, keepdims=True)).astype(np.float32)
    return result


def _matched(
    pred_probs: Probabilities,
    factors: npt.NDArray[np.float64],
    frequencies: npt.NDArray[np.float64],
    temperature: float,
) -> npt.NDArray[np.float64]:
    """Return the factors with which mean probabilities at a temperature are the frequencies."""
    for _ in range(_STEPS):
        calibrated = at_temperature(with_factors(pred_probs, factors), temperature)
        ratios = frequencies / np.maximum(calibrated.mean(axis=0, dtype=np.float64), 1e-12)
        if np.abs(ratios - 1).max() < _TOLERANCE:
            break
        # A factor counts by its power of 1 / temperature.
        factors = np.clip(factors * ratios**temperature, 1 / _MAX_FACTOR, _MAX_FACTOR)
        factors /= np.exp(np.log(factors).mean())
    return factors
