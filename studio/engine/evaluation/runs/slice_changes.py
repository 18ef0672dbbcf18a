"""The errors of two runs in the same slices of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.engine.evaluation.runs.run_rows import RunRows
from studio.engine.evaluation.uncertainty.intervals import Estimate, Z
from studio.engine.ml_task import MLTask

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NamedSlice:
    """Rows with something in common.

    `found_in` has the runs among whose worst slices it is, each with its number there.
    """

    description: str
    row_id: Rows
    found_in: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SliceChange:
    """The mean error of both runs in one slice; `difference` is the second's less the first's."""

    description: str
    found_in: Mapping[str, int]
    n_rows: int
    first: float
    second: float
    difference: Estimate

    @property
    def verdict(self) -> str:
        """Whether the second run is better, worse, or neither for sure."""
        low = self.difference.low
        high = self.difference.high
        if low is None or high is None or low <= 0 <= high:
            return "unclear"
        return "better" if high < 0 else "worse"

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "description": self.description,
            "found_in": dict(self.found_in),
            "n_rows": self.n_rows,
            "first": self.first,
            "second": self.second,
            "difference": self.difference.to_dict(),
            "verdict": self.verdict,
        }


def compare_slices(
    first: RunRows, second: RunRows, slices: Sequence[NamedSlice]
) -> list[SliceChange]:
    """Compare two runs of the same rows in each slice that has some of them.

    The interval comes from the differences of single rows, so that rows which are hard for both
    runs do not count. As in `difference`, one row more or less is possible in any case.
    """
    if not slices:
        return []
    errors = _errors(first)
    others = _errors(second)
    changes = []
    for one in slices:
        rows = _places(first.row_id, one.row_id)
        if len(rows):
            changes.append(_change(one, errors[rows], others[rows]))
    return changes


def _errors(run: RunRows) -> npt.NDArray[np.float64]:
    measures = run.measures
    if measures.task is MLTask.REGRESSION:
        return np.asarray(np.abs(measures.labels - measures.predicted), dtype=np.float64)
    return (~run.is_right).astype(np.float64)


def _places(row_id: Rows, wanted: Rows) -> Rows:
    """Return the positions of those of the wanted rows that exist."""
    places = np.searchsorted(row_id, wanted)
    places = np.minimum(places, len(row_id) - 1)
    return np.asarray(places[row_id[places] == wanted], dtype=np.int64)


def _change(
    one: NamedSlice, errors: npt.NDArray[np.float64], others: npt.NDArray[np.float64]
) -> SliceChange:
    n_rows = len(errors)
    change = others - errors
    largest = max(float(errors.max()), float(others.max()))
    deviation = float(change.std(ddof=1)) if n_rows > 1 else largest
    half = Z * float(np.hypot(deviation / np.sqrt(n_rows), largest / n_rows))
    value = float(change.mean())
    return SliceChange(
        description=one.description,
        found_in=one.found_in,
        n_rows=n_rows,
        first=float(errors.mean()),
        second=float(others.mean()),
        difference=Estimate(value, value - half, value + half),
    )
