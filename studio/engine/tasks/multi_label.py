"""Any number of classes per row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from studio.engine.conventions.label_sets import join_labels
from studio.engine.fitting.answers import fit_answers
from studio.engine.fitting.calibration import Calibration
from studio.engine.fitting.candidates import Candidate
from studio.engine.fitting.ensemble import mixture
from studio.engine.fitting.learners import (
    BinaryRelevanceLearner,
    Learner,
    MultiLabelLearner,
    Predicted,
)
from studio.engine.fitting.metrics import (
    at_temperature,
    calibration_error,
    fit_temperature,
    log_losses,
    micro_f1,
)
from studio.engine.labels.encoding import Labels
from studio.engine.models.base import MultiLabelClassifier
from studio.engine.tasks.base import LabelFormat, Quality, Targets

AnyFloat = TypeVar("AnyFloat", bound=np.floating)

MIN_EMPTY_FRACTION = 0.005  # of rows; with fewer the empty set is a mistake rather than a label
_THRESHOLDS = np.linspace(0.05, 0.6, 23)
_MAX_CELLS_FOR_TEMPERATURE = 20_000


class MultiLabel:
    """Each class has a probability of its own; a row's may sum to anything from 0 to the number of
    classes.
    """

    def learner(self, candidate: Candidate, labels: Labels, seed: int) -> Learner:
        """Return the candidate as one model for all classes, or as one classifier per class."""
        model = candidate.make(seed)
        if isinstance(model, MultiLabelClassifier):
            return MultiLabelLearner(model)
        return BinaryRelevanceLearner([candidate.classifier(seed) for _ in range(labels.n_outputs)])

    def calibration(self, predicted: Predicted, targets: Targets) -> Calibration:
        """Return the temperature of least log loss over evenly spaced rows and all classes."""
        step = -(-predicted.size // _MAX_CELLS_FOR_TEMPERATURE)
        members = np.asarray(targets[::step], dtype=np.int32).ravel()
        return Calibration(fit_temperature(_two_sided(predicted[::step]), members))

    def mixture_calibration(self, predicted: Predicted, targets: Targets) -> Calibration:
        """Return a curve per class, and the noise of all classes together."""
        return Calibration(answers=fit_answers(predicted, np.asarray(targets, dtype=bool)))

    def calibrated(self, predicted: Predicted, calibration: Calibration) -> Predicted:
        """Return probabilities on the classes' curves, or at the temperature."""
        if calibration.answers is not None:
            return calibration.answers.calibrated(predicted)
        both = at_temperature(_two_sided(predicted), calibration.temperature)
        return both[:, 1].reshape(predicted.shape)

    def column(self, predicted: Predicted, targets: Targets) -> npt.NDArray[np.float64]:
        """Return the probability of what was given, class by class, shape (n · K,)."""
        return (
            given_set_probabilities(predicted, np.asarray(targets, dtype=bool))
            .ravel()
            .astype(np.float64)
        )

    def losses(
        self, column: npt.NDArray[np.float64], targets: Targets, calibration: Calibration
    ) -> npt.NDArray[np.float64]:
        """Return the log loss of each row and class, in nats, shape (n · K,)."""
        return log_losses(column)

    def combined(self, members: Sequence[Predicted], weights: Sequence[float]) -> Predicted:
        """Return the weighted mean."""
        return mixture(members, weights)

    def quality(self, predicted: Predicted, targets: Targets, calibration: Calibration) -> Quality:
        """Measure F1 over all rows and classes at the threshold that is best for it, log loss, and
        calibration.
        """
        members = np.asarray(targets, dtype=bool)
        f1 = micro_f1(predicted >= best_threshold(predicted, members), members)
        as_given = predicted
        if calibration.answers is not None:
            as_given = calibration.answers.as_given(predicted).astype(np.float32)
        losses = log_losses(self.column(as_given, members))
        return Quality(f1, float(losses.mean()), calibration_error(as_given, members))

    def suggested(self, predicted: Predicted, labels: LabelFormat) -> list[str]:
        """Return the classes that are likely enough; where sets are never empty, at least the
        likeliest.
        """
        return written_sets(likely_sets(predicted, labels), labels.classes)

    def label_format(self, predicted: Predicted, labels: Labels) -> LabelFormat:
        """Return the names of the classes, from where on they are suggested, and whether a set may
        be empty.
        """
        members = np.asarray(labels.targets, dtype=bool)[labels.is_labeled]
        return LabelFormat(
            labels.classes,
            applies_from=best_threshold(predicted[labels.is_labeled], members),
            has_empty_sets=float((~members.any(axis=1)).mean()) >= MIN_EMPTY_FRACTION,
        )


def best_threshold(predicted: Predicted, members: npt.NDArray[np.bool_]) -> float:
    """Return the one threshold of 0.05 … 0.6 that makes F1 over all rows and classes largest.

    It is one number for thousands of rows, so measuring F1 on the same rows flatters it hardly.
    """
    return float(max(_THRESHOLDS, key=lambda threshold: micro_f1(predicted >= threshold, members)))


def likely_sets(predicted: Predicted, labels: LabelFormat) -> npt.NDArray[np.bool_]:
    """Return whether each class is suggested, shape (n, K)."""
    sets: npt.NDArray[np.bool_] = predicted >= labels.applies_from
    if not labels.has_empty_sets:
        with_likeliest(sets, predicted)
    return sets


def with_likeliest(sets: npt.NDArray[np.bool_], predicted: Predicted) -> None:
    """Put the likeliest class into the sets that are empty."""
    empty = np.flatnonzero(~sets.any(axis=1))
    sets[empty, predicted[empty].argmax(axis=1)] = True


def given_set_probabilities(
    predicted: npt.NDArray[AnyFloat], members: npt.NDArray[np.bool_]
) -> npt.NDArray[AnyFloat]:
    """Return the probability of what was given for each class: that it applies, or that it does
    not, (n, K).
    """
    return np.where(members, predicted, 1 - predicted)


def written_sets(members: npt.NDArray[np.bool_], classes: Sequence[str]) -> list[str]:
    """Return the cell of each row's set."""
    return [_written(row, classes) for row in members]


def _written(row: npt.NDArray[np.bool_], classes: Sequence[str]) -> str:
    return join_labels(sorted(classes[column] for column in np.flatnonzero(row).tolist()))


def _two_sided(predicted: Predicted) -> Predicted:
    flat = predicted.reshape(-1, 1)
    return np.hstack([1 - flat, flat])
