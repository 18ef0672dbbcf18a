"""What the pages call the measures of a task, and how they write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from studio.engine.ml_task import MLTask
from studio.templatetags.studio import percent

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class TaskWords:
    """Names of the score and of the loss of a candidate; `is_share` tells whether the score is told in percent."""

    score: str
    loss: str
    meaning: str
    is_share: bool = True

    @property
    def held_out(self) -> str:
        """The score on rows that the model did not see."""
        return f"Held-out {self.score}"

    @property
    def original(self) -> str:
        """The same score on the data as it was uploaded."""
        return f"Original {self.score}"

    def score_text(self, score: float | None) -> str:
        """Write a score, a dash for none."""
        if score is None:
            return "–"
        return percent(score) if self.is_share else f"{score:.3f}".replace("-", MINUS)

    def difference_text(self, one: float, other: float) -> str:
        """Write how much larger the first score is."""
        if not self.is_share:
            return f"{one - other:+.3f}".replace("-", MINUS)
        points = round(100 * (one - other), 1)
        return f"{points:+.1f} points".replace("-", MINUS) if points else "0.0 points"


TASK_WORDS: Mapping[MLTask, TaskWords] = {
    MLTask.MULTI_CLASS: TaskWords("Accuracy", "Log loss", "the share of rows whose label is predicted"),
    MLTask.MULTI_LABEL: TaskWords("F1", "Log loss", "the harmonic mean of precision and recall over all classes"),
    MLTask.REGRESSION: TaskWords(
        "R²", "Root mean squared error", "the share of the variance that is explained; 1 is perfect", is_share=False
    ),
}
