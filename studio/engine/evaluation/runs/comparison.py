"""Two runs on the rows that both have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.engine.errors import DataProblem
from studio.engine.evaluation.metrics.catalogue import METRICS, Metric, class_f1, class_recall
from studio.engine.evaluation.runs.run_rows import RunRows
from studio.engine.evaluation.runs.slice_changes import NamedSlice, SliceChange, compare_slices
from studio.engine.evaluation.uncertainty.intervals import Estimate, Scale, difference
from studio.engine.evaluation.uncertainty.resampling import Blocks, Sums, replicates, total
from studio.engine.ml_task import MLTask

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PairedMetric:
    """A metric of both runs, None where it is not defined; `difference` is the second's less the
    first's.
    """

    metric: Metric
    first: float | None
    second: float | None
    difference: Estimate

    @property
    def verdict(self) -> str:
        """Whether the second is better, worse, or neither for sure."""
        low, high = self.difference.low, self.difference.high
        if low is None or high is None or low <= 0 <= high:
            return "unclear"
        return "better" if (low > 0) != self.metric.is_error else "worse"

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "first": self.first,
            "second": self.second,
            "difference": self.difference.to_dict(),
            "verdict": self.verdict,
        }


@dataclass(frozen=True, slots=True)
class ClassChange:
    """How one class fares in both runs."""

    name: str
    n_labeled: int
    recall: tuple[float | None, float | None]
    f1: tuple[float | None, float | None]
    f1_difference: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "class": self.name,
            "labeled": self.n_labeled,
            "recall": {"first": self.recall[0], "second": self.recall[1]},
            "f1": {
                "first": self.f1[0],
                "second": self.f1[1],
                "difference": self.f1_difference.to_dict(),
            },
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two runs say of the same rows.

    Attributes
    ----------
    n_rows
        Rows that both have.
    n_only
        Rows that only the first has, and only the second.
    n_labels_differ
        Rows whose label is another one in the second; each run is measured by its own.
    gained, lost, both_wrong
        Ids of rows that only the second predicts right, only the first, and neither. Of numbers:
        rows to which the second comes closer, or stays farther away; none is both wrong.
    slices
        The errors of both in the same slices.
    """

    n_rows: int
    n_only: tuple[int, int]
    n_labels_differ: int
    metrics: list[PairedMetric]
    classes: list[ClassChange]
    gained: Rows
    lost: Rows
    both_wrong: Rows
    slices: list[SliceChange] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "n_rows": self.n_rows,
            "n_only_first": self.n_only[0],
            "n_only_second": self.n_only[1],
            "n_labels_differ": self.n_labels_differ,
            "metrics": {one.metric.key: one.to_dict() for one in self.metrics},
            "per_class": [change.to_dict() for change in self.classes],
            "slices": [change.to_dict() for change in self.slices],
            "rows": {
                "gained": self.gained.tolist(),
                "lost": self.lost.tolist(),
                "both_wrong": self.both_wrong.tolist(),
            },
        }


@dataclass(frozen=True, slots=True)
class RowChanges:
    """Ids of the rows that only the second run predicts right, only the first, and neither.

    Of numbers: rows to which the second comes closer, or stays farther away; none is both wrong.
    """

    gained: Rows
    lost: Rows
    both_wrong: Rows


def compare_runs(first: RunRows, second: RunRows, slices: Sequence[NamedSlice] = ()) -> Comparison:
    """Compare runs of the same task, pair by pair, over all common rows and in each slice.

    The bootstrap draws the same blocks of rows for both, so that what is hard for both does not
    count. A ranking metric of rows that only one run has is left out by the influence of each row.

    Raises
    ------
    DataProblem
        Where the runs have other tasks, or no row in common.
    """
    one, other = _common_rows(first, second)
    n_common = len(one.row_id)
    n_only = (len(first.row_id) - n_common, len(second.row_id) - n_common)
    return _compared(one, other, n_only, slices)


def changed_rows(first: RunRows, second: RunRows) -> RowChanges:
    """Return the rows that two runs of the same task predict differently, without any metric."""
    return _changed_rows(*_common_rows(first, second))


def _common_rows(first: RunRows, second: RunRows) -> tuple[RunRows, RunRows]:
    """Return the rows that both runs have, with the codes of the same classes."""
    task = first.measures.task
    if second.measures.task is not task:
        raise DataProblem(
            f"One run predicts {task.value} labels and the other {second.measures.task.value}"
            " labels, so that they have no metric in common. Compare runs of one task."
        )
    one = first
    other = second
    if not np.array_equal(first.row_id, second.row_id):
        common, at_first, at_second = np.intersect1d(
            first.row_id, second.row_id, assume_unique=True, return_indices=True
        )
        if not len(common):
            raise DataProblem("The two runs have no row in common, so there is nothing to compare.")
        one = first.take(at_first.astype(np.int64))
        other = second.take(at_second.astype(np.int64))
    classes = tuple(dict.fromkeys([*first.classes, *second.classes]))
    return one.with_classes(classes), other.with_classes(classes)


def _compared(
    first: RunRows, second: RunRows, n_only: tuple[int, int], slices: Sequence[NamedSlice]
) -> Comparison:
    n_rows = len(first.row_id)
    blocks = Blocks.of(n_rows)
    by_block = [run.measures.by_block(blocks) for run in (first, second)]
    values = [total(sums) for sums in by_block]
    drawn = [replicates(sums) for sums in by_block]
    metrics = []
    for metric in METRICS[first.measures.task]:
        if not all(metric.needs in sums for sums in by_block):
            continue
        one = float(metric.of(values[0])[0])
        other = float(metric.of(values[1])[0])
        with np.errstate(invalid="ignore"):  # R² of rows with one label is minus infinity
            replicated = metric.of(drawn[1]) - metric.of(drawn[0])
        most = max(one, other) if metric.scale is Scale.AMOUNT else 1.0
        change = difference(other - one, replicated, n_rows, most)
        metrics.append(PairedMetric(metric, _finite(one), _finite(other), change))
    changed = _changed_rows(first, second)
    return Comparison(
        n_rows=n_rows,
        n_only=n_only,
        n_labels_differ=_n_labels_differ(first, second),
        metrics=metrics,
        classes=_class_changes(first.classes, values, drawn),
        gained=changed.gained,
        lost=changed.lost,
        both_wrong=changed.both_wrong,
        slices=compare_slices(first, second, slices),
    )


def _n_labels_differ(first: RunRows, second: RunRows) -> int:
    differs = first.measures.labels != second.measures.labels
    return int((differs.any(axis=1) if differs.ndim == 2 else differs).sum())


def _changed_rows(first: RunRows, second: RunRows) -> RowChanges:
    row_id = first.row_id
    if first.measures.task is MLTask.REGRESSION:
        errors, others = (
            np.abs(run.measures.labels - run.measures.predicted) for run in (first, second)
        )
        return RowChanges(row_id[others < errors], row_id[others > errors], row_id[:0])
    was_right = first.is_right
    is_right = second.is_right
    return RowChanges(
        gained=row_id[is_right & ~was_right],
        lost=row_id[was_right & ~is_right],
        both_wrong=row_id[~is_right & ~was_right],
    )


def _class_changes(
    classes: tuple[str, ...], values: list[Sums], drawn: list[Sums]
) -> list[ClassChange]:
    if not classes:
        return []
    f1 = [class_f1(sums)[0] for sums in values]
    recall = [class_recall(sums)[0] for sums in values]
    replicated = class_f1(drawn[1]) - class_f1(drawn[0])
    changes = []
    for code, name in enumerate(classes):
        n_labeled = int(values[1]["labeled"][0, code])
        gap = float(f1[1][code] - f1[0][code])
        changes.append(
            ClassChange(
                name=name,
                n_labeled=n_labeled,
                recall=(_finite(recall[0][code]), _finite(recall[1][code])),
                f1=(_finite(f1[0][code]), _finite(f1[1][code])),
                f1_difference=difference(gap, replicated[:, code], max(n_labeled, 1)),
            )
        )
    return changes


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
