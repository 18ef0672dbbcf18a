"""The gain by cleaning: the first analysis against a deployed model, on both kinds of labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from cleansets.overlay import original_analysis
from models_app.models import DeployedModel
from studio.engine.evaluation.metrics.row_measures import RowMeasures, measure_numbers
from studio.engine.evaluation.runs.comparison import PairedMetric, compare_runs
from studio.engine.evaluation.runs.run_rows import RunRows
from studio.engine.ml_task import MLTask
from studio.engine.schema import Part
from studio.model_runs.models import ModelRun, Origin
from studio.model_runs.rows_file import StoredRows, stored_rows
from studio.model_runs.selectors import differing_settings
from studio.runs import Status

MIN_ROWS = 20  # fewer say nothing
_SETTINGS = {
    "feature_columns", "mode", "only_candidates", "n_folds", "seed", "class_weights", "split",
    "merged_labels",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClassGain:
    """The fraction of the rows of a class that are predicted as such, before and after."""

    name: str
    n_rows: int
    before: float
    after: float

    @property
    def change(self) -> float:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Gain:
    """The main metric before and after, on one kind of labels; `classes` where rows have one."""

    by: str
    n_rows: int
    pair: PairedMetric
    classes: tuple[ClassGain, ...] = ()


@dataclass(frozen=True, slots=True)
class HonestGain:
    """Before against after.

    Attributes
    ----------
    n_fixed_test_rows
        Test rows that were changed in bulk, not one by one.
    other_settings
        Settings in which the two runs differ, with the value of each.
    """

    before: ModelRun
    after: ModelRun
    gains: list[Gain]
    n_fixed_test_rows: int
    other_settings: list[tuple[str, Any, Any]]


def honest_gain(model: DeployedModel) -> HonestGain | None:
    """Compare the analysis of the uploaded labels with the model; None until both are evaluated.

    Of these analyses, it is the one that is configured like the model; the project's first one, if
    there is none.
    """
    measured = ModelRun.objects.filter(status=Status.SUCCEEDED)
    after = (
        measured.filter(origin=Origin.MODEL, deployed_model=model).order_by("recorded_at").first()
    )
    analyses = measured.filter(origin=Origin.ANALYSIS).order_by("recorded_at")
    original = original_analysis(model.cleanset)
    before = analyses.filter(cleanset=original).first()
    if original is None or before is None:
        before = analyses.filter(cleanset=model.cleanset.root).first()
    if before is None or after is None:
        return None
    one, other = (
        stored_rows(run.rows_key, run.task, tuple(run.classes)) for run in (before, after)
    )
    is_test = other.part == Part.TEST.value
    is_changed = _differs(other.other_labels["clean"], other.other_labels["uploaded"])
    choices = {
        "the labels as they were uploaded": ("uploaded", np.ones(len(is_test), dtype=bool)),
        "the labels that a person verified": ("clean", other.is_verified),
        "the test rows, by their clean labels": ("clean", is_test),
    }
    gains = []
    for by, (labels, is_counted) in choices.items():
        gain = _gain(by, one, other, other.other_labels[labels], is_counted)
        if gain is not None:
            gains.append(gain)
    n_fixed = int((is_test & is_changed & ~other.is_verified).sum())
    return HonestGain(before, after, gains, n_fixed, _other_settings(before, after))


def _other_settings(before: ModelRun, after: ModelRun) -> list[tuple[str, Any, Any]]:
    return [
        (one["name"], one["first"], one["second"])
        for one in differing_settings(before, after)
        if one["name"] in _SETTINGS
    ]


def _gain(
    by: str,
    before: StoredRows,
    after: StoredRows,
    labels: npt.NDArray[Any],
    is_counted: npt.NDArray[np.bool_],
) -> Gain | None:
    """Compare both on the rows that have this kind of label, which are the same for both."""
    has_label = is_counted & _is_label(labels)
    if has_label.sum() < MIN_ROWS:
        return None
    classes = tuple(dict.fromkeys([*after.run.classes, *before.run.classes]))
    one = before.run.with_classes(classes)
    other = after.run.with_classes(classes)
    rows = np.flatnonzero(has_label)
    other = _measured(other.take(rows), _widened(labels[rows], len(classes)))
    common, at_one, at_other = np.intersect1d(
        one.row_id, other.row_id, assume_unique=True, return_indices=True
    )
    if len(common) < MIN_ROWS:
        return None
    other = other.take(at_other)
    one = _measured(one.take(at_one), other.measures.labels)
    comparison = compare_runs(one, other)
    return Gain(by, comparison.n_rows, comparison.metrics[0], _class_gains(one, other))


def _class_gains(before: RunRows, after: RunRows) -> tuple[ClassGain, ...]:
    """Compare the recall of each class; both have the same rows and labels."""
    if after.measures.task is not MLTask.MULTI_CLASS:
        return ()
    gains = []
    for code, name in enumerate(after.classes):
        rows = after.measures.labels == code
        if rows.any():
            recall_before = float((before.measures.predicted[rows] == code).mean())
            recall_after = float((after.measures.predicted[rows] == code).mean())
            gains.append(ClassGain(name, int(rows.sum()), recall_before, recall_after))
    return tuple(gains)


def _measured(rows: RunRows, labels: npt.NDArray[Any]) -> RunRows:
    """Return the rows with other labels as the reference."""
    measures = rows.measures
    if measures.task is MLTask.REGRESSION:
        return replace(rows, measures=measure_numbers(labels, measures.predicted))
    return replace(
        rows,
        measures=RowMeasures(
            measures.task, measures.n_classes, labels, measures.predicted, columns={}
        ),
    )


def _is_label(labels: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    if labels.ndim == 2:
        return np.ones(len(labels), dtype=bool)
    return np.asarray(np.isfinite(labels) if labels.dtype.kind == "f" else labels >= 0)


def _differs(labels: npt.NDArray[Any], others: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    differs = labels != others
    return np.asarray(differs.any(axis=1) if differs.ndim == 2 else differs)


def _widened(labels: npt.NDArray[Any], n_classes: int) -> npt.NDArray[Any]:
    """Add columns for further classes to sets; codes are returned unchanged."""
    if labels.ndim == 1:
        return labels
    return np.pad(labels, ((0, 0), (0, n_classes - labels.shape[1])))
