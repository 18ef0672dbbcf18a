"""Calibrates probabilities to the true labels: fits a temperature together with the fraction of
given labels that are wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize
from scipy.special import expit, softmax

from studio.engine.fitting.answers import AnswerCurves
from studio.engine.fitting.metrics import PROBABILITY_FLOOR, Probabilities, given_probabilities

# Probabilities that a fit reads, from evenly spaced rows; two parameters need no more
MAX_CELLS = 400_000
_TEMPERATURES = (0.05, 5.0)
_NOISE_LOGITS = (-9.0, 2.0)  # noise of 0.0001 to 0.88
_START = (0.7, 0.05)  # temperature and noise from which the search begins
_LOGIT_TOLERANCE = 0.03
# Fall of the log-likelihood at the ends of a 95% interval: half the quantile of χ² with 1 d.f.
_HALF_LIKELIHOOD_RATIO = 1.92


@dataclass(frozen=True, slots=True)
class Calibration:
    """How out-of-sample probabilities relate to the true and to the given label.

    Attributes
    ----------
    temperature
        The true label has the probabilities `p ** (1 / temperature)`, scaled to sum to 1.
    given_if_true, given_if_not
        Probability that a class is given to a row that truly has it, and to a row that does not. 1
        and 0 if given labels are taken as true.
    answers
        Multi-label: curves per class, used instead of the above; None for a single model.
    """

    temperature: float = 1.0
    given_if_true: float = 1.0
    given_if_not: float = 0.0
    answers: AnswerCurves | None = None

    def with_unknown_classes(self, n_classes: int) -> Calibration:
        """Return it for this number of classes, of which the models do not know the last ones."""
        if self.answers is None:
            return self
        return replace(self, answers=self.answers.with_unknown_classes(n_classes))

    def as_given(self, probability: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Return the probability that a class is given, from the probability that it is true."""
        spread = self.given_if_true - self.given_if_not
        return np.asarray(spread * probability.astype(np.float64) + self.given_if_not)

    def wrong_if_given(self, probability: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Return the probability that a given class is wrong, by Bayes' rule.

        `probability` is that of the class being true.
        """
        given = self.as_given(probability)
        right = self.given_if_true * np.asarray(probability, dtype=np.float64)
        return np.asarray(1 - right / np.maximum(given, np.finfo(np.float64).tiny))


NO_CALIBRATION = Calibration()  # probabilities are used as they are, and given labels are true


def fit_calibration(pred_probs: Probabilities, codes: npt.NDArray[np.int32]) -> Calibration:
    """Fit temperature and noise together.

    Parameters
    ----------
    pred_probs
        Out-of-sample probabilities, shape (n, K).
    codes
        Given classes, shape (n,).

    Notes
    -----
    Maximises the likelihood of the given labels, `(1 - e) * p ** (1 / T) + e / K`: a fraction e of
    them is assumed to be drawn uniformly from all classes, the true one included. A temperature
    alone would have to hedge: where a tenth of the labels are wrong, no prediction could be more
    confident than about 0.9, although the model may know the true label. As in the rule of
    succession, one more row of unknown class is added; otherwise perfect predictions would be
    sharpened to certainty.

    Measured on twelve data sets: docs/decisions/calibration.md.

    References
    ----------
    Guo et al., On Calibration of Modern Neural Networks (2017); Goldberger and Ben-Reuven, Training
    Deep Neural Networks Using a Noise Adaptation Layer (2017).
    """
    likelihood = _Likelihood(pred_probs, codes)
    bounds = [(-np.log(_TEMPERATURES[1]), -np.log(_TEMPERATURES[0])), _NOISE_LOGITS]
    start = [-np.log(_START[0]), _logit(_START[1])]
    log_inverse, logit = minimize(likelihood.loss_and_gradient, start, jac=True, bounds=bounds).x
    noise = float(expit(logit)) if logit > _NOISE_LOGITS[0] else 0.0
    n_classes = pred_probs.shape[1]
    return Calibration(
        temperature=float(np.exp(-log_inverse)),
        given_if_true=1 - noise + noise / n_classes,
        given_if_not=noise / n_classes,
    )


def wrong_interval(pred_probs: Probabilities, codes: npt.NDArray[np.int32]) -> tuple[float, float]:
    """Return the 95% interval of the fraction of given labels that are wrong.

    Parameters
    ----------
    pred_probs
        Out-of-sample probabilities, shape (n, K).
    codes
        Given classes, shape (n,).

    Returns
    -------
    tuple of float
        Lower and upper end.

    Notes
    -----
    A profile likelihood interval: the fractions whose log-likelihood, each at its best temperature,
    lies within 1.92 of the maximum. It accounts for sampling, but not for labels that are wrong in
    other ways than uniformly at random.
    """
    likelihood = _Likelihood(pred_probs, codes)
    lowest, highest = _NOISE_LOGITS
    share_of_other = 1 - 1 / pred_probs.shape[1]
    noise = (1 - fit_calibration(pred_probs, codes).given_if_true) / share_of_other
    centre = float(np.clip(_logit(max(noise, 1e-9)), lowest, highest))
    limit = likelihood.profile(centre) + _HALF_LIKELIHOOD_RATIO / likelihood.n_rows

    def excess(logit: float) -> float:
        return likelihood.profile(logit) - limit

    # An end that the likelihood does not exclude is the end of the range.
    low = -np.inf
    if excess(lowest) > 0:
        low = brentq(excess, lowest, centre, xtol=_LOGIT_TOLERANCE)
    high = highest
    if excess(highest) > 0:
        high = brentq(excess, centre, highest, xtol=_LOGIT_TOLERANCE)
    return float(expit(low)) * share_of_other, float(expit(high)) * share_of_other


class _Likelihood:
    """Minus the mean log-likelihood of the given labels.

    It is a function of the log of 1 / temperature and the logit of the noise.
    """

    def __init__(self, pred_probs: Probabilities, codes: npt.NDArray[np.int32]) -> None:
        step = -(-pred_probs.size // MAX_CELLS)
        self._logs = np.log(np.maximum(pred_probs[::step], PROBABILITY_FLOOR))
        self._codes = codes[::step]
        self.n_rows = len(self._codes)
        self._given_logs = given_probabilities(self._logs, self._codes)
        self._n_classes = pred_probs.shape[1]
        # The row of unknown class has the mean logs of all rows, and each class with weight 1 / K.
        self._unknown = self._logs.mean(axis=0, dtype=np.float64, keepdims=True)
        # Of the best temperature of the last profile, from which the next search starts
        self._log_inverse = 0.0

    def loss_and_gradient(
        self, parameters: npt.NDArray[np.float64]
    ) -> tuple[float, npt.NDArray[np.float64]]:
        """Return the loss and its gradient, shape (2,)."""
        inverse = float(np.exp(parameters[0]))
        noise = float(expit(parameters[1]))
        scaled = softmax(self._logs * np.float32(inverse), axis=1)
        given = given_probabilities(scaled, self._codes)
        expected = np.einsum("ij,ij->i", scaled, self._logs).astype(np.float64)
        mixed = (1 - noise) * given + noise / self._n_classes
        losses = -np.log(mixed)
        by_inverse = -(1 - noise) * given * inverse * (self._given_logs - expected) / mixed
        by_logit = -noise * (1 - noise) * (1 / self._n_classes - given) / mixed
        n_rows = len(given) + 1
        unknown_loss, unknown_derivative = self._unknown_row(inverse)
        loss = (losses.sum() + unknown_loss) / n_rows
        gradient = np.array([by_inverse.sum() + unknown_derivative, by_logit.sum()]) / n_rows
        return float(loss), gradient

    def _unknown_row(self, inverse: float) -> tuple[float, float]:
        scaled = softmax(self._unknown * inverse, axis=1)
        loss = -float(np.log(np.maximum(scaled, PROBABILITY_FLOOR)).mean())
        expected = float((scaled * self._unknown).sum())
        return loss, -inverse * (float(self._unknown.mean()) - expected)

    def profile(self, logit: float) -> float:
        """Return the loss for a noise at its best temperature."""

        def loss_and_gradient(
            log_inverse: npt.NDArray[np.float64],
        ) -> tuple[float, npt.NDArray[np.float64]]:
            loss, gradient = self.loss_and_gradient(np.array([log_inverse[0], logit]))
            return loss, gradient[:1]

        bounds = [(-np.log(_TEMPERATURES[1]), -np.log(_TEMPERATURES[0]))]
        found = minimize(loss_and_gradient, [self._log_inverse], jac=True, bounds=bounds)
        self._log_inverse = float(found.x[0])
        return float(found.fun)


def _logit(fraction: float) -> float:
    return float(np.log(fraction / (1 - fraction)))
