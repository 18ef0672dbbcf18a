"""One of several classes per row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from studio.engine.fitting.calibration import Calibration, fit_calibration
from studio.engine.fitting.candidate import Candidate
from studio.engine.fitting.class_factors import (
    WeightedCalibration,
    fit_weighted_calibration,
    with_factors,
)
from studio.engine.fitting.ensemble import mixture
from studio.engine.fitting.learners import ClassifierLearner, Learner, Predicted
from studio.engine.fitting.metrics import (
    accuracy,
    at_temperature,
    calibration_error,
    given_probabilities,
    log_losses,
)
from studio.engine.labels.encoding import Labels
from studio.engine.schema.class_weights import ClassWeights
from studio.engine.tasks.base import LabelFormat, Quality, Targets


class MultiClass:
    """Probabilities of a row sum to 1; the likeliest class is suggested.

    With class weights, models are fitted to weighted rows, and calibration brings their
    probabilities back to the frequencies of the classes in the data.
    """

    def __init__(self, class_weights: ClassWeights | None = None) -> None:
        self._class_weights = class_weights

    def learner(self, candidate: Candidate, labels: Labels, seed: int) -> Learner:
        classifier = candidate.classifier(seed)
        if self._class_weights is None:
            return ClassifierLearner(classifier, labels.n_outputs)
        weights = _weight_of_each_class(self._class_weights, labels)
        return ClassifierLearner(classifier, labels.n_outputs, weights)

    def calibration(self, predicted: Predicted, targets: Targets) -> Calibration:
        codes = np.asarray(targets, dtype=np.int32)
        if self._class_weights is None:
            return fit_calibration(predicted, codes)
        return fit_weighted_calibration(predicted, codes)

    def mixture_calibration(self, predicted: Predicted, targets: Targets) -> Calibration:
        return self.calibration(predicted, targets)

    def calibrated(self, predicted: Predicted, calibration: Calibration) -> Predicted:
        if isinstance(calibration, WeightedCalibration):
            predicted = with_factors(predicted, np.array(calibration.class_factors))
        return at_temperature(predicted, calibration.temperature)

    def column(self, predicted: Predicted, targets: Targets) -> npt.NDArray[np.float64]:
        return given_probabilities(predicted, np.asarray(targets, dtype=np.int32))

    def losses(
        self, column: npt.NDArray[np.float64], targets: Targets, calibration: Calibration
    ) -> npt.NDArray[np.float64]:
        """Return the log loss of each row's given label, in nats."""
        return log_losses(calibration.as_given(column))

    def combined(self, members: Sequence[Predicted], weights: Sequence[float]) -> Predicted:
        """Return the weighted mean, rows summing to 1."""
        total = mixture(members, weights)
        total /= total.sum(axis=1, keepdims=True)
        return total

    def votes(self, members: Sequence[Predicted]) -> npt.NDArray[np.generic]:
        return np.column_stack([member.argmax(axis=1) for member in members]).astype(np.int16)

    def quality(self, predicted: Predicted, targets: Targets, calibration: Calibration) -> Quality:
        """Measure accuracy, log loss, and the calibration of the likeliest class."""
        codes = np.asarray(targets, dtype=np.int32)
        is_likeliest = np.argmax(predicted, axis=1) == codes
        ece = calibration_error(calibration.as_given(predicted.max(axis=1)), is_likeliest)
        losses = self.losses(self.column(predicted, targets), targets, calibration)
        return Quality(accuracy(predicted, codes), float(losses.mean()), ece)

    def label_format(self, predicted: Predicted, labels: Labels) -> LabelFormat:
        return LabelFormat(labels.classes)

    def suggested(self, predicted: Predicted, labels: LabelFormat) -> list[str]:
        """Return the likeliest class; of equally likely ones, the first in the order of classes."""
        return [labels.classes[code] for code in np.argmax(predicted, axis=1)]


def _weight_of_each_class(weights: ClassWeights, labels: Labels) -> npt.NDArray[np.float64]:
    """Return the weights in the order of the labels' classes, shape (K,)."""
    if weights.is_balanced:
        counts = np.maximum(labels.class_counts, 1)
        return np.asarray(counts.sum() / (len(counts) * counts), dtype=np.float64)
    return np.array([weights.by_class.get(name, 1.0) for name in labels.classes])
