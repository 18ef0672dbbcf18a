"""Error bars of a regression: how far each predicted number is usually off."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from studio.engine.fitting.candidate import Candidate
from studio.engine.fitting.learners import Predicted
from studio.engine.labels.encoding import Labels
from studio.engine.labels.scale import LabelScale
from studio.engine.model_selection.crossval import cross_validate
from studio.engine.runtime.resources import Resources
from studio.engine.study.study import Study

# Quantiles of the absolute errors at which they are clipped, as wrong labels lie above. More may be
# wrong than usual where the exponent is sought.
_CLIP_QUANTILE = 0.98
_CLIP_QUANTILE_OF_SCALE = 0.95
_MIN_RATIO = 0.25  # of a bar to the median absolute error
_EXPONENTS = np.linspace(0.0, 1.0, 21)


@dataclass(frozen=True, slots=True)
class ErrorBarScale:
    """From the errors that a model predicts to error bars.

    A bar is `factor · median ** (1 - exponent) · predicted ** exponent`.

    Attributes
    ----------
    floor
        Predicted errors below it are raised to it.
    median
        Of the predicted errors.
    exponent
        0 gives all rows the same bar, 1 trusts the model fully.
    factor
        Brings the bars to the size of the errors.
    labels
        The scale of the numbers, in which errors are predicted too.
    """

    floor: float
    median: float
    exponent: float
    factor: float
    labels: LabelScale

    def bars(self, predicted: Predicted, errors: Predicted) -> npt.NDArray[np.float32]:
        """Return error bars, shape (n,), in the unit of the labels.

        Parameters
        ----------
        predicted, errors
            Predicted numbers and errors, shape (n, 1).
        """
        raised = np.maximum(errors[:, 0], self.floor)
        bars = self.factor * _shrunk(raised, self.median, self.exponent)
        return np.asarray(self.labels.bars(predicted[:, 0], bars), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class ErrorBars:
    """Error bars, and what they were made from.

    Attributes
    ----------
    expected
        Expected absolute error of each row's prediction, shape (n,), in the unit of the labels;
        always positive.
    labels
        The clipped absolute errors that the model of errors is fitted to, in the scale of the
        numbers; NaN for unlabeled rows.
    scale
        From the model's predictions to the bars.
    """

    expected: npt.NDArray[np.float32]
    labels: Labels
    scale: ErrorBarScale


def find_error_bars(
    study: Study,
    predicted: Predicted,
    candidate: Candidate,
    resources: Resources,
    *,
    previous: Predicted | None = None,
) -> ErrorBars:
    """Predict, out of sample and on the same folds, how far off each prediction is.

    Parameters
    ----------
    study
        Rows with given numbers.
    predicted
        Out-of-sample predictions, shape (n, 1).
    candidate
        The regressor that predicts the errors.
    previous
        If the study has previous labels: the predictions of a study of those, shape (n, 1).

    Notes
    -----
    A model of errors is itself unsure, so its predictions are shrunk towards their median. The
    exponent is the one under which the errors are likeliest, if each has a Laplace distribution of
    its bar's size: near 1 where errors differ predictably (0.75 for prices of houses), near 0 where
    they do not (0.25 for ratings of politeness).
    """
    errors = _errors(study.labels, predicted)
    labels = _clipped(study.labels, errors)
    previous_labels = None
    if study.previous_labels is not None and previous is not None:
        previous_errors = _errors(study.previous_labels, previous)
        previous_labels = _clipped(study.previous_labels, previous_errors)
    study_of_errors = replace(study, labels=labels, previous_labels=previous_labels)
    (fit,) = cross_validate([candidate], study_of_errors, resources)

    is_labeled = study.labels.is_labeled
    known = errors[is_labeled]
    floor = max(_MIN_RATIO * float(np.median(known)), float(np.finfo(np.float32).tiny))
    raised = np.maximum(fit.predicted[is_labeled, 0].astype(np.float64), floor)
    scale = _fit_scale(raised, known, floor, study.labels.scale)
    return ErrorBars(scale.bars(predicted, fit.predicted), labels, scale)


def constant_error_bars(labels: Labels, predicted: Predicted) -> npt.NDArray[np.float32]:
    """Return the same error bar for all rows, in the scale of the labels, without any model."""
    errors = _errors(labels, predicted)[labels.is_labeled]
    clipped = np.minimum(errors, np.quantile(errors, _CLIP_QUANTILE_OF_SCALE))
    least = max(_MIN_RATIO * float(np.median(errors)), float(np.finfo(np.float32).tiny))
    bar = max(float(clipped.mean()), least)
    bars = labels.scale.bars(predicted[:, 0], np.full(len(predicted), bar))
    return np.asarray(bars, dtype=np.float32)


def _errors(labels: Labels, predicted: Predicted) -> npt.NDArray[np.float64]:
    given = np.asarray(labels.targets, dtype=np.float64)
    return np.abs(labels.scale.scaled(given) - labels.scale.scaled(predicted[:, 0]))


def _clipped(labels: Labels, errors: npt.NDArray[np.float64]) -> Labels:
    """Return the errors as labels to be learned, without the size of those of wrong labels."""
    largest = np.quantile(errors[labels.is_labeled], _CLIP_QUANTILE)
    return Labels(np.minimum(errors, largest), (), labels.strata)


def _fit_scale(
    predicted: npt.NDArray[np.float64],
    errors: npt.NDArray[np.float64],
    floor: float,
    labels: LabelScale,
) -> ErrorBarScale:
    """Return the scale under which the errors, shape (n,), are likeliest."""
    median = float(np.median(predicted))
    clipped = np.minimum(errors, np.quantile(errors, _CLIP_QUANTILE_OF_SCALE))

    def negative_log_likelihood(exponent: float) -> float:
        shrunk = _shrunk(predicted, median, exponent)
        size = max(float((clipped / shrunk).mean()), floor / median)  # all errors may be 0
        return float(np.log(shrunk).mean() + np.log(size))

    exponent = float(min(_EXPONENTS, key=negative_log_likelihood))
    factor = float((clipped / _shrunk(predicted, median, exponent)).mean())
    return ErrorBarScale(floor, median, exponent, max(factor, _MIN_RATIO), labels)


def _shrunk(
    predicted: npt.NDArray[np.floating], median: float, exponent: float
) -> npt.NDArray[np.floating]:
    shrunk: npt.NDArray[np.floating] = median ** (1 - exponent) * predicted**exponent
    return shrunk
