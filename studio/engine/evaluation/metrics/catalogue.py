"""The metrics of each task, as functions of sums over rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from studio.engine.evaluation.uncertainty.intervals import Scale
from studio.engine.evaluation.uncertainty.resampling import Floats, Sums
from studio.engine.ml_task import MLTask

N_BINS = 15  # of confidence, for the expected calibration error


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of a summary.

    Attributes
    ----------
    key
        Its name in files and the API, as scikit-learn's scorers have it.
    name
        Its name on pages.
    meaning
        What it tells, in a sentence.
    scale
        How its interval is made.
    of
        Its values, given sums whose leading axis is the replicate.
    needs
        The sums that it reads; where a run has none of them, it has no such metric.
    is_error
        Whether less is better.
    is_class_mean
        Whether it is the mean over classes, each of which counts the same.
    """

    key: str
    name: str
    meaning: str
    scale: Scale
    of: Callable[[Sums], Floats]
    needs: str
    is_error: bool = False
    is_class_mean: bool = False


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(numerator / denominator)


def _mean_over(values: Floats, counts: Floats) -> Floats:
    """Return the mean over the classes that have rows, per replicate."""
    has_rows = counts > 0
    known = np.where(has_rows, values, 0.0)
    return _ratio(known.sum(axis=-1), has_rows.sum(axis=-1))


def _accuracy(sums: Sums) -> Floats:
    return _ratio(sums["n_right"], sums["n_rows"])


def class_recall(sums: Sums) -> Floats:
    """Return the recall of each class, shape (replicates, classes)."""
    return _ratio(sums["true_positives"], sums["labeled"])


def class_f1(sums: Sums) -> Floats:
    """Return F1 of each class, shape (replicates, classes)."""
    return _ratio(2 * sums["true_positives"], sums["labeled"] + sums["predicted"])


def _f1_weighted(sums: Sums) -> Floats:
    labeled = sums["labeled"]
    known = np.where(labeled > 0, class_f1(sums), 0.0)
    return _ratio((known * labeled).sum(axis=-1), labeled.sum(axis=-1))


def _f1_micro(sums: Sums) -> Floats:
    stated = (sums["labeled"] + sums["predicted"]).sum(axis=-1)
    return _ratio(2 * sums["true_positives"].sum(axis=-1), stated)


def _mean_of(name: str) -> Callable[[Sums], Floats]:
    return lambda sums: _ratio(sums[name], sums["n_rows"])


def _r2(sums: Sums) -> Floats:
    around_mean = sums["label_squared"] - _ratio(sums["label"] ** 2, sums["n_rows"])
    return 1 - _ratio(sums["squared_error"], around_mean)


_F1_MACRO = Metric(
    "f1_macro",
    "Macro F1",
    "The mean of the classes' F1, whatever their size.",
    Scale.FRACTION,
    lambda sums: _mean_over(class_f1(sums), sums["labeled"] + sums["predicted"]),
    "predicted",
    is_class_mean=True,
)
_F1_WEIGHTED = Metric(
    "f1_weighted",
    "Weighted F1",
    "The mean of the classes' F1, weighted by their rows.",
    Scale.FRACTION,
    _f1_weighted,
    "predicted",
)
_AVERAGE_PRECISION = Metric(
    "average_precision_macro",
    "Average precision",
    "The precision over all thresholds at which a class is predicted; the mean over classes.",
    Scale.FRACTION,
    _mean_of("average_precision"),
    "average_precision",
    is_class_mean=True,
)
_LOG_LOSS = Metric(
    "log_loss",
    "Log loss",
    "How surprised the model is by the labels: minus the logarithm of their probability.",
    Scale.AMOUNT,
    _mean_of("log_loss"),
    "log_loss",
    is_error=True,
)

_CLASS_METRICS = (
    Metric(
        "accuracy",
        "Accuracy",
        "The share of rows whose predicted class is their label.",
        Scale.FRACTION,
        _accuracy,
        "n_right",
    ),
    Metric(
        "misclassification_rate",
        "Misclassification rate",
        "The share of rows whose predicted class is another one.",
        Scale.FRACTION,
        lambda sums: 1 - _accuracy(sums),
        "n_right",
        is_error=True,
    ),
    Metric(
        "balanced_accuracy",
        "Balanced accuracy",
        "The mean of the classes' recall: rare classes count as much as frequent ones.",
        Scale.FRACTION,
        lambda sums: _mean_over(class_recall(sums), sums["labeled"]),
        "predicted",
        is_class_mean=True,
    ),
    _F1_MACRO,
    _F1_WEIGHTED,
    _LOG_LOSS,
    Metric(
        "roc_auc_ovr_macro",
        "Macro ROC AUC",
        "How often a row of a class is ranked before a row of another one; the mean over classes.",
        Scale.FRACTION,
        _mean_of("roc_auc"),
        "roc_auc",
        is_class_mean=True,
    ),
    _AVERAGE_PRECISION,
    Metric(
        "brier_score",
        "Brier score",
        "The squared distance of the probabilities from the truth.",
        Scale.AMOUNT,
        _mean_of("brier_score"),
        "brier_score",
        is_error=True,
    ),
    Metric(
        "expected_calibration_error",
        "Calibration error",
        "How far stated confidence is from how often the model is right.",
        Scale.GAP,
        lambda sums: _ratio(np.abs(sums["gaps"]).sum(axis=-1), sums["n_rows"]),
        "gaps",
        is_error=True,
    ),
)

_SET_METRICS = (
    Metric(
        "subset_accuracy",
        "Subset accuracy",
        "The share of rows whose predicted set of classes is exactly their label.",
        Scale.FRACTION,
        _accuracy,
        "n_right",
    ),
    Metric(
        "f1_micro",
        "Micro F1",
        "F1 over all rows and classes together.",
        Scale.FRACTION,
        _f1_micro,
        "predicted",
    ),
    _F1_MACRO,
    _F1_WEIGHTED,
    _LOG_LOSS,
    Metric(
        "roc_auc_macro",
        "Macro ROC AUC",
        "How often a row with a class is ranked before one without it; the mean over classes.",
        Scale.FRACTION,
        _mean_of("roc_auc"),
        "roc_auc",
        is_class_mean=True,
    ),
    _AVERAGE_PRECISION,
    Metric(
        "brier_score",
        "Brier score",
        "The squared distance of the probabilities from the truth, per class.",
        Scale.AMOUNT,
        _mean_of("brier_score"),
        "brier_score",
        is_error=True,
    ),
    Metric(
        "expected_calibration_error",
        "Calibration error",
        "How far stated probabilities are from how often the class applies.",
        Scale.GAP,
        _mean_of("calibration_gap"),
        "calibration_gap",
        is_error=True,
    ),
)

_NUMBER_METRICS = (
    Metric(
        "r2",
        "R²",
        "The share of the numbers' variance that the model explains.",
        Scale.R2,
        _r2,
        "squared_error",
    ),
    Metric(
        "mean_absolute_error",
        "Mean absolute error",
        "How far off a prediction is on average.",
        Scale.AMOUNT,
        _mean_of("absolute_error"),
        "absolute_error",
        is_error=True,
    ),
    Metric(
        "root_mean_squared_error",
        "Root mean squared error",
        "How far off predictions are, where large errors count more.",
        Scale.AMOUNT,
        lambda sums: np.sqrt(_ratio(sums["squared_error"], sums["n_rows"])),
        "squared_error",
        is_error=True,
    ),
    Metric(
        "median_absolute_error",
        "Median absolute error",
        "How far off half of the predictions are at most.",
        Scale.AMOUNT,
        _mean_of("median_error"),
        "median_error",
        is_error=True,
    ),
)

METRICS: Mapping[MLTask, tuple[Metric, ...]] = {
    MLTask.MULTI_CLASS: _CLASS_METRICS,
    MLTask.MULTI_LABEL: _SET_METRICS,
    MLTask.REGRESSION: _NUMBER_METRICS,
}
