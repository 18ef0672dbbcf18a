"""Two runs in comparison: with the same slices and, if wanted, by the same thresholds."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.engine.errors import DataProblem
from studio.engine.evaluation.runs.comparison import (
    Comparison,
    RowChanges,
    changed_rows,
    compare_runs,
)
from studio.engine.evaluation.runs.run_rows import RunRows
from studio.engine.evaluation.runs.slice_changes import NamedSlice
from studio.engine.evaluation.runs.thresholded import rows_by_threshold
from studio.engine.ml_task import MLTask
from studio.model_runs.evaluation_file import read_slices
from studio.model_runs.models import ModelRun
from studio.model_runs.rows_file import stored_rows
from studio.model_runs.sources import predicted_values

Thresholds = tuple[tuple[str, float], ...]


def comparison_of(
    first: ModelRun,
    second: ModelRun,
    by: ModelRun | None = None,
    within: npt.NDArray[np.int64] | None = None,
) -> Comparison:
    """Compare two evaluated runs, each by the labels it learned from.

    `by` is the run whose thresholds decide the predictions of both; None means the likeliest class.
    `within` are the rows to compare on; None means all.

    Raises
    ------
    DataProblem
        If that run has no thresholds, one of the two has no probabilities, or there are no rows.
    """
    thresholds = _checked_thresholds(first, second, by)
    one = _rows_of(first, thresholds)
    other = _rows_of(second, thresholds)
    if within is not None:
        one = _rows_within(one, within)
        other = _rows_within(other, within)
    return compare_runs(one, other, _slices_of(first, second))


def _rows_within(rows: RunRows, within: npt.NDArray[np.int64]) -> RunRows:
    found = np.flatnonzero(np.isin(rows.row_id, within))
    if not len(found):
        raise DataProblem("No row of these runs is in this slice. Choose another one.")
    return rows.take(found)


def row_changes(first: ModelRun, second: ModelRun, by: ModelRun | None = None) -> RowChanges:
    """Return the rows that the runs predict differently; arguments as in `comparison_of`."""
    return _row_changes(first, second, _checked_thresholds(first, second, by))


def threshold_choices(first: ModelRun, second: ModelRun) -> list[ModelRun]:
    """Return which of the runs have thresholds that can be applied to both; of one model once."""
    if not (_has_probabilities(first) and _has_probabilities(second)):
        return []
    choices: dict[Any, ModelRun] = {}
    for run in (first, second):
        if _thresholds_of(run):
            choices.setdefault(run.deployed_model_id, run)
    return list(choices.values())


def _checked_thresholds(first: ModelRun, second: ModelRun, by: ModelRun | None) -> Thresholds:
    if by is None:
        return ()
    thresholds = _thresholds_of(by)
    if not thresholds:
        raise DataProblem(f"{by.name} has no thresholds. Save some with its model first.")
    without = next((run for run in (first, second) if not _has_probabilities(run)), None)
    if without is not None:
        raise DataProblem(
            f"{without.name} has no probabilities, so no threshold can be applied to it."
        )
    return thresholds


def _thresholds_of(run: ModelRun) -> Thresholds:
    if run.deployed_model is None:
        return ()
    return tuple(sorted(run.deployed_model.thresholds.items()))


def _has_probabilities(run: ModelRun) -> bool:
    return run.task is not MLTask.REGRESSION and run.configuration.get("has_probabilities", True)


def _rows_of(run: ModelRun, thresholds: Thresholds) -> RunRows:
    rows = stored_rows(run.rows_key, run.task, tuple(run.classes)).run
    if not thresholds:
        return rows
    probabilities = predicted_values(run, rows.row_id)
    assert probabilities is not None
    return rows_by_threshold(rows, probabilities, dict(thresholds))


@lru_cache(maxsize=8)
def _row_changes(first: ModelRun, second: ModelRun, thresholds: Thresholds) -> RowChanges:
    """Cached, since the rows of an evaluated run never change."""
    return changed_rows(_rows_of(first, thresholds), _rows_of(second, thresholds))


def _slices_of(first: ModelRun, second: ModelRun) -> list[NamedSlice]:
    """Return the worst slices of either run; those of the same name are one."""
    rows: dict[str, npt.NDArray[np.int64]] = {}
    found_in: dict[str, dict[str, int]] = {}
    for run in (first, second):
        for number, (description, row_id) in enumerate(read_slices(run.evaluation_key)):
            rows.setdefault(description, row_id)
            found_in.setdefault(description, {})[str(run.pk)] = number
    return [NamedSlice(name, row_id, found_in[name]) for name, row_id in rows.items()]
