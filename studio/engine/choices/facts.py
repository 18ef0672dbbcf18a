"""What the checks need to know of a column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.engine.labels.encoding import Labels
from studio.engine.labels.reading import ClassCounts
from studio.engine.ml_task import MLTask
from studio.engine.schema import CleansetSpec
from studio.engine.table import cell_values
from studio.engine.table.cells import Cells
from studio.engine.table.columns import ColumnKind


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """What the checks need to know of a column.

    `n_missing` counts empty cells, blank ones included; `n_distinct` the different values among the
    others: of a multi-label column the different classes, of a regression's label column the
    different numbers. `unreadable` is the first row, counted from 0, whose label should be a number
    and is none, with its cell. Of the rows without a class that a multi-label column has,
    `n_without` are sets without any.
    """

    name: str
    kind: ColumnKind
    n_missing: int
    n_distinct: int
    unreadable: tuple[int, str] | None = None
    n_without: int = 0


def label_facts(labels: Labels, spec: CleansetSpec) -> ColumnFacts:
    """Return what the checks need to know of encoded labels."""
    name = str(spec.label_column)
    kind = spec.column_kinds.get(name, ColumnKind.CATEGORICAL)
    n_unlabeled = int((~labels.is_labeled).sum())
    if spec.task is MLTask.REGRESSION:
        unreadable = None
        if len(labels.unreadable):
            row = int(labels.unreadable[0])
            unreadable = (row, str(labels.texts[row]))
        n_distinct = len(np.unique(labels.targets[labels.is_labeled]))
        return ColumnFacts(name, kind, n_unlabeled - len(labels.unreadable), n_distinct, unreadable)
    n_without = 0
    if spec.task is MLTask.MULTI_LABEL:
        n_without = int((labels.is_labeled & ~labels.targets.any(axis=1)).sum())
    n_missing = n_unlabeled + n_without
    return ColumnFacts(name, kind, n_missing, len(labels.classes), n_without=n_without)


def facts_of_classes(name: str, kind: ColumnKind, counts: ClassCounts) -> ColumnFacts:
    """Return what the checks need to know of a label column with these classes."""
    n_missing = counts.n_unlabeled + counts.n_without
    return ColumnFacts(name, kind, n_missing, counts.n_classes, n_without=counts.n_without)


def facts_of_cells(name: str, cells: Cells, spec: CleansetSpec) -> ColumnFacts:
    is_blank = cell_values.is_blank(cells.distinct.tolist())
    kind = spec.column_kinds.get(name, ColumnKind.CATEGORICAL)
    n_missing = int(cells.counts()[is_blank].sum())
    n_distinct = int((~is_blank).sum())
    return ColumnFacts(name, kind, n_missing=n_missing, n_distinct=n_distinct)
