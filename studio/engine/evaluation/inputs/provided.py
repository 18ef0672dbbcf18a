"""Predictions of a model that was trained elsewhere, read from the columns of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.engine.conventions.written_numbers import read_numbers
from studio.engine.counted import counted
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask

NUMBERED = "cleanlab_row_ID"  # counts from 1
INDEXED = "row_id"  # counts from 0
NUMBER_NAMES = ("prediction", "predicted", "predicted_value", "predicted_label", "pred")
LABEL_NAMES = ("predicted_label", "predicted", "prediction", "pred", "Suggested Label")
ROW_TOLERANCE = 0.02  # by how much the probabilities of a row may miss 1
_SHOWN = 10  # of the names in a message

Columns = Mapping[str, Sequence[str | None]]


@dataclass(frozen=True, slots=True)
class Provided:
    """What a table says of the rows of a dataset; rows that it leaves out have no prediction.

    Attributes
    ----------
    classes
        Those that have a column of probabilities; none for regression.
    values
        Probabilities, shape (n, K), or numbers, shape (n, 1); NaN without a prediction.
    labels
        The predicted label of each row where the table has no probabilities, else None.
    notes
        What was assumed, in sentences.
    """

    classes: tuple[str, ...]
    values: npt.NDArray[np.float32]
    labels: list[str | None] | None
    notes: tuple[str, ...]


def read_provided(
    columns: Columns, task: MLTask, known_classes: Sequence[str], n_rows: int
) -> Provided:
    """Find the ids, the probabilities, numbers or labels among the columns.

    Parameters
    ----------
    columns
        The table, as text.
    task
        What is predicted.
    known_classes
        Those of the labels: a column with such a name holds its probabilities.
    n_rows
        Rows of the dataset.

    Raises
    ------
    DataProblem
        Where rows cannot be told, or nothing is predicted.
    """
    row_id, id_note = _row_ids(columns, n_rows)
    if task is MLTask.REGRESSION:
        name = _first_of(NUMBER_NAMES, columns)
        if name is None:
            raise DataProblem(_nothing_predicted(columns, NUMBER_NAMES))
        values = np.full((n_rows, 1), np.nan, dtype=np.float32)
        values[row_id, 0] = _numbers(name, columns[name])
        return Provided((), values, None, (*id_note, f"Column {name} holds the predicted numbers."))
    classes = tuple(name for name in columns if name in set(known_classes))
    name = _first_of(LABEL_NAMES, columns)
    # A single column named like a class may just as well be one of the data.
    if len(classes) >= 2 or (classes and name is None):
        values = np.full((n_rows, len(classes)), np.nan, dtype=np.float32)
        values[row_id] = _probabilities({one: columns[one] for one in classes}, row_id, task)
        notes = _class_notes(classes, [one for one in known_classes if one not in columns])
        return Provided(classes, values, None, (*id_note, *notes))
    if name is None:
        raise DataProblem(_nothing_predicted(columns, LABEL_NAMES))
    labels: list[str | None] = [None] * n_rows
    for row, label in zip(row_id.tolist(), columns[name], strict=True):
        labels[row] = label
    note = f"Column {name} holds the predicted labels; there are no probabilities."
    return Provided((), np.empty((n_rows, 0), dtype=np.float32), labels, (*id_note, note))


def _row_ids(columns: Columns, n_rows: int) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    name = _first_of((NUMBERED, INDEXED), columns)
    n_predicted = len(next(iter(columns.values()), ()))
    if name is None:
        if n_predicted != n_rows:
            raise DataProblem(
                f"Predictions: {n_predicted:,}, rows: {n_rows:,}. Expected one prediction for each"
                f" row, or a column {NUMBERED} (from 1) or {INDEXED} (from 0) that says which row"
                " each one is of."
            )
        return np.arange(n_rows), ("The predictions are taken in the order of the rows.",)
    ids = _numbers(name, columns[name])
    first = 1 if name == NUMBERED else 0  # how messages count, too
    if not np.isfinite(ids).all() or (ids != np.floor(ids)).any():
        raise DataProblem(f"Column {name} must hold a whole number in every row.")
    row_id = ids.astype(np.int64) - first
    outside = np.flatnonzero((row_id < 0) | (row_id >= n_rows))
    if len(outside):
        last = n_rows - 1 + first
        raise DataProblem(
            f"Column {name} names row {int(ids[outside[0]]):,}; the dataset has rows {first:,} to"
            f" {last:,}."
        )
    different, counts = np.unique(row_id, return_counts=True)
    if len(different) < len(row_id):
        twice = int(different[np.argmax(counts > 1)]) + first
        raise DataProblem(f"Column {name} names row {twice:,} more than once. Expected it once.")
    return row_id, (f"Column {name} says which rows are predicted.",)


def _probabilities(
    columns: Columns, row_id: npt.NDArray[np.int64], task: MLTask
) -> npt.NDArray[np.float64]:
    """Return the probabilities of each row, scaled to sum to 1 where it has one class."""
    stated = np.column_stack([_numbers(name, cells) for name, cells in columns.items()])
    is_stated = np.isfinite(stated).all(axis=1)
    _check_probabilities(stated[is_stated], tuple(columns), row_id[is_stated], task)
    if task is MLTask.MULTI_CLASS:
        stated[is_stated] /= stated[is_stated].sum(axis=1, keepdims=True)
    return stated


def _class_notes(classes: Sequence[str], missing: Sequence[str]) -> tuple[str, ...]:
    note = f"{counted(len(classes), 'column holds', 'columns hold')} the probabilities of classes."
    if not missing:
        return (note,)
    return (
        note,
        f"There is no column for {_listed(missing)}, which some rows are labeled with; the model"
        " never predicts it.",
    )


def _check_probabilities(
    stated: npt.NDArray[np.float64],
    classes: tuple[str, ...],
    row_id: npt.NDArray[np.int64],
    task: MLTask,
) -> None:
    outside = np.argwhere((stated < 0) | (stated > 1))
    if len(outside):
        row, column = outside[0].tolist()
        raise DataProblem(
            f"The probability of {classes[column]} in row {row_id[row] + 1:,} is"
            f" {stated[row, column]:g}. Expected numbers from 0 to 1."
        )
    if task is not MLTask.MULTI_CLASS:
        return
    sums = stated.sum(axis=1)
    far = np.flatnonzero(np.abs(sums - 1) > ROW_TOLERANCE)
    if len(far):
        raise DataProblem(
            f"The probabilities of row {row_id[far[0]] + 1:,} add up to {sums[far[0]]:.3g}, not"
            " to 1. Expected a column for each class of the model."
        )


def _numbers(name: str, cells: Sequence[str | None]) -> npt.NDArray[np.float64]:
    texts = ["" if cell is None else str(cell) for cell in cells]
    numbers = np.asarray(read_numbers(texts), dtype=np.float64)
    for row in np.flatnonzero(np.isnan(numbers)).tolist():
        if texts[row]:
            raise DataProblem(f"Column {name} holds “{texts[row]}”, which is no number.")
    return numbers


def _first_of(names: Sequence[str], columns: Columns) -> str | None:
    """Return the first of the names that a column has, in any case, as the column writes it."""
    by_lower = {name.lower(): name for name in reversed(list(columns))}
    for name in names:
        if name.lower() in by_lower:
            return by_lower[name.lower()]
    return None


def _nothing_predicted(columns: Columns, names: Sequence[str]) -> str:
    return (
        f"The columns {_listed(list(columns))} hold no predictions. Expected a column of"
        f" probabilities for each class, named like the class, or a column {names[0]}."
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    if len(names) > _SHOWN:
        shown += f" and {len(names) - _SHOWN:,} more"
    return shown
