"""What each row adds to the metrics, from which they are computed for all rows, draws and pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.engine.evaluation.metrics.catalogue import N_BINS
from studio.engine.evaluation.metrics.class_ranks import Ranking
from studio.engine.evaluation.uncertainty.resampling import Blocks, Floats, Sums
from studio.engine.ml_task import MLTask

Probabilities = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RowMeasures:
    """The rows that a model is measured on.

    Attributes
    ----------
    task
        What is predicted.
    n_classes
        Classes; 0 for regression.
    labels, predicted
        Class codes, shape (n,); sets of classes, shape (n, K), bool; or numbers, shape (n,).
    columns
        What a row adds to each further metric, by name, shape (n,): the metric is their mean.
    confidence
        Multi-class: the probability of the predicted class, shape (n,); None without probabilities.
    """

    task: MLTask
    n_classes: int
    labels: npt.NDArray[Any]
    predicted: npt.NDArray[Any]
    columns: Mapping[str, npt.NDArray[np.floating]]
    confidence: npt.NDArray[np.floating] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: npt.NDArray[np.int64]) -> RowMeasures:
        """Return the measures of some rows.

        Ranking metrics of a subset are those of all rows, corrected by the subset's influence.
        """
        return replace(
            self,
            labels=self.labels[rows],
            predicted=self.predicted[rows],
            columns={name: values[rows] for name, values in self.columns.items()},
            confidence=None if self.confidence is None else self.confidence[rows],
        )

    def by_block(self, blocks: Blocks) -> Sums:
        """Add up all that the metrics of the task read, by block."""
        sums = {name: blocks.sums(values) for name, values in self.columns.items()}
        sums["n_rows"] = blocks.sums(np.ones(len(self)))
        if self.task is MLTask.REGRESSION:
            return sums
        if self.task is MLTask.MULTI_LABEL:
            sums["n_right"] = blocks.sums((self.labels == self.predicted).all(axis=1))
            sums["true_positives"] = blocks.sums(self.labels & self.predicted)
            sums["labeled"] = blocks.sums(self.labels)
            sums["predicted"] = blocks.sums(self.predicted)
            return sums
        is_right = self.labels == self.predicted
        right = np.where(is_right, self.labels, -1)  # negative codes are not counted
        sums["n_right"] = blocks.sums(is_right)
        sums["true_positives"] = blocks.counts(right, self.n_classes)
        sums["labeled"] = blocks.counts(self.labels, self.n_classes)
        sums["predicted"] = blocks.counts(self.predicted, self.n_classes)
        if self.confidence is not None:
            bins = confidence_bins(self.confidence)
            sums["gaps"] = blocks.sums_by_code(self.confidence - is_right, bins, N_BINS)
        return sums


def confidence_bins(confidence: npt.NDArray[np.floating]) -> npt.NDArray[np.int64]:
    """Return the bin of each probability; all are equally wide."""
    return np.minimum((confidence.astype(np.float64) * N_BINS).astype(np.int64), N_BINS - 1)


def measure_classes(
    labels: npt.NDArray[np.int32],
    predicted: npt.NDArray[np.int32],
    n_classes: int,
    probabilities: Probabilities | None = None,
    ranking: Ranking | None = None,
) -> RowMeasures:
    """Measure predictions of one of several classes; probabilities may be unknown."""
    if probabilities is None:
        return RowMeasures(MLTask.MULTI_CLASS, n_classes, labels, predicted, {})
    rows = np.arange(len(labels))
    of_label = probabilities[rows, labels].astype(np.float64)
    squares = np.einsum("ij,ij->i", probabilities, probabilities, dtype=np.float64)
    brier = squares - 2 * of_label + 1
    if n_classes == 2:  # as scikit-learn scales it: 1 at most, in place of 2
        brier /= 2
    columns = {"log_loss": _log_losses(of_label, probabilities.dtype), "brier_score": brier}
    if ranking is not None:
        columns |= ranking.columns()
    confidence = probabilities[rows, predicted]
    return RowMeasures(MLTask.MULTI_CLASS, n_classes, labels, predicted, columns, confidence)


def measure_sets(
    members: Bools,
    predicted: Bools,
    probabilities: Probabilities | None = None,
    ranking: Ranking | None = None,
) -> RowMeasures:
    """Measure predictions of sets of classes."""
    n_rows, n_classes = members.shape
    if probabilities is None:
        return RowMeasures(MLTask.MULTI_LABEL, n_classes, members, predicted, {})
    loss = np.zeros(n_rows)
    brier = np.zeros(n_rows)
    gap = np.zeros(n_rows)
    signs = _gap_signs(members, probabilities)
    # Class by class, or many classes would need several times the memory of their probabilities.
    for code in range(n_classes):
        probability = probabilities[:, code].astype(np.float64)
        is_member = members[:, code]
        of_label = np.where(is_member, probability, 1 - probability)
        loss += _log_losses(of_label, probabilities.dtype)
        brier += (probability - is_member) ** 2
        gap += signs[confidence_bins(probability)] * (probability - is_member)
    columns = {
        "log_loss": loss / n_classes,
        "brier_score": brier / n_classes,
        "calibration_gap": gap / n_classes,
    }
    if ranking is not None:
        columns |= ranking.columns()
    return RowMeasures(MLTask.MULTI_LABEL, n_classes, members, predicted, columns)


def measure_numbers(labels: Floats, predicted: Floats) -> RowMeasures:
    """Measure predictions of numbers."""
    errors = np.abs(predicted - labels)
    # R² subtracts sums of squares, which would cancel for numbers far from 0.
    centred = labels - labels.mean()
    columns = {
        "label": centred,
        "label_squared": centred**2,
        "squared_error": errors**2,
        "absolute_error": errors,
        "median_error": _median_column(errors),
    }
    return RowMeasures(MLTask.REGRESSION, 0, labels, predicted, columns)


def _log_losses(of_label: Floats, dtype: np.dtype[Any]) -> Floats:
    """Return minus the logarithm, where 0 counts as the smallest step of the type, as elsewhere."""
    return np.asarray(-np.log(np.maximum(of_label, np.finfo(dtype).eps)))


def _gap_signs(members: Bools, probabilities: Probabilities) -> Floats:
    """Return for each bin whether probabilities there are too high (1) or too low (-1)."""
    gaps = np.zeros(N_BINS)
    for code in range(members.shape[1]):
        probability = probabilities[:, code].astype(np.float64)
        gap = probability - members[:, code]
        gaps += np.bincount(confidence_bins(probability), weights=gap, minlength=N_BINS)
    return np.sign(gaps)


def _median_column(errors: Floats) -> Floats:
    """Return a column whose mean is the median and whose spread is that of the median.

    The density at the median is that of the rows around it: of n rows, about √n on each side.
    """
    n_rows = len(errors)
    middle = float(np.median(errors))
    half = min(0.5, 1 / np.sqrt(n_rows))
    low, high = np.quantile(errors, [0.5 - half, 0.5 + half])
    width = (high - low) / (2 * half)
    side = np.sign(errors - middle)
    return np.asarray(middle + width * (side - side.mean()) / 2)
