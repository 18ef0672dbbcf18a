"""What out-of-sample predictions of training rows show: how often confident ones were right, and
how far from the likeliest class the right one may be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression

from studio.engine.ml_task import MLTask

MAX_ROWS = 20_000  # that are kept, drawn at random
_MIN_ROWS_FOR_CURVE = 200
_WIDE = 0.95  # of the training rows have a narrower interval than one that abstains

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Outcomes of out-of-sample predictions.

    Attributes
    ----------
    task
        Decides what the other fields mean.
    misfits
        Sorted, shape (m,): one minus the probability of the right class, or of the least likely one
        of the right set; for numbers, the error in units of the error bar.
    confidences, is_right
        Of the same number of rows, by falling confidence; empty for numbers.
    curve
        Multi-label: points of the curve from the probability of the predicted set to how often such
        sets are right.
    widest_bar
        Of numbers: an error bar that is wider than nearly all of the training rows.
    """

    task: MLTask
    misfits: npt.NDArray[np.float32]
    confidences: npt.NDArray[np.float32]
    is_right: npt.NDArray[np.bool_]
    curve: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    widest_bar: float = math.inf

    def largest_misfit(self, coverage: float) -> float:
        """Return the misfit below which the right answer lies with the probability `coverage`.

        Infinite if there are too few rows to promise that much.
        """
        place = math.ceil((len(self.misfits) + 1) * coverage)
        if place > len(self.misfits):
            return math.inf
        return float(self.misfits[place - 1])

    def least_confidence(self, coverage: float) -> float:
        """Return the confidence from which on the fraction `coverage` of predictions are right.

        0 if that holds for all predictions, 1 if for none.
        """
        if not len(self.confidences):
            return 0.0
        # As if one prediction more had been wrong: a few right ones promise little.
        fractions = np.cumsum(self.is_right) / np.arange(2, len(self.is_right) + 2)
        reached = np.flatnonzero(fractions >= coverage)
        if not len(reached):
            return 1.0
        if reached[-1] == len(fractions) - 1:
            return 0.0
        return float(self.confidences[reached[-1]])

    def calibrated(self, confidences: Floats) -> Floats:
        """Return how often predictions of such confidence are right, shape (n,)."""
        if self.curve is None:
            return confidences
        return np.asarray(np.interp(confidences, *self.curve), dtype=np.float64)


def set_confidence(
    pred_probs: npt.NDArray[np.floating], is_member: npt.NDArray[np.bool_]
) -> Floats:
    """Return the probability of whole sets, as if classes were independent, shape (n,)."""
    of_each = np.where(is_member, pred_probs, 1 - pred_probs.astype(np.float64))
    return np.asarray(np.prod(of_each, axis=1), dtype=np.float64)


def fit_outcomes(
    task: MLTask,
    predicted: npt.NDArray[np.float32],
    targets: npt.NDArray[np.generic],
    *,
    is_suggested: npt.NDArray[np.bool_] | None = None,
    bars: npt.NDArray[np.float32] | None = None,
    seed: int,
) -> Outcomes:
    """Compare out-of-sample predictions of n rows with their labels.

    Parameters
    ----------
    predicted
        Probabilities, shape (n, K), or numbers, shape (n, 1).
    targets
        As in `Labels`, with classes in the order of the columns.
    is_suggested
        Multi-label: whether each class is in the suggested set, shape (n, K).
    bars
        Regression: the error bars.
    """
    drawn = np.arange(len(predicted))
    if len(drawn) > MAX_ROWS:
        drawn = np.random.default_rng(seed).choice(drawn, MAX_ROWS, replace=False)
    predicted = predicted[drawn]
    targets = targets[drawn]
    nothing = np.empty(0, dtype=np.float32)
    if bars is not None:
        errors = np.abs(predicted[:, 0] - targets.astype(np.float64))
        misfits = np.sort(errors / bars[drawn]).astype(np.float32)
        widest = float(np.quantile(bars, _WIDE))
        return Outcomes(task, misfits, nothing, nothing.astype(bool), widest_bar=widest)
    curve = None
    if is_suggested is not None:
        members = targets.astype(bool)
        of_set = set_confidence(predicted, is_suggested[drawn])
        is_right = (is_suggested[drawn] == members).all(axis=1)
        curve = _curve(of_set, is_right)
        confidences = of_set if curve is None else np.interp(of_set, *curve)
        right = np.where(members, predicted, 1.0).min(axis=1)
    else:
        codes = targets.astype(np.int64)
        confidences = predicted.max(axis=1).astype(np.float64)
        is_right = predicted.argmax(axis=1) == codes
        right = predicted[np.arange(len(codes)), codes]
    order = np.argsort(-confidences, kind="stable")
    return Outcomes(
        task,
        np.sort(1 - right).astype(np.float32),
        confidences[order].astype(np.float32),
        is_right[order],
        curve,
    )


def _curve(
    confidences: Floats, is_right: npt.NDArray[np.bool_]
) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    if len(confidences) < _MIN_ROWS_FOR_CURVE:
        return None
    fitted = IsotonicRegression(y_min=0, y_max=1).fit(confidences, is_right.astype(np.float64))
    return tuple(fitted.X_thresholds_.tolist()), tuple(fitted.y_thresholds_.tolist())
