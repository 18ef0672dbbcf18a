"""Names and formats of each task's metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from studio.engine.ml_task import MEASURES, MLTask
from studio.figures import percent

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class TaskWords:
    """Names of a candidate's score and loss, on pages and in the API.

    `is_share` marks a score that is shown in percent.
    """

    held_out: str
    loss: str
    meaning: str
    score_name: str
    loss_name: str = "log_loss"
    is_share: bool = True

    @property
    def score(self) -> str:
        """The score itself."""
        return self.held_out.removeprefix("Held-out ")

    @property
    def original(self) -> str:
        """The same score on the data as it was uploaded."""
        return f"Original {self.score}"

    def score_text(self, score: float | None) -> str:
        """Format a score; a missing one is a dash."""
        if score is None:
            return "–"
        if self.is_share:
            return percent(score)
        return f"{score:.3f}".replace("-", MINUS)

    def difference_text(self, one: float, other: float) -> str:
        """Format the difference of two scores, the first less the second."""
        if not self.is_share:
            return f"{one - other:+.3f}".replace("-", MINUS)
        points = round(100 * (one - other), 1)
        if not points:  # without a sign
            return "0.0 points"
        return f"{points:+.1f} points".replace("-", MINUS)


TASK_WORDS: Mapping[MLTask, TaskWords] = {
    MLTask.MULTI_CLASS: TaskWords(
        MEASURES[MLTask.MULTI_CLASS],
        "Log loss",
        "Accuracy is the share of rows whose label is predicted.",
        score_name="accuracy",
    ),
    MLTask.MULTI_LABEL: TaskWords(
        MEASURES[MLTask.MULTI_LABEL],
        "Log loss",
        "F1 is the harmonic mean of precision and recall, over all rows and classes.",
        score_name="f1",
    ),
    MLTask.REGRESSION: TaskWords(
        MEASURES[MLTask.REGRESSION],
        "Root mean squared error",
        "R² is the share of the numbers' variance that is predicted: 1 is perfect, 0 no better than"
        " their mean.",
        score_name="r2",
        loss_name="rmse",
        is_share=False,
    ),
}
