"""Refuses choices that cannot work, with the reason, from cheap facts about the columns; loads no
machine learning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from studio.engine.errors import DataProblem
from studio.engine.labels.encoding import Labels
from studio.engine.labels.reading import ClassCounts
from studio.engine.ml_task import MLTask, Modality
from studio.engine.schema import CleansetSpec
from studio.engine.table import cell_values
from studio.engine.table.cells import Cells, Table
from studio.engine.table.columns import ColumnKind
from studio.engine.table.required_columns import quoted
from studio.engine.table.row_numbers import row_number

AVAILABLE_TASKS = tuple(MLTask)
MAX_CLASSES = 1_000  # probabilities are kept for every row and class


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


def check_choice(
    *, n_rows: int, label: ColumnFacts | None, features: Sequence[ColumnFacts], spec: CleansetSpec
) -> None:
    """Refuse a choice of columns that cannot be analysed.

    Parameters
    ----------
    n_rows
        Rows of the table.
    label
        Facts on the label column as the task reads it (see `label_facts`), None if the table has no
        such column.
    features
        Facts on those of the spec's feature columns that the table has.
    spec
        The choice.

    Raises
    ------
    DataProblem
        With what was found, what was expected and what to do. Rare classes and unlabeled rows are
        no problem.
    """
    _check_task(spec)
    check_features(n_rows, features, spec)
    _check_label(n_rows, label, spec)


def checked_table(frame: pd.DataFrame, labels: Labels | None, spec: CleansetSpec) -> Table:
    """Return the feature columns of a frame that can be analysed with these labels.

    Without a label column there are no labels. Raises DataProblem as `check_choice` does.
    """
    label = None if labels is None else label_facts(labels, spec)
    present = [name for name in dict.fromkeys(spec.feature_columns) if name in frame.columns]
    table = Table.of(frame, present)
    features = [_facts(name, cells, spec) for name, cells in table.items()]
    check_choice(n_rows=len(frame), label=label, features=features, spec=spec)
    return table


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


def _facts(name: str, cells: Cells, spec: CleansetSpec) -> ColumnFacts:
    is_blank = cell_values.is_blank(cells.distinct.tolist())
    kind = spec.column_kinds.get(name, ColumnKind.CATEGORICAL)
    n_missing = int(cells.counts()[is_blank].sum())
    n_distinct = int((~is_blank).sum())
    return ColumnFacts(name, kind, n_missing=n_missing, n_distinct=n_distinct)


def _check_task(spec: CleansetSpec) -> None:
    if spec.task not in AVAILABLE_TASKS:
        available = ", ".join(AVAILABLE_TASKS)
        raise DataProblem(
            f"The task “{spec.task}” is not available in this version. Use one of: {available}."
        )
    if spec.n_folds < 2:
        raise DataProblem(
            f"Cross-validation needs at least 2 folds, but {spec.n_folds} was asked for."
        )


def check_row_count(n_rows: int) -> None:
    """Refuse a table without rows to compare with each other. Raises DataProblem."""
    if n_rows == 0:
        raise DataProblem(
            "The table has no rows. Use a file with at least one row below its header."
        )
    if n_rows == 1:
        raise DataProblem(
            "The table has one row, so there is nothing to compare it with. Use a file with more"
            " rows."
        )


def check_features(n_rows: int, features: Sequence[ColumnFacts], spec: CleansetSpec) -> None:
    """Refuse feature columns that nothing can be learned from. Raises DataProblem."""
    check_row_count(n_rows)
    if not spec.feature_columns:
        raise DataProblem("No feature column is given. Name at least one column to learn from.")
    if spec.label_column in spec.feature_columns:
        raise DataProblem(
            f"The label column “{spec.label_column}” is also among the features, which would give"
            " the answer away. Take it out of the features."
        )
    present = {facts.name for facts in features}
    missing = [name for name in spec.feature_columns if name not in present]
    if missing:
        raise DataProblem(
            f"The table has no column {quoted(missing)}. Use columns that are in the file."
        )
    unknown = [name for name in spec.feature_columns if name not in spec.column_kinds]
    if unknown:
        raise DataProblem(
            f"It is not known what kind of column {quoted(unknown)} is. Give it a kind."
        )
    _check_contents(n_rows, features, spec)


def _check_contents(n_rows: int, features: Sequence[ColumnFacts], spec: CleansetSpec) -> None:
    if spec.modality is Modality.TEXT:
        if len(features) != 1:
            raise DataProblem(
                f"A text project reads exactly one text column, but {len(features)} are given."
            )
        if features[0].n_missing == n_rows:
            raise DataProblem(
                f"The text column “{features[0].name}” is empty in all {n_rows:,} rows. Use another"
                " one."
            )
    if all(facts.n_missing == n_rows for facts in features):
        raise DataProblem(
            f"The feature columns are empty in all {n_rows:,} rows. Use at least one column with"
            " values."
        )
    if all(_is_constant(n_rows, facts) for facts in features):
        raise DataProblem(
            "Every feature column has the same value in all rows, so there is nothing to learn"
            " from. Use at least one column that varies."
        )


def _is_constant(n_rows: int, facts: ColumnFacts) -> bool:
    return facts.n_distinct == 0 or (facts.n_distinct == 1 and facts.n_missing == 0)


def _check_label(n_rows: int, label: ColumnFacts | None, spec: CleansetSpec) -> None:
    if spec.task is MLTask.UNSUPERVISED:
        if spec.label_column is not None:
            raise DataProblem(
                f"Without labels there is no label column, but “{spec.label_column}” is given. "
                "Leave it out, or use another task."
            )
        return
    if spec.label_column is None:
        raise DataProblem("No label column is given. Name the column that holds the labels.")
    if label is None:
        raise DataProblem(
            f"The table has no column “{spec.label_column}”. Use a label column that is in the"
            " file."
        )
    _check_labels(n_rows, label, spec)


def check_labels(labels: Labels, spec: CleansetSpec) -> None:
    """Refuse labels that no model can learn from. Raises DataProblem."""
    if spec.task is MLTask.UNSUPERVISED:
        raise DataProblem(
            "This project has no labels, so no model can learn to predict them. "
            "Create a project with a label column to deploy a model."
        )
    _check_labels(len(labels.strata), label_facts(labels, spec), spec)


def check_learned(labels: Labels, spec: CleansetSpec) -> None:
    """Refuse a split that leaves no labels to learn from; those of test rows are withheld.

    Raises DataProblem.
    """
    if spec.task is MLTask.UNSUPERVISED:
        return
    if not labels.is_labeled.any():
        raise DataProblem(
            f"All rows with a label in “{spec.label_column}” are for testing, so there is nothing"
            " to learn from. Use another split, or none."
        )
    try:
        check_labels(labels, spec)
    except DataProblem as problem:
        raise DataProblem(f"Without the test rows: {problem}") from problem


def _check_labels(n_rows: int, label: ColumnFacts, spec: CleansetSpec) -> None:
    if label.n_missing == n_rows:
        raise DataProblem(
            f"The label column “{label.name}” is empty in every row. Label some rows or use another"
            " column."
        )
    checks = {
        MLTask.MULTI_CLASS: _check_classes,
        MLTask.MULTI_LABEL: _check_label_sets,
        MLTask.REGRESSION: _check_numbers,
    }
    checks[spec.task](n_rows, label, spec)


def _check_classes(n_rows: int, label: ColumnFacts, spec: CleansetSpec) -> None:
    n_labeled = n_rows - label.n_missing
    if label.n_distinct == 1:
        raise DataProblem(
            f"The label column “{label.name}” has only one class, but at least two are needed to"
            " tell rows apart."
        )
    _check_enough(n_labeled, spec)
    if label.n_distinct == n_labeled:
        raise DataProblem(
            f"Every label in “{label.name}” is different ({n_labeled:,} labels), so no class has"
            " two rows. Use a column whose values repeat."
        )
    _check_few_classes(label)


def _check_label_sets(n_rows: int, label: ColumnFacts, spec: CleansetSpec) -> None:
    n_labeled = n_rows - label.n_missing + label.n_without
    if label.n_distinct == 1 and label.n_without == 0:
        raise DataProblem(
            f"The label column “{label.name}” has only one class, which every row has. "
            "At least two classes, or rows without it, are needed to tell rows apart."
        )
    _check_enough(n_labeled, spec)
    _check_few_classes(label)


def _check_numbers(n_rows: int, label: ColumnFacts, spec: CleansetSpec) -> None:
    if label.unreadable is not None:
        row, cell = label.unreadable
        raise DataProblem(
            f"A regression needs numbers as labels, but “{label.name}” has “{cell[:80]}” in row"
            f" {row_number(row)}. Use a column of numbers, or the multi-class task."
        )
    if label.n_distinct == 1:
        raise DataProblem(
            f"The label column “{label.name}” has the same number in every row, so there is nothing"
            " to predict."
        )
    _check_enough(n_rows - label.n_missing, spec)


def _check_enough(n_labeled: int, spec: CleansetSpec) -> None:
    if n_labeled < spec.n_folds:
        raise DataProblem(
            f"Only {n_labeled:,} rows have a label, but cross-validation with {spec.n_folds} folds"
            f" needs at least {spec.n_folds}. Label more rows."
        )


def _check_few_classes(label: ColumnFacts) -> None:
    if label.n_distinct > MAX_CLASSES:
        raise DataProblem(
            f"The label column “{label.name}” has {label.n_distinct:,} classes, but at most"
            f" {MAX_CLASSES:,} can be analysed. Use a column with fewer different values."
        )
