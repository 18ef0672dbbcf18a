"""How far a predicted number is usually off, row by row: the error bar of a regression."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from studio.engine.fitting.candidates import Candidate
from studio.engine.fitting.learners import Predicted
from studio.engine.labels.encoding import Labels
from studio.engine.labels.scale import LabelScale
from studio.engine.model_selection.crossval import cross_validate
from studio.engine.runtime.resources import Resources
from studio.engine.study.study import Study

_CUT_AT = 0.98  # quantile of absolute errors: what lies above is cut off, as wrong labels lie there
_CUT_FOR_SHARE_AT = 0.95  # the same where the share is sought: more may be wrong than is seldom
_FLOOR = 0.25  # of the median absolute error
_SHARES = np.linspace(0.0, 1.0, 21)


@dataclass(frozen=True, slots=True)
class Scale:
    """How error bars are made of what a model of errors predicts: `factor · usual ** (1 - share) ·
    predicted ** share`.

    Attributes
    ----------
    floor
        The least predicted error that is believed.
    usual
        Median of the predicted errors.
    share
        How much of the differences between rows is believed, 0 to 1.
    factor
        Brings the bars to the size of the errors.
    labels
        The scale of the numbers; errors are predicted in that scale.
    """

    floor: float
    usual: float
    share: float
    factor: float
    labels: LabelScale

    def bars(self, predicted: Predicted, errors: Predicted) -> npt.NDArray[np.float32]:
        """Return error bars in the unit of the labels, shape (n,), of predicted numbers and errors,
        shape (n, 1).
        """
        believed = np.maximum(errors[:, 0], self.floor)
        bars = self.factor * _units(believed, self.usual, self.share)
        return np.asarray(self.labels.bars(predicted[:, 0], bars), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Spread:
    """Error bars, and what they were made from.

    Attributes
    ----------
    expected
        Expected absolute error of each row's prediction, shape (n,), in the unit of the labels;
        always positive.
    labels
        The cut absolute errors that a model of them is fitted to, in the scale of the numbers; NaN
        for unlabeled rows.
    scale
        From the model's predictions to the bars.
    """

    expected: npt.NDArray[np.float32]
    labels: Labels
    scale: Scale


def find_spread(
    study: Study,
    predicted: Predicted,
    candidate: Candidate,
    resources: Resources,
    former: Predicted | None = None,
) -> Spread:
    """Predict, out of sample and on the same folds, how far off each prediction is.

    Parameters
    ----------
    study
        Rows with given numbers.
    predicted
        Out-of-sample predictions, shape (n, 1).
    candidate
        The regressor that predicts the errors.
    former
        Where the study has former labels, what had been predicted of them, shape (n, 1).

    Notes
    -----
    A model of errors is itself unsure. How much of it is believed is the share under which the
    errors are likeliest, if each has a Laplace distribution of its bar's size: near 1 where errors
    differ predictably (0.75 for prices of houses), near 0 where they do not (0.25 for ratings of
    politeness).
    """
    is_labeled = study.labels.is_labeled
    errors = _errors(study.labels, predicted)
    known = errors[is_labeled]
    floor = max(_FLOOR * float(np.median(known)), float(np.finfo(np.float32).tiny))
    labels = _cut(study.labels, errors)
    before = (
        None
        if study.former is None or former is None
        else _cut(study.former, _errors(study.former, former))
    )
    (fit,) = cross_validate([candidate], replace(study, labels=labels, former=before), resources)
    believed = np.maximum(fit.predicted[is_labeled, 0].astype(np.float64), floor)
    scale = _scale(believed, known, floor, study.labels.scale)
    return Spread(scale.bars(predicted, fit.predicted), labels, scale)


def _errors(labels: Labels, predicted: Predicted) -> npt.NDArray[np.float64]:
    given = np.asarray(labels.targets, dtype=np.float64)
    return np.abs(labels.scale.scaled(given) - labels.scale.scaled(predicted[:, 0]))


def _cut(labels: Labels, errors: npt.NDArray[np.float64]) -> Labels:
    """Return the errors as labels to be learned, without the size of those that may come from wrong
    labels.
    """
    largest = np.quantile(errors[labels.is_labeled], _CUT_AT)
    return Labels(np.minimum(errors, largest), (), labels.strata)


def _scale(
    believed: npt.NDArray[np.float64],
    errors: npt.NDArray[np.float64],
    floor: float,
    labels: LabelScale,
) -> Scale:
    """Return the scale under which the errors, shape (n,), are likeliest."""
    usual = float(np.median(believed))
    cut = np.minimum(errors, np.quantile(errors, _CUT_FOR_SHARE_AT))

    def surprise(share: float) -> float:
        units = _units(believed, usual, share)
        return float(np.log(units).mean() + np.log(max(float((cut / units).mean()), floor / usual)))

    share = float(min(_SHARES, key=surprise))
    factor = float((cut / _units(believed, usual, share)).mean())
    return Scale(floor, usual, share, max(factor, _FLOOR), labels)


def _units(
    believed: npt.NDArray[np.floating], usual: float, share: float
) -> npt.NDArray[np.floating]:
    units: npt.NDArray[np.floating] = usual ** (1 - share) * believed**share
    return units
