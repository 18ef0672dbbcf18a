"""Any number of classes per row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from studio.engine.conventions.label_sets import join_labels
from studio.engine.fitting.answers import fit_answers
from studio.engine.fitting.calibration import Calibration
from studio.engine.fitting.candidate import Candidate
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
from studio.engine.labels.likely_sets import likely_sets
from studio.engine.models.base import MultiLabelClassifier
from studio.engine.tasks.base import LabelFormat, Quality, Targets

AnyFloat = TypeVar("AnyFloat", bound=np.floating)

MIN_EMPTY_FRACTION = 0.005  # of rows; with fewer the empty set is a mistake rather than a label
_THRESHOLDS = np.linspace(0.05, 0.6, 23)
_MAX_CELLS_FOR_TEMPERATURE = 20_000  # probabilities that the fit reads; one parameter needs no more


class MultiLabel:
    """Each class has an independent probability."""

    def learner(self, candidate: Candidate, labels: Labels, seed: int) -> Learner:
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
        members = np.asarray(targets, dtype=bool)
        return given_set_probabilities(predicted, members).ravel().astype(np.float64)

    def losses(
        self, column: npt.NDArray[np.float64], targets: Targets, calibration: Calibration
    ) -> npt.NDArray[np.float64]:
        """Return the log loss of each row and class, in nats, shape (n · K,)."""
        return log_losses(column)

    def combined(self, members: Sequence[Predicted], weights: Sequence[float]) -> Predicted:
        return mixture(members, weights)

    def votes(self, members: Sequence[Predicted]) -> None:
        """Return None: the votes for sets would be as large as the probabilities."""

    def quality(self, predicted: Predicted, targets: Targets, calibration: Calibration) -> Quality:
        """Measure F1 at the best threshold, log loss and calibration, over all rows and classes."""
        members = np.asarray(targets, dtype=bool)
        f1 = micro_f1(predicted >= best_threshold(predicted, members), members)
        as_given = predicted
        if calibration.answers is not None:
            as_given = calibration.answers.as_given(predicted).astype(np.float32)
        losses = log_losses(self.column(as_given, members))
        return Quality(f1, float(losses.mean()), calibration_error(as_given, members))

    def suggested(self, predicted: Predicted, labels: LabelFormat) -> list[str]:
        """Return the classes above the threshold; the likeliest if sets are never empty."""
        sets = likely_sets(predicted, labels.applies_from, has_empty_sets=labels.has_empty_sets)
        return written_sets(sets, labels.classes)

    def label_format(self, predicted: Predicted, labels: Labels) -> LabelFormat:
        members = np.asarray(labels.targets, dtype=bool)[labels.is_labeled]
        return LabelFormat(
            labels.classes,
            applies_from=best_threshold(predicted[labels.is_labeled], members),
            has_empty_sets=float((~members.any(axis=1)).mean()) >= MIN_EMPTY_FRACTION,
        )


def best_threshold(predicted: Predicted, members: npt.NDArray[np.bool_]) -> float:
    """Return the threshold, the same for all classes, with the highest F1 over rows and classes.

    It is one number for thousands of rows, so F1 on the same rows is hardly biased.
    """

    def f1(threshold: float) -> float:
        return micro_f1(predicted >= threshold, members)

    return float(max(_THRESHOLDS, key=f1))


def given_set_probabilities(
    predicted: npt.NDArray[AnyFloat], members: npt.NDArray[np.bool_]
) -> npt.NDArray[AnyFloat]:
    """Return the probability that each class applies, or does not, as given; shape (n, K)."""
    return np.where(members, predicted, 1 - predicted)


def written_sets(members: npt.NDArray[np.bool_], classes: Sequence[str]) -> list[str]:
    """Return the cell of each row's set."""
    cells = []
    for row in members:
        names = [classes[column] for column in np.flatnonzero(row).tolist()]
        cells.append(join_labels(sorted(names)))
    return cells


def _two_sided(predicted: Predicted) -> Predicted:
    """Return each probability as that of one of two classes, shape (n · K, 2)."""
    flat = predicted.reshape(-1, 1)
    return np.hstack([1 - flat, flat])
