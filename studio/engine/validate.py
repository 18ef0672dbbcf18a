"""Refuses choices that cannot work, with the reason, from cheap facts about the columns; loads no machine learning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from studio.engine.columns import ColumnKind
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask, Modality
from studio.engine.schema import CleansetSpec

AVAILABLE_TASKS = (MLTask.MULTI_CLASS,)
MAX_CLASSES = 1_000  # probabilities are kept for every row and class


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """What the checks need to know of a column.

    `n_missing` counts empty cells, blank ones included; `n_distinct` the different values among the others.
    """

    name: str
    kind: ColumnKind
    n_missing: int
    n_distinct: int


def check_choice(
    *, n_rows: int, label: ColumnFacts | None, features: Sequence[ColumnFacts], spec: CleansetSpec
) -> None:
    """Refuse a choice of columns that cannot be analysed.

    Parameters
    ----------
    n_rows
        Rows of the table.
    label
        Facts on the label column, None if the table has no such column.
    features
        Facts on those of the spec's feature columns that the table has.
    spec
        The choice.

    Raises
    ------
    DataProblem
        With what was found, what was expected and what to do. Rare classes and unlabeled rows are no problem.
    """
    _check_task(spec)
    _check_features(n_rows, features, spec)
    _check_label(n_rows, label, spec)


def check_frame(frame: pd.DataFrame, spec: CleansetSpec) -> None:
    """Refuse a table that cannot be analysed as the spec says. Raises DataProblem as `check_choice` does."""
    facts = {name: _facts(frame, name, spec) for name in dict.fromkeys(_columns(spec)) if name in frame.columns}
    label = facts.get(spec.label_column) if spec.label_column else None
    features = [facts[name] for name in spec.feature_columns if name in facts]
    check_choice(n_rows=len(frame), label=label, features=features, spec=spec)


def _columns(spec: CleansetSpec) -> tuple[str, ...]:
    return spec.feature_columns if spec.label_column is None else (*spec.feature_columns, spec.label_column)


def _facts(frame: pd.DataFrame, name: str, spec: CleansetSpec) -> ColumnFacts:
    cells = frame[name]
    filled = cells[cells.notna() & (cells.astype("str").str.strip() != "")]
    kind = spec.column_kinds.get(name, ColumnKind.CATEGORICAL)
    return ColumnFacts(name, kind, n_missing=len(cells) - len(filled), n_distinct=filled.nunique())


def _check_task(spec: CleansetSpec) -> None:
    if spec.task not in AVAILABLE_TASKS:
        available = ", ".join(AVAILABLE_TASKS)
        raise DataProblem(f"The task “{spec.task}” is not available in this version. Choose one of: {available}.")
    if spec.n_folds < 2:
        raise DataProblem(f"Cross-validation needs at least 2 folds, but {spec.n_folds} was asked for.")


def _check_features(n_rows: int, features: Sequence[ColumnFacts], spec: CleansetSpec) -> None:
    if n_rows == 0:
        raise DataProblem("The table has no rows. Upload a file with at least one row below its header.")
    if not spec.feature_columns:
        raise DataProblem("No feature column is chosen. Choose at least one column to learn from.")
    if spec.label_column in spec.feature_columns:
        raise DataProblem(
            f"The label column “{spec.label_column}” is also among the features, which would give the answer away. "
            "Take it out of the features."
        )
    present = {facts.name for facts in features}
    missing = [name for name in spec.feature_columns if name not in present]
    if missing:
        raise DataProblem(f"The table has no column {quoted(missing)}. Choose columns that are in the file.")
    unknown = [name for name in spec.feature_columns if name not in spec.column_kinds]
    if unknown:
        raise DataProblem(f"It is not known what kind of column {quoted(unknown)} is. Choose a kind for it.")
    _check_contents(n_rows, features, spec)


def _check_contents(n_rows: int, features: Sequence[ColumnFacts], spec: CleansetSpec) -> None:
    if spec.modality is Modality.TEXT:
        if len(features) != 1:
            raise DataProblem(f"A text project reads exactly one text column, but {len(features)} are chosen.")
        if features[0].n_missing == n_rows:
            raise DataProblem(f"The text column “{features[0].name}” is empty in all {n_rows:,} rows. Choose another.")
    if all(facts.n_missing == n_rows for facts in features):
        raise DataProblem(
            f"The feature columns are empty in all {n_rows:,} rows. Choose at least one column with values."
        )
    if all(_is_constant(n_rows, facts) for facts in features):
        raise DataProblem(
            "Every feature column has the same value in all rows, so there is nothing to learn from. "
            "Choose at least one column that varies."
        )


def _is_constant(n_rows: int, facts: ColumnFacts) -> bool:
    return facts.n_distinct == 0 or (facts.n_distinct == 1 and facts.n_missing == 0)


def _check_label(n_rows: int, label: ColumnFacts | None, spec: CleansetSpec) -> None:
    if spec.label_column is None:
        raise DataProblem("No label column is chosen. Choose the column that holds the labels.")
    if label is None:
        raise DataProblem(f"The table has no column “{spec.label_column}”. Choose a label column that is in the file.")
    check_labels(n_labeled=n_rows - label.n_missing, n_classes=label.n_distinct, spec=spec)


def check_labels(*, n_labeled: int, n_classes: int, spec: CleansetSpec) -> None:
    """Refuse labels that no classifier can learn from. Raises DataProblem."""
    name = spec.label_column
    if n_labeled == 0:
        raise DataProblem(f"The label column “{name}” is empty in every row. Label some rows or choose another column.")
    if n_classes == 1:
        raise DataProblem(
            f"The label column “{name}” has only one class, but at least two are needed to tell rows apart."
        )
    if n_labeled < spec.n_folds:
        raise DataProblem(
            f"Only {n_labeled:,} rows have a label, but cross-validation with {spec.n_folds} folds needs at least "
            f"{spec.n_folds}. Label more rows."
        )
    if n_classes == n_labeled:
        raise DataProblem(
            f"Every label in “{name}” is different ({n_labeled:,} labels), so no class has two rows. "
            "Choose a column whose values repeat."
        )
    if n_classes > MAX_CLASSES:
        raise DataProblem(
            f"The label column “{name}” has {n_classes:,} classes, but at most {MAX_CLASSES:,} can be analysed. "
            "Choose a column with fewer different values."
        )


def quoted(names: Sequence[str]) -> str:
    """Return column names for a sentence: “a”, “b” and “c”."""
    marked = [f"“{name}”" for name in names]
    return marked[0] if len(marked) == 1 else f"{', '.join(marked[:-1])} and {marked[-1]}"
