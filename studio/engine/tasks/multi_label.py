"""Any number of classes per row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from studio.engine.candidates import Candidate
from studio.engine.ensemble import mixture
from studio.engine.label_sets import join_labels
from studio.engine.learners import Learner, Predicted, SetLearner
from studio.engine.metrics import at_temperature, calibration_error, fit_temperature, log_loss, micro_f1
from studio.engine.tasks.base import LabelFormat, Quality, Targets

APPLIES_FROM = 0.5  # probability from which a class is suggested
_MAX_CELLS_FOR_TEMPERATURE = 20_000


class MultiLabel:
    """Each class has a probability of its own; a row's may sum to anything from 0 to the number of classes."""

    def learner(self, candidate: Candidate, n_outputs: int, seed: int) -> Learner:
        """Return the candidate as one classifier per class."""
        return SetLearner([candidate.classifier(seed) for _ in range(n_outputs)])

    def temperature(self, predicted: Predicted, targets: Targets) -> float:
        """Return the temperature of least log loss over evenly spaced rows and all classes."""
        step = -(-predicted.size // _MAX_CELLS_FOR_TEMPERATURE)
        return fit_temperature(_two_sided(predicted[::step]), np.asarray(targets[::step], dtype=np.int32).ravel())

    def calibrated(self, predicted: Predicted, temperature: float) -> Predicted:
        """Return probabilities at the temperature."""
        return at_temperature(_two_sided(predicted), temperature)[:, 1].reshape(predicted.shape)

    def column(self, predicted: Predicted, targets: Targets) -> npt.NDArray[np.float64]:
        """Return the probability of what was given, class by class, shape (n · K,)."""
        return given_set_probabilities(predicted, np.asarray(targets, dtype=bool)).ravel().astype(np.float64)

    def loss(self, column: npt.NDArray[np.float64], targets: Targets) -> float:
        """Return the mean log loss per row and class, in nats."""
        return log_loss(column)

    def combined(self, members: Sequence[Predicted], weights: Sequence[float]) -> Predicted:
        """Return the weighted mean."""
        return mixture(members, weights)

    def quality(self, predicted: Predicted, targets: Targets) -> Quality:
        """Measure F1 over all rows and classes, log loss, and calibration."""
        members = np.asarray(targets, dtype=bool)
        f1 = micro_f1(predicted >= APPLIES_FROM, members)
        return Quality(f1, log_loss(self.column(predicted, members)), calibration_error(predicted, members))

    def suggested(self, predicted: Predicted, labels: LabelFormat) -> list[str]:
        """Return the classes more likely than not; empty where no class is."""
        return [_written(row, labels.classes) for row in predicted >= APPLIES_FROM]


def given_set_probabilities(predicted: Predicted, members: npt.NDArray[np.bool_]) -> Predicted:
    """Return the probability of what was given for each class: that it applies, or that it does not, (n, K)."""
    return np.where(members, predicted, 1 - predicted)


def written_sets(members: npt.NDArray[np.bool_], classes: Sequence[str]) -> list[str]:
    """Return the cell of each row's set."""
    return [_written(row, classes) for row in members]


def _written(row: npt.NDArray[np.bool_], classes: Sequence[str]) -> str:
    return join_labels(classes[column] for column in np.flatnonzero(row).tolist())


def _two_sided(predicted: Predicted) -> Predicted:
    flat = predicted.reshape(-1, 1)
    return np.hstack([1 - flat, flat])
