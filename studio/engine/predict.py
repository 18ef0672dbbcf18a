"""Predicts the labels of rows that nobody has labeled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from studio.engine.crossval import predict_aligned
from studio.engine.ensemble import mixture
from studio.engine.errors import DataProblem
from studio.engine.features.base import Matrix
from studio.engine.metrics import Probabilities, at_temperature
from studio.engine.resources import Resources
from studio.engine.train import TrainedModel
from studio.engine.validate import quoted


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model says of n rows.

    Attributes
    ----------
    pred_probs
        Class probabilities, shape (n, K), float32, columns in the order of the model's classes; rows sum to 1.
    suggested_label
        The likeliest class of each row; the first in the order of the classes where two are equally likely.
    """

    pred_probs: Probabilities
    suggested_label: list[str]


def predict_frame(model: TrainedModel, frame: pd.DataFrame) -> Predictions:
    """Predict the label of every row; call it chunk by chunk for a file of any size.

    Parameters
    ----------
    model
        A trained model.
    frame
        n rows of text or None. Columns that the model does not read are ignored. Categories that were not in the
        training data, empty cells and numbers that cannot be read are predicted like rare or missing values.

    Returns
    -------
    Predictions
        In row order. A row's prediction does not depend on the other rows.

    Raises
    ------
    DataProblem
        Naming all the columns that the model reads and the frame lacks.
    """
    missing = [name for name in model.feature_columns if name not in frame.columns]
    if missing:
        noun = "columns" if len(missing) > 1 else "column"
        raise DataProblem(
            f"The file lacks the {noun} {quoted(missing)}, which the model reads. "
            "Column names must be the same as in the training data."
        )
    if frame.empty:
        return Predictions(np.empty((0, len(model.classes)), dtype=np.float32), [])
    pred_probs = _pred_probs(model, frame)
    return Predictions(pred_probs, [model.classes[code] for code in np.argmax(pred_probs, axis=1)])


def _pred_probs(model: TrainedModel, frame: pd.DataFrame) -> Probabilities:
    matrices: dict[str, Matrix] = {
        view: featuriser.transform(frame, Resources()) for view, featuriser in model.featurisers.items()
    }
    members = [
        at_temperature(
            predict_aligned(member.classifier, matrices[member.view], len(model.classes)), member.temperature
        )
        for member in model.members
    ]
    return mixture(members, [member.weight for member in model.members])
