"""Predicts the labels of new rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine.conventions import Conventions
from studio.engine.features.base import Matrix
from studio.engine.fitting.learners import Predicted
from studio.engine.guard.space import Vectors
from studio.engine.recipes.trained import TrainedModel
from studio.engine.runtime.resources import Resources
from studio.engine.table.cells import Table
from studio.engine.table.columns import ColumnKind
from studio.engine.table.reading import Reading
from studio.engine.table.required_columns import RequiredColumns
from studio.engine.table.row_notes import row_notes
from studio.engine.tasks.registry import RECIPES


@dataclass(frozen=True, slots=True)
class PredictedFrame:
    """A model's predictions of n rows.

    Attributes
    ----------
    pred_probs
        Class probabilities, shape (n, K), float32, columns in the order of the model's classes;
        rows sum to 1 in a multi-class task. No columns in a regression.
    suggested_label
        As written in a cell: the likeliest class, the set of classes that are more likely than not,
        or the number.
    errors
        Regression: the expected absolute error of each number, shape (n,), float32; else None.
    looked_at
        What a guard needs to know of the rows; None unless it was asked for.
    """

    pred_probs: Predicted
    suggested_label: list[str]
    errors: npt.NDArray[np.float32] | None = None
    looked_at: LookedAt | None = None


@dataclass(frozen=True, slots=True)
class LookedAt:
    """n rows as a guard sees them.

    Attributes
    ----------
    table
        As it was read.
    vectors
        In the guard's space, shape (n, d).
    numbers
        Regression: predicted numbers, shape (n,); else None.
    is_blank
        Whether no cell of the row can be read, shape (n,).
    notes
        What was found in each row, empty where nothing was.
    """

    table: Table
    vectors: Vectors
    numbers: npt.NDArray[np.float64] | None
    is_blank: npt.NDArray[np.bool_]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class NewSpelling:
    """How a whole file is read: its numbers and dates, and what its spellings of categories mean,
    by column.
    """

    conventions: Conventions
    meant: Mapping[str, Mapping[str, str]]


def new_reading(model: TrainedModel) -> Reading:
    """Return a count of what cannot be read in rows to predict."""
    known = {
        name: levels
        for name, levels in model.levels.items()
        if model.spec.column_kinds[name] is ColumnKind.CATEGORICAL
    }
    return Reading({name: model.spec.column_kinds[name] for name in model.feature_columns}, known)


def predict_frame(
    model: TrainedModel,
    frame: pd.DataFrame,
    spelling: NewSpelling | None = None,
    reading: Reading | None = None,
    *,
    for_guard: bool = False,
) -> PredictedFrame:
    """Predict the label of every row; call it chunk by chunk for a file of any size.

    Parameters
    ----------
    model
        A trained model.
    frame
        n rows of text or None. Columns that the model does not read are ignored. Categories that
        were not in the training data, empty cells and numbers that cannot be read are predicted
        like rare or missing values.
    spelling
        How the whole file is read; None infers it from these rows.
    reading
        Counts cells that cannot be read, by the row numbers of the frame's index.
    for_guard
        Whether to return what the model's guard looks at; the model must have one.

    Returns
    -------
    PredictedFrame
        In row order. A row's prediction does not depend on the other rows, given `spelling`. A row
        without a readable cell is predicted as the mean of the training data.

    Raises
    ------
    DataProblem
        If the frame lacks columns that the model reads; the message lists them all.
    """
    RequiredColumns(tuple(model.feature_columns)).check(list(frame.columns))
    if frame.empty:
        nothing = np.empty((0, len(model.classes)), dtype=np.float32)
        no_errors = None
        if model.error_bar is not None:
            no_errors = np.empty(0, dtype=np.float32)
        return PredictedFrame(nothing, [], no_errors)
    table = Table.of(frame, model.feature_columns)
    # Of these rows alone, where nobody has looked at the whole file.
    spelling = spelling or new_spelling(model, table)
    as_written = table.read_as(spelling.conventions)
    table = as_written.spelled(spelling.meant)
    is_empty = (reading or new_reading(model)).add(table, frame.index.to_numpy(dtype=np.int64) + 1)
    matrices = _matrices(model, table)
    prior, prior_error = model.prior
    predicted = np.where(is_empty[:, None], prior, _mixed(model, matrices))
    suggested = RECIPES[model.spec.task].suggested(predicted, model.label_format)
    looked_at = None
    if for_guard and model.guard is not None:
        numbers = None
        if model.error_bar is not None:
            numbers = predicted[:, 0].astype(np.float64)
        notes = row_notes(as_written, spelling.meant, new_reading(model))
        vectors = model.guard.space.vectors(matrices, table)
        looked_at = LookedAt(table, vectors, numbers, is_empty, notes)
    if model.error_bar is None:
        pred_probs = _by_name(predicted, model.label_format.classes)
        return PredictedFrame(pred_probs, suggested, looked_at=looked_at)
    member, scale = model.error_bar
    nothing = np.empty((len(frame), 0), dtype=np.float32)
    errors = scale.bars(predicted, member.learner.predict(matrices[member.view]))
    errors[is_empty] = prior_error
    return PredictedFrame(nothing, suggested, errors, looked_at)


def predict_values(model: TrainedModel, frame: pd.DataFrame) -> Predicted:
    """Return probabilities in the order of the model's classes, or numbers, shape (n, P), for rows
    of the table that the model was trained on.
    """
    spelling = NewSpelling(model.spec.conventions, {})
    if model.classes:
        return predict_frame(model, frame, spelling).pred_probs
    table = Table.of(frame, model.feature_columns).read_as(spelling.conventions)
    is_empty = new_reading(model).add(table, frame.index.to_numpy(dtype=np.int64) + 1)
    predicted = np.where(is_empty[:, None], model.prior[0], _mixed(model, _matrices(model, table)))
    return predicted.astype(np.float32)


def _mixed(model: TrainedModel, matrices: Mapping[str, Matrix]) -> Predicted:
    """Return the calibrated predictions of all members together."""
    recipe = RECIPES[model.spec.task]
    members = [
        recipe.calibrated(member.learner.predict(matrices[member.view]), member.calibration)
        for member in model.members
    ]
    mixed = recipe.combined(members, [member.weight for member in model.members])
    return recipe.calibrated(mixed, model.calibration)


def new_spelling(model: TrainedModel, table: Table) -> NewSpelling:
    """Infer the conventions and spellings of a new table, which may differ from the training
    data's.
    """
    values = {
        name: [cell.strip() for cell in table[name].distinct.tolist()] for name in model.levels
    }
    return NewSpelling(_new_conventions(model, table), meant_spellings(model, values))


def _by_name(predicted: Predicted, classes: Sequence[str]) -> Predicted:
    """Return the columns in the sorted order of their classes."""
    order = sorted(range(len(classes)), key=classes.__getitem__)
    return np.ascontiguousarray(predicted[:, order])


def meant_spellings(
    model: TrainedModel, values: Mapping[str, Collection[str]]
) -> dict[str, dict[str, str]]:
    """Return, by column, the trained spelling of each value that a new file spells differently."""
    meant = {name: model.levels[name].meant_by(set(found)) for name, found in values.items()}
    return {name: spellings for name, spellings in meant.items() if spellings}


def _new_conventions(model: TrainedModel, table: Table) -> Conventions:
    conventions = {}
    for name, cells in table.items():
        found = cells.found_convention(model.spec.column_kinds[name])
        if found is not None:
            conventions[name] = found.or_as_trained(model.spec.conventions.get(name)).convention
    return conventions


def _matrices(model: TrainedModel, table: Table) -> dict[str, Matrix]:
    return {
        view: featuriser.transform(table, Resources())
        for view, featuriser in model.featurisers.items()
    }
