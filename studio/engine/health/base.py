"""What a finding about the whole data set is made from."""

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
    """A column that says on which side of a split each row is; `values` in the row order of the
    evidence.
    """

    column: str
    values: Sequence[str | None]


@dataclass(frozen=True)  # no slots: the pairs are counted once, when a finding first asks
class Analysis:
    """A finished analysis, rows in canonical order.

    Attributes
    ----------
    evidence
        What is known of the rows.
    issues
        The result columns of every row.
    split
        The split column, where there is one.
    """

    evidence: Evidence
    issues: pd.DataFrame
    split: SplitColumn | None = None

    @cached_property
    def flagged_pairs(self) -> npt.NDArray[np.int64]:
        """Flagged rows by given and suggested class, shape (K, K); only for multi-class."""
        return flagged_pairs(self.evidence, self.issues)


@dataclass(frozen=True, slots=True)
class Finding:
    """A kind of finding: the field of `Health` that it fills, and for which tasks."""

    field: str
    find: Callable[[Analysis], Any]
    tasks: frozenset[MLTask] = frozenset(MLTask)
