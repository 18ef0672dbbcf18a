"""Calibrates the probabilities of several classes per row: does each class truly apply?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from studio.engine.fitting.metrics import (
    HIGHEST_TEMPERATURE,
    LOWEST_TEMPERATURE,
    PROBABILITY_FLOOR,
    Probabilities,
)

Floats = npt.NDArray[np.float64]

_MAX_CELLS = 400_000  # probabilities that a fit reads, of evenly spaced rows
_HIGHEST = 0.0  # log odds of noise
_MAX_STEP = 2.0  # of the log odds of noise
_MAX_STEPS = 50
_STEP_SIZES = (1.0, 0.5, 0.25, 0.1, 0.01)
_TOLERANCE = 1e-7  # of the loss per answer
_PRIOR_NOISE = 0.05
_PRIOR = float(logit(_PRIOR_NOISE))
_IDENTITY = (1.0, 1.0, 0.0)  # the curve that leaves probabilities as they are
_95_PERCENT = 1.96  # standard errors


@dataclass(frozen=True, slots=True)
class AnswerCurves:
    """From a classifier's probability that a class applies to the true one.

    Attributes
    ----------
    curves
        Shape (K, 3). The log odds of class k become `a · log(p) − b · log(1 − p) + c` with row k
        of it.
    noise
        The fraction of given answers that were drawn by how frequent the class is, shape (K,).
    low, high
        The ends of its 95% interval, shape (K,).
    frequencies
        How frequent each class is among the given labels, shape (K,).
    """

    curves: Floats
    noise: Floats
    low: Floats
    high: Floats
    frequencies: Floats

    def calibrated(self, predicted: Probabilities) -> Probabilities:
        """Return the probability that each class truly applies, shape (n, K)."""
        return np.asarray(expit(_log_odds(*_logs(predicted), self.curves)), dtype=np.float32)

    def as_given(self, calibrated: Probabilities) -> Floats:
        """Return the probability that each class is given, shape (n, K)."""
        return np.asarray((1 - self.noise) * calibrated + self.noise * self.frequencies)

    def with_unknown_classes(self, n_classes: int) -> AnswerCurves:
        """Return them for this number of classes; the last ones were never given, without noise."""
        n_unknown = n_classes - len(self.noise)
        return AnswerCurves(
            curves=np.concatenate([self.curves, np.tile(_IDENTITY, (n_unknown, 1))]),
            noise=np.pad(self.noise, (0, n_unknown)),
            low=np.pad(self.low, (0, n_unknown)),
            high=np.pad(self.high, (0, n_unknown)),
            frequencies=np.pad(self.frequencies, (0, n_unknown)),
        )

    @property
    def at_least(self) -> AnswerCurves:
        """The same with the least noise of the interval."""
        return replace(self, noise=self.low)

    @property
    def at_most(self) -> AnswerCurves:
        """The same with the most noise of the interval."""
        return replace(self, noise=self.high)

    def if_given(self, calibrated: Probabilities, members: npt.NDArray[np.bool_]) -> Floats:
        """Return the probability that each class truly applies in rows that are given `members`,
        by Bayes' rule, shape (n, K).
        """
        given_if_true = 1 - self.noise * (1 - self.frequencies)
        given = self.as_given(calibrated)
        of_given = given_if_true * calibrated / np.maximum(given, PROBABILITY_FLOOR)
        of_missing = (1 - given_if_true) * calibrated / np.maximum(1 - given, PROBABILITY_FLOOR)
        return np.asarray(np.where(members, of_given, of_missing).clip(0, 1))


def fit_answers(predicted: Probabilities, members: npt.NDArray[np.bool_]) -> AnswerCurves:
    """Fit a curve and the noise of each class.

    Parameters
    ----------
    predicted
        Out-of-sample probabilities that each class applies, shape (n, K).
    members
        Whether it is given, shape (n, K).

    Notes
    -----
    Maximises the likelihood of the given answers, `(1 − e) · q + e · f`: a fraction e of them is
    taken to be drawn by the frequency f of the class. Each class has a curve of its own, as a
    frequent one can be learned better than a rare one, and as noise would otherwise explain where
    one temperature for all does not fit. Every weight has a normal prior of deviation 1 around the
    identity, which decides where a class has a few rows only; so have the log odds of the noise,
    around those of one in twenty.

    References
    ----------
    Kull, Silva Filho and Flach, Beta Calibration (2017), for the curve.
    """
    step = -(-predicted.size // _MAX_CELLS)
    applies = np.asarray(members[::step], dtype=bool)
    frequencies = applies.mean(axis=0)
    n_classes = predicted.shape[1]
    likelihood = _Likelihood(*_logs(predicted[::step]), applies, frequencies)
    start = _Point(np.tile(_IDENTITY, (n_classes, 1)), np.full(n_classes, _PRIOR))
    fitted = _maximised(likelihood, start)
    errors = _95_PERCENT * likelihood.standard_errors(fitted)
    return AnswerCurves(
        curves=fitted.curves,
        noise=fitted.noise,
        low=expit(fitted.log_odds - errors),
        high=expit(fitted.log_odds + errors),
        frequencies=frequencies,
    )


@dataclass(frozen=True, slots=True)
class _Point:
    """Curves, shape (K, 3), and the log odds of noise, shape (K,)."""

    curves: Floats
    log_odds: Floats

    @property
    def noise(self) -> Floats:
        """The fraction of answers that were drawn, shape (K,)."""
        return np.asarray(expit(self.log_odds))

    def moved(self, step: _Point, size: float) -> _Point:
        """Return the point after a step of this size, within the bounds."""
        curves = self.curves + size * step.curves
        curves[:, :2] = curves[:, :2].clip(1 / HIGHEST_TEMPERATURE, 1 / LOWEST_TEMPERATURE)
        log_odds = self.log_odds + size * step.log_odds.clip(-_MAX_STEP, _MAX_STEP)
        return _Point(curves, np.minimum(log_odds, _HIGHEST))


@dataclass(frozen=True, slots=True)
class _Slopes:
    """Slopes of the log-likelihood by curves (K, 3) and the log odds of noise (K,), and the
    information: of the curves (K, 3, 3), of both (K, 3), and of the log odds (K,).
    """

    curves: Floats
    log_odds: Floats
    of_curves: Floats
    of_both: Floats
    of_log_odds: Floats


@dataclass(frozen=True, slots=True)
class _Likelihood:
    """The likelihood of given answers; arrays have shape (n, K), but for the frequencies, (K,)."""

    yes: Floats
    no: Floats
    applies: npt.NDArray[np.bool_]
    frequencies: Floats

    def loss(self, point: _Point) -> float:
        """Return the loss per answer."""
        _, given = self._probabilities(point)
        of_answer = np.where(self.applies, given, 1 - given)
        curves_away = ((point.curves - _IDENTITY) ** 2).sum()
        noise_away = ((point.log_odds - _PRIOR) ** 2).sum()
        away = float(curves_away + noise_away)
        return float(-np.log(of_answer).sum() + 0.5 * away) / self.applies.size

    def step(self, point: _Point) -> _Point:
        """Return a step of Fisher's scoring: four weights per class."""
        at = self._slopes(point)
        solved = np.linalg.solve(at.of_curves, np.stack([at.curves, at.of_both], axis=-1))
        slope = at.log_odds - (at.of_both * solved[..., 0]).sum(axis=-1)
        step = slope / (at.of_log_odds - (at.of_both * solved[..., 1]).sum(axis=-1))
        return _Point(solved[..., 0] - step[:, None] * solved[..., 1], step)

    def standard_errors(self, point: _Point) -> Floats:
        """Return those of the log odds of the noise, with the curves free, shape (K,)."""
        at = self._slopes(point)
        solved = np.linalg.solve(at.of_curves, at.of_both[..., None])[..., 0]
        return np.asarray(1 / np.sqrt(at.of_log_odds - (at.of_both * solved).sum(axis=-1)))

    def _probabilities(self, point: _Point) -> tuple[Floats, Floats]:
        """Return the probabilities that each class truly applies and that it is given."""
        true = expit(_log_odds(self.yes, self.no, point.curves))
        given = (1 - point.noise) * true + point.noise * self.frequencies
        return true, given.clip(PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)

    def _slopes(self, point: _Point) -> _Slopes:
        true, given = self._probabilities(point)
        by_odds = (1 - point.noise) * true * (1 - true)
        by_noise = (self.frequencies - true) * point.noise * (1 - point.noise)
        weights = 1 / (given * (1 - given))
        errors = (self.applies - given) * weights
        columns = self.yes, self.no, np.ones_like(self.yes)
        of_curves = np.empty((self.applies.shape[1], 3, 3))
        squared = weights * by_odds**2
        for i, one in enumerate(columns):
            for j, other in enumerate(columns[: i + 1]):
                of_curves[:, i, j] = of_curves[:, j, i] = (squared * one * other).sum(axis=0)
        by_both = weights * by_odds * by_noise
        slope = np.column_stack([(errors * by_odds * column).sum(axis=0) for column in columns])
        return _Slopes(
            curves=slope - (point.curves - _IDENTITY),
            log_odds=(errors * by_noise).sum(axis=0) - (point.log_odds - _PRIOR),
            of_curves=of_curves + np.eye(3),
            of_both=np.column_stack([(by_both * column).sum(axis=0) for column in columns]),
            of_log_odds=(weights * by_noise**2).sum(axis=0) + 1,
        )


def _maximised(likelihood: _Likelihood, point: _Point) -> _Point:
    """Take steps from a point, each shortened until the loss falls, until none makes it fall."""
    loss = likelihood.loss(point)
    for _ in range(_MAX_STEPS):
        step = likelihood.step(point)
        for size in _STEP_SIZES:
            moved = point.moved(step, size)
            lower = likelihood.loss(moved)
            if lower < loss:
                break
        else:
            return point
        has_ended = loss - lower <= _TOLERANCE
        point = moved
        loss = lower
        if has_ended:
            return point
    return point


def _logs(predicted: Probabilities) -> tuple[Floats, Floats]:
    """Return `log(p)` and `−log(1 − p)`."""
    inside = np.clip(predicted.astype(np.float64), PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
    return np.log(inside), -np.log1p(-inside)


def _log_odds(yes: Floats, no: Floats, curves: Floats) -> Floats:
    return np.asarray(curves[:, 0] * yes + curves[:, 1] * no + curves[:, 2])
