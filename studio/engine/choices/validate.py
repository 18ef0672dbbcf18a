"""Refuses choices that cannot work, with the reason, from cheap facts about the columns; loads no
machine learning.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from studio.engine.choices.facts import ColumnFacts, facts_of_cells, label_facts
from studio.engine.choices.labels import check_label_column
from studio.engine.errors import DataProblem
from studio.engine.labels.encoding import Labels
from studio.engine.ml_task import MLTask, Modality
from studio.engine.schema import CleansetSpec
from studio.engine.table.cells import Table
from studio.engine.table.required_columns import quoted

AVAILABLE_TASKS = tuple(MLTask)


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
    check_label_column(n_rows, label, spec)


def checked_table(frame: pd.DataFrame, labels: Labels | None, spec: CleansetSpec) -> Table:
    """Return the feature columns of a frame that can be analysed with these labels.

    Without a label column there are no labels. Raises DataProblem as `check_choice` does.
    """
    label = None if labels is None else label_facts(labels, spec)
    present = [name for name in dict.fromkeys(spec.feature_columns) if name in frame.columns]
    table = Table.of(frame, present)
    features = [facts_of_cells(name, cells, spec) for name, cells in table.items()]
    check_choice(n_rows=len(frame), label=label, features=features, spec=spec)
    return table


def check_class_weights(spec: CleansetSpec, classes: Collection[str]) -> None:
    """Refuse class weights of another task or of unknown classes. Raises DataProblem."""
    if spec.class_weights is None:
        return
    if spec.task is not MLTask.MULTI_CLASS:
        raise DataProblem(
            f"Class weights are for multi-class labels, and these are {spec.task.value}. Leave them"
            " out; thresholds per class change what a multi-label model predicts."
        )
    unknown = [name for name in spec.class_weights.by_class if name not in classes]
    if unknown:
        raise DataProblem(
            f"class_weights: there is no class {quoted(unknown)} in “{spec.label_column}”. Name"
            " classes as the data spells them."
        )


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
