"""Refuses labels that no model can learn from, with the reason."""

from __future__ import annotations

from studio.engine.choices.facts import ColumnFacts, label_facts
from studio.engine.counted import counted
from studio.engine.errors import DataProblem
from studio.engine.labels.encoding import Labels
from studio.engine.ml_task import MLTask
from studio.engine.schema import CleansetSpec
from studio.engine.table.row_numbers import row_number

MAX_CLASSES = 1_000  # probabilities are kept for every row and class


def check_label_column(n_rows: int, label: ColumnFacts | None, spec: CleansetSpec) -> None:
    """Refuse a label column, None if the table has none. Raises DataProblem."""
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
            f"Every label in “{label.name}” is different ({counted(n_labeled, 'label')}), so no"
            " class has two rows. Use a column whose values repeat."
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
            f"Only {counted(n_labeled, 'row has', 'rows have')} a label, but cross-validation with"
            f" {spec.n_folds} folds needs at least {spec.n_folds}. Label more rows."
        )


def _check_few_classes(label: ColumnFacts) -> None:
    if label.n_distinct > MAX_CLASSES:
        raise DataProblem(
            f"The label column “{label.name}” has {label.n_distinct:,} classes, but at most"
            f" {MAX_CLASSES:,} can be analysed. Use a column with fewer different values."
        )
