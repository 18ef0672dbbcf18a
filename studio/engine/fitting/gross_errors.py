"""Tells numbers that are grossly wrong from numbers that are hard to predict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, gammainc, gammaln, logit
from scipy.stats import gaussian_kde

Floats = npt.NDArray[np.float64]

MAX_ROWS = 5_000  # evenly spaced, that a fit reads
_N_THRESHOLDS = 50
_HIGHEST_QUANTILE = 0.98  # of the distances at which two distributions are compared: above, chance
_NOISE_LOGITS = (-9.0, 0.0)
_POWER_LOGITS = (-9.0, 9.0)  # of power − 1
_START = 0.05  # fraction of gross errors from which the search begins
_LEAST_DISTANCE = 1e-3  # in error bars; a distance of 0 has no logarithm
_N_GRID = 500  # points at which the density is kept
_95_PERCENT = 1.96  # standard errors
_TINY = 1e-300  # density in place of 0, which has no logarithm
_FAR = 10  # times the distance from which numbers are flagged: a slipped point, another unit


@dataclass(frozen=True, slots=True)
class GrossErrors:
    """How distances of given numbers from predicted ones divide into usual and gross errors.

    Attributes
    ----------
    fraction
        Of the numbers that are grossly wrong, by likelihood alone.
    interval
        Its 95% interval.
    precision
        The fraction of the farthest numbers, those beyond the threshold, that can be expected to be
        wrong.
    threshold
        The distance from which numbers are flagged.
    far
        The distance from which numbers count as far off.
    far_precision
        The fraction of those that can be expected to be wrong.
    skill
        How much of the numbers' variance is predicted.
    usual, power
        Usual distances z are as frequent as `exp(−(z / usual) ** power)`: normal errors with 2,
        Laplace's with 1.
    log_distances, densities
        How frequent distances of wrong numbers are, on a grid, shape (g,).
    """

    fraction: float
    interval: tuple[float, float]
    precision: float
    threshold: float
    far: float
    far_precision: float
    skill: float
    usual: float
    power: float
    log_distances: Floats
    densities: Floats

    def wrong(self, distances: Floats) -> Floats:
        """Return the probability that a number so far from the prediction is wrong, shape (n,).

        No number is held for wrong with more certainty than all that are flagged together, unless
        it is far off.
        """
        usual = _usual_density(distances, self.usual, self.power)
        gross = _on_grid(distances, self.log_distances, self.densities)
        odds = np.log(np.maximum(gross, _TINY)) - np.log(np.maximum(usual, _TINY))
        of_far = max(self.precision, self.far_precision)
        highest = np.where(distances > self.far, of_far, self.precision)
        return np.asarray(np.minimum(expit(odds + logit(self.fraction)), highest))

    def prediction_is_nearer(self, distances: Floats) -> Floats:
        """Return the probability that the prediction is nearer to the true number, shape (n,).

        It is if the number is wrong, and the error of the prediction reaches less than half-way to
        it.
        """
        half_way = (distances / 2 / self.usual) ** self.power
        within = gammainc(1 / self.power, half_way)
        return np.asarray(self.wrong(distances) * within)


def fit_gross_errors(
    distances: Floats, of_others: Floats, threshold: float, skill: float
) -> GrossErrors:
    """Fit the fraction of gross errors.

    Parameters
    ----------
    distances
        Of the given numbers from the predicted ones, shape (n,).
    of_others
        The same for numbers of other rows in their place, shape (n,).
    threshold
        The distance from which numbers are flagged.
    skill
        How much of the numbers' variance is predicted, 0 to 1.

    Notes
    -----
    A wrong number is taken for one of another row. The likelihood of the distances is that of a
    mixture of those and of usual errors, whose distribution lies between normal and Laplace's.
    Where little can be predicted, errors that are only large look just like wrong numbers. So the
    probability that a number is wrong is at most `precision`: the geometric mean of an upper bound
    and of the skill, as in `health.labels.trust`.

    Numbers that are ten times as far off as flagged ones need to be have a bound of their own, as a
    few of them leave neither a precision nor a skill: it is the skill by medians, less what a tail
    of usual errors reaches. Few tails are heavier than that of Cauchy's distribution, which has
    more than twice as many numbers in the half decade before as beyond.

    References
    ----------
    Blanchard, Lee and Scott, Semi-Supervised Novelty Detection (JMLR 2010), for the bound.
    """
    some = _some(distances)
    grid, densities = _density(_some(of_others))
    gross = _on_grid(some, grid, densities)

    # The search is over the logarithm of a size and the logits of a power and of a fraction, none
    # of which can leave its range.
    def parts(where: Floats) -> tuple[float, Floats]:
        usual = _usual_density(some, float(np.exp(where[0])), 1 + float(expit(where[1])))
        return float(expit(where[2])), usual

    def likelihoods(where: Floats) -> Floats:
        fraction, usual = parts(where)
        return (1 - fraction) * usual + fraction * gross + _TINY

    def loss(where: Floats) -> float:
        return -float(np.log(likelihoods(where)).mean())

    median = max(float(np.median(some)), _LEAST_DISTANCE)
    start = [np.log(median), 0.0, float(logit(_START))]
    bounds = [(np.log(_LEAST_DISTANCE), None), _POWER_LOGITS, _NOISE_LOGITS]
    found = minimize(loss, start, method="L-BFGS-B", bounds=bounds).x
    fraction, usual = parts(found)
    # From the information on the fraction, as if the usual errors were known.
    error = _95_PERCENT / np.sqrt((((gross - usual) / likelihoods(found)) ** 2).sum())
    precision = float(np.sqrt(_bound(distances, of_others, threshold) * np.clip(skill, 0.0, 1.0)))
    usual_size = float(np.exp(found[0]))
    far = _FAR * max(threshold, usual_size)
    low = max(0.0, fraction - float(error))
    high = min(1.0, fraction + float(error))
    return GrossErrors(
        fraction=fraction,
        interval=(low, high),
        precision=precision,
        threshold=threshold,
        far=far,
        far_precision=_far_precision(distances, of_others, far),
        skill=skill,
        usual=usual_size,
        power=1 + float(expit(found[1])),
        log_distances=grid,
        densities=densities,
    )


def _bound(distances: Floats, of_others: Floats, threshold: float) -> float:
    """Return the fraction of the numbers beyond the threshold that can be wrong at most."""
    thresholds = np.quantile(distances, np.linspace(0, _HIGHEST_QUANTILE, _N_THRESHOLDS))
    beyond = _beyond(distances, np.append(thresholds, threshold))
    wrong_beyond = _beyond(of_others, np.append(thresholds, threshold))
    if not beyond[-1]:
        return 1.0
    fraction = min(1.0, float((beyond / np.maximum(wrong_beyond, _TINY))[:-1].min()))
    return min(1.0, fraction * float(wrong_beyond[-1] / beyond[-1]))


def _beyond(distances: Floats, thresholds: Floats) -> Floats:
    below = np.searchsorted(np.sort(distances), thresholds, side="left")
    return np.asarray(1 - below / len(distances))


def _density(distances: Floats) -> tuple[Floats, Floats]:
    """Return the logarithms of distances on a grid, and how dense they lie there."""
    logs = np.log(np.maximum(distances, _LEAST_DISTANCE))
    if np.ptp(logs) == 0:
        logs = logs + np.linspace(0, 1, len(logs))
    grid = np.linspace(logs.min() - 1, logs.max() + 1, _N_GRID)
    return grid, gaussian_kde(logs)(grid)


def _on_grid(distances: Floats, grid: Floats, densities: Floats) -> Floats:
    at = np.maximum(distances, _LEAST_DISTANCE)
    return np.asarray(np.interp(np.log(at), grid, densities, left=0, right=0) / at)


def _usual_density(distances: Floats, usual: float, power: float) -> Floats:
    log_scale = np.log(power) - np.log(usual) - gammaln(1 / power)
    return np.asarray(np.exp(log_scale - (distances / usual) ** power))


def _far_precision(distances: Floats, of_others: Floats, far: float) -> float:
    half_decade = np.sqrt(10)
    beyond, far_beyond = _beyond(distances, np.array([far / half_decade, far]))
    if not far_beyond:
        return 0.0
    in_tail = (beyond - far_beyond) / (half_decade - 1)
    return float(_skill_by_medians(distances, of_others) * max(0.0, 1 - in_tail / far_beyond))


def _skill_by_medians(distances: Floats, of_others: Floats) -> float:
    """Return how much is predicted of most numbers; no gross error changes that."""
    ratio = np.median(distances) / max(float(np.median(of_others)), _LEAST_DISTANCE)
    return 1 - min(1.0, float(ratio)) ** 2


def _some(distances: Floats) -> Floats:
    step = -(-len(distances) // MAX_ROWS)
    return distances[::step]
