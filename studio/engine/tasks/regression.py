"""A number per row."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from studio.engine.fitting.calibration import NO_CALIBRATION, Calibration
from studio.engine.fitting.candidate import Candidate
from studio.engine.fitting.ensemble import mixture
from studio.engine.fitting.learners import Learner, Predicted, RegressorLearner
from studio.engine.labels.encoding import Labels
from studio.engine.tasks.base import LabelFormat, Quality, Targets

_DIGITS = 7  # of single precision


class Regression:
    """Predictions have one column, in the unit of the labels."""

    def learner(self, candidate: Candidate, labels: Labels, seed: int) -> Learner:
        return RegressorLearner(candidate.regressor(seed), labels.scale)

    def calibration(self, predicted: Predicted, targets: Targets) -> Calibration:
        return NO_CALIBRATION

    def mixture_calibration(self, predicted: Predicted, targets: Targets) -> Calibration:
        """Return none."""
        return NO_CALIBRATION

    def calibrated(self, predicted: Predicted, calibration: Calibration) -> Predicted:
        return predicted

    def column(self, predicted: Predicted, targets: Targets) -> npt.NDArray[np.float64]:
        return predicted[:, 0].astype(np.float64)

    def losses(
        self, column: npt.NDArray[np.float64], targets: Targets, calibration: Calibration
    ) -> npt.NDArray[np.float64]:
        """Return the absolute errors; a few wrong labels hardly move their mean."""
        return np.asarray(np.abs(column - np.asarray(targets, dtype=np.float64)))

    def combined(self, members: Sequence[Predicted], weights: Sequence[float]) -> Predicted:
        return mixture(members, weights)

    def votes(self, members: Sequence[Predicted]) -> npt.NDArray[np.generic]:
        return np.column_stack([member[:, 0] for member in members]).astype(np.float32)

    def quality(self, predicted: Predicted, targets: Targets, calibration: Calibration) -> Quality:
        """Measure R² and the root mean squared error."""
        values = np.asarray(targets, dtype=np.float64)
        squared_errors = (predicted[:, 0] - values) ** 2
        around_mean = float(((values - values.mean()) ** 2).mean())
        mean_squared = float(squared_errors.mean())
        r2 = 0.0
        if around_mean:
            r2 = 1 - mean_squared / around_mean
        return Quality(accuracy=r2, log_loss=float(np.sqrt(mean_squared)), ece=None)

    def label_format(self, predicted: Predicted, labels: Labels) -> LabelFormat:
        """Return how the given numbers are written."""
        return LabelFormat((), labels.n_decimals, labels.style)

    def suggested(self, predicted: Predicted, labels: LabelFormat) -> list[str]:
        """Return the numbers written as the given labels are."""
        numbers = (written_number(value, labels.n_decimals) for value in predicted[:, 0].tolist())
        return [labels.style.styled(number) for number in numbers]


def written_number(value: float, n_decimals: int) -> str:
    """Return a number as text, with no more digits than single precision has.

    >>> written_number(-0.004, 2), written_number(12.5, 3), written_number(1e6, 0)
    ('0', '12.5', '1000000')
    >>> written_number(24.63708114624, 12)
    '24.63708'
    """
    n_whole = 1
    if value:
        n_whole = math.floor(math.log10(abs(value))) + 1
    n_known = max(0, _DIGITS - n_whole)
    text = f"{value:.{min(n_decimals, n_known)}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if text == "-0":
        return "0"
    return text
