"""The input of a finding about the whole dataset, and the type of such a finding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine.health.flagged import flagged_pairs
from studio.engine.issues.base import Evidence
from studio.engine.ml_task import MLTask


@dataclass(frozen=True, slots=True)
class SplitColumn:
    """A column with the side of a split to which each row belongs.

    `values` are in the row order of the evidence.
    """

    column: str
    values: Sequence[str | None]


@dataclass(frozen=True)  # no slots, for the cached property
class Analysis:
    """A finished analysis, rows in canonical order.

    Attributes
    ----------
    evidence
        Labels, predictions and features of the rows.
    issues
        The detectors' columns, one row per row of the data.
    split
        The column with a split into training and test data, if there is one.
    row_ids
        The number of each row in the file, if it is known.
    """

    evidence: Evidence
    issues: pd.DataFrame
    split: SplitColumn | None = None
    row_ids: npt.NDArray[np.int64] | None = None

    @cached_property
    def flagged_pairs(self) -> npt.NDArray[np.int64]:
        """Flagged rows by given and suggested class, shape (K, K); only for multi-class."""
        return flagged_pairs(self.evidence, self.issues)


@dataclass(frozen=True, slots=True)
class Finding:
    """A kind of finding: its field in `Health`, its function and the tasks to which it applies."""

    field: str
    find: Callable[[Analysis], Any]
    tasks: frozenset[MLTask] = frozenset(MLTask)
