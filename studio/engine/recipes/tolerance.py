"""Compares two results that were computed in different arithmetic, on a sample of their rows."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine.schema import CleansetResult

SAMPLED_ROWS = 200  # enough to see whether nineteen in twenty agree
TOLERANCE = 0.05  # of scores and probabilities; for wider ranges, a fraction of the range
AGREEING_SHARE = 0.95  # in other arithmetic, a few rows near a threshold end on its other side
_DECIMALS = 4  # of sampled numbers, far below the tolerance

Sample: TypeAlias = Sequence[float | str | None]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many of the sampled rows of one part of a result are within the tolerance."""

    n_agreeing: int
    n_rows: int

    @property
    def is_enough(self) -> bool:
        """Whether enough rows agree for the part to count as reproduced."""
        return self.n_agreeing >= AGREEING_SHARE * self.n_rows


def samples(result: CleansetResult) -> dict[str, Sample]:
    """Return the results of at most 200 evenly spaced rows, by part.

    Probabilities are reduced to each row's largest, and texts to checksums, so that the sample does
    not disclose the rows.
    """
    n_rows = len(result.issues)
    rows = np.unique(np.linspace(0, n_rows - 1, min(n_rows, SAMPLED_ROWS)).astype(np.int64))
    parts: dict[str, npt.NDArray[np.generic]] = {"folds": result.fold_id}
    if result.pred_probs.shape[1]:
        parts["pred_probs"] = result.pred_probs.max(axis=1)
    if result.predictions is not None:
        parts["predictions"] = result.predictions[:, 0]
    found = {name: _numbers(values[rows]) for name, values in parts.items()}
    for name in result.issues.columns:
        column = result.issues[name].iloc[rows]
        if column.dtype.kind in "biuf":
            found[str(name)] = _numbers(column.to_numpy())
        else:
            found[str(name)] = [None if pd.isna(cell) else _checksum(cell) for cell in column]
    return found


def agreement(before: Sample, after: Sample) -> Agreement:
    """Count the rows in which two samples of one part are within the tolerance of each other."""
    if len(before) != len(after):
        return Agreement(0, max(len(before), len(after)))
    if any(isinstance(value, str) for value in (*before, *after)):
        is_same = [was == now for was, now in zip(before, after, strict=True)]
        return Agreement(sum(is_same), len(before))
    first = np.array(before, dtype=float)
    second = np.array(after, dtype=float)
    width = max(1.0, float(np.nanmax(first, initial=0.0) - np.nanmin(first, initial=0.0)))
    is_near = np.abs(first - second) <= TOLERANCE * width
    is_missing = np.isnan(first) & np.isnan(second)
    return Agreement(int((is_near | is_missing).sum()), len(before))


def _numbers(values: npt.NDArray[np.generic]) -> Sample:
    rounded = np.round(values.astype(float), _DECIMALS)
    # JSON has no NaN and no infinity.
    return [value if np.isfinite(value) else None for value in rounded.tolist()]


def _checksum(cell: object) -> str:
    return f"{zlib.crc32(str(cell).encode('utf-8', 'surrogatepass')):08x}"
