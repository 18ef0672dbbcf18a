"""What a review has shown so far: the input of the estimate."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt


class Verdict(IntEnum):
    """What is known of the label of a flagged row."""

    OPEN = -1
    RIGHT = 0
    WRONG = 1
    SETTLED = 2  # decided, but nobody looked at the row


@dataclass(frozen=True, slots=True)
class RandomRows:
    """Unflagged rows that were reviewed because chance drew them."""

    n_wrong: int = 0
    n_right: int = 0

    @property
    def n_reviewed(self) -> int:
        """How many there are."""
        return self.n_wrong + self.n_right


@dataclass(frozen=True, slots=True)
class ModelEstimate:
    """What the models expect before anybody has looked.

    Attributes
    ----------
    n_flagged_wrong
        The number of flagged labels that are wrong.
    n_wrong, low, high
        The number of all labels that are wrong, with its 95% interval; None if unknown.
    """

    n_flagged_wrong: float
    n_wrong: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """The flagged rows of an analysis with the decisions about them.

    Attributes
    ----------
    scores, verdicts
        Label issue score and `Verdict` of each flagged row, shape (n_flagged,).
    n_labeled
        The number of rows with a label.
    n_unflagged_open
        The number of undecided rows that have a label and are not flagged.
    random_rows
        The reviewed ones among those that chance drew.
    is_as_suggested
        Whether the decision was the suggested label, shape (n_flagged,); read of wrong labels.
    models
        What the models expect.
    """

    scores: npt.NDArray[np.float64]
    verdicts: npt.NDArray[np.int8]
    n_labeled: int
    n_unflagged_open: int
    random_rows: RandomRows
    is_as_suggested: npt.NDArray[np.bool_]
    models: ModelEstimate
