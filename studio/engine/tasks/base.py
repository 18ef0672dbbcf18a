"""The interface of task recipes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from studio.engine.conventions.number_style import PLAIN_STYLE, NumberStyle
from studio.engine.fitting.calibration import Calibration
from studio.engine.fitting.candidate import Candidate
from studio.engine.fitting.learners import Learner, Predicted
from studio.engine.labels.encoding import Labels

Targets = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Quality:
    """How well held-out rows are predicted; for the units by task see `CandidateResult`."""

    accuracy: float
    log_loss: float
    ece: float | None


class TaskRecipe(Protocol):
    """The steps that differ between tasks.

    Predictions have shape (n, P); targets are those of labeled rows.
    """

    def learner(self, candidate: Candidate, labels: Labels, seed: int) -> Learner:
        """Return the candidate's unfitted model."""

    def calibration(self, predicted: Predicted, targets: Targets) -> Calibration:
        """Return what calibrates out-of-sample predictions."""

    def mixture_calibration(self, predicted: Predicted, targets: Targets) -> Calibration:
        """Return what makes out-of-sample predictions of the ensemble speak of the true label."""

    def calibrated(self, predicted: Predicted, calibration: Calibration) -> Predicted:
        """Return calibrated predictions."""

    def column(self, predicted: Predicted, targets: Targets) -> npt.NDArray[np.float64]:
        """Return the probabilities of what was given, or numbers, for weighing candidates."""

    def losses(
        self, column: npt.NDArray[np.float64], targets: Targets, calibration: Calibration
    ) -> npt.NDArray[np.float64]:
        """Return the loss of each value, for labels as noisy as the calibration says."""

    def combined(self, members: Sequence[Predicted], weights: Sequence[float]) -> Predicted:
        """Return the ensemble's predictions."""

    def votes(self, members: Sequence[Predicted]) -> npt.NDArray[np.generic] | None:
        """Return what each member finds likeliest, shape (n, n_members); None for sets."""

    def quality(self, predicted: Predicted, targets: Targets, calibration: Calibration) -> Quality:
        """Measure calibrated predictions, for labels as noisy as the calibration says."""

    def label_format(self, predicted: Predicted, labels: Labels) -> LabelFormat:
        """Return how to turn predictions into labels, by the out-of-sample ones of all rows."""

    def suggested(self, predicted: Predicted, labels: LabelFormat) -> list[str]:
        """Return the predicted labels as cells."""


@dataclass(frozen=True, slots=True)
class LabelFormat:
    """How predictions become labels.

    Attributes
    ----------
    classes
        Names in the order of the outputs.
    n_decimals, style
        How numbers are written.
    applies_from
        Multi-label: the probability from which a class is suggested.
    has_empty_sets
        Multi-label: whether a row may have no class; else it has at least the likeliest.
    """

    classes: tuple[str, ...]
    n_decimals: int = 0
    style: NumberStyle = PLAIN_STYLE
    applies_from: float = 0.5
    has_empty_sets: bool = True
