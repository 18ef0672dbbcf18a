"""Predicts the labels of rows that nobody has labeled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine.cells import Table
from studio.engine.conventions import Conventions
from studio.engine.features.base import Matrix
from studio.engine.learners import Predicted
from studio.engine.required_columns import RequiredColumns
from studio.engine.resources import Resources
from studio.engine.tasks.registry import RECIPES
from studio.engine.train import TrainedModel


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model says of n rows.

    Attributes
    ----------
    pred_probs
        Class probabilities, shape (n, K), float32, columns in the order of the model's classes; rows sum to 1 in a
        multi-class task. No columns in a regression.
    suggested_label
        As it is written in a cell: the likeliest class, the set of classes more likely than not, or the number.
    errors
        Regression: the expected absolute error of each number, shape (n,), float32; else None.
    """

    pred_probs: Predicted
    suggested_label: list[str]
    errors: npt.NDArray[np.float32] | None = None


def predict_frame(model: TrainedModel, frame: pd.DataFrame, conventions: Conventions | None = None) -> Predictions:
    """Predict the label of every row; call it chunk by chunk for a file of any size.

    Parameters
    ----------
    model
        A trained model.
    frame
        n rows of text or None. Columns that the model does not read are ignored. Categories that were not in the
        training data, empty cells and numbers that cannot be read are predicted like rare or missing values.
    conventions
        How the numbers and dates of the whole file are read; None finds it from these rows.

    Returns
    -------
    Predictions
        In row order. A row's prediction does not depend on the other rows.

    Raises
    ------
    DataProblem
        Naming all the columns that the model reads and the frame lacks.
    """
    RequiredColumns(tuple(model.feature_columns)).check(list(frame.columns))
    if frame.empty:
        nothing = np.empty((0, len(model.classes)), dtype=np.float32)
        return Predictions(nothing, [], None if model.error_bar is None else np.empty(0, dtype=np.float32))
    matrices = _matrices(model, _read_table(model, frame, conventions))
    recipe = RECIPES[model.spec.task]
    members = [
        recipe.calibrated(member.learner.predict(matrices[member.view]), member.temperature) for member in model.members
    ]
    mixed = recipe.combined(members, [member.weight for member in model.members])
    predicted = recipe.calibrated(mixed, model.calibration.temperature)
    suggested = recipe.suggested(predicted, model.label_format)
    if model.error_bar is None:
        return Predictions(predicted, suggested)
    member, scale = model.error_bar
    nothing = np.empty((len(frame), 0), dtype=np.float32)
    return Predictions(nothing, suggested, scale.bars(predicted, member.learner.predict(matrices[member.view])))


def _read_table(model: TrainedModel, frame: pd.DataFrame, conventions: Conventions | None) -> Table:
    table = Table.of(frame, model.feature_columns)
    return table.read_as(new_conventions(model, table) if conventions is None else conventions)


def new_conventions(model: TrainedModel, table: Table) -> Conventions:
    """Return how the numbers and dates of a new table are written, which need not be as in the training data."""
    conventions = {}
    for name, cells in table.items():
        found = cells.found_convention(model.spec.column_kinds[name])
        if found is not None:
            conventions[name] = found.or_as_trained(model.spec.conventions.get(name)).convention
    return conventions


def _matrices(model: TrainedModel, table: Table) -> dict[str, Matrix]:
    return {view: featuriser.transform(table, Resources()) for view, featuriser in model.featurisers.items()}
