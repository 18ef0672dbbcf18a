"""What explains the rows of a cleanset, beyond their issues and probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # see `cleanset`
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

EVERY_CLASS = -1
EVERY_VALUE = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """How models, cells and near rows speak for the label of each row.

    Attributes
    ----------
    voters
        Names of the models in the ensemble, the heaviest first.
    votes
        Out of sample: the code of the class that each of them finds likeliest, int16, or the number
        that it predicts, float32; shape (n, n_voters). None for the other tasks.
    class_thresholds
        Multi-class: the mean probability of each class in the rows labeled with it.
    space
        Features whose distances measure how alike rows are, shape (n, d), float16; None where
        the embeddings are those features.
    leveled_columns, levels
        The columns other than text, and the position of each row's cell among the counted values of
        its column, shape (n, n_leveled), int16; -1 where it is not counted.
    value_counts
        How many rows of each class have a value, in a sample of the labeled rows; None without
        classes. Columns: `column` (`EVERY_VALUE` for the number of rows), `value` (a word, or a
        value in words), `level` (its position, -1 for a word), `code` (of the class, or
        `EVERY_CLASS`), `n`.
    """

    voters: tuple[str, ...]
    votes: npt.NDArray[np.generic] | None
    class_thresholds: tuple[float, ...]
    space: npt.NDArray[np.float16] | None
    leveled_columns: tuple[str, ...]
    levels: npt.NDArray[np.int16]
    value_counts: pd.DataFrame | None
