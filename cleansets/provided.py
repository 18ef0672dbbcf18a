"""Predictions of another model, with which an analysis finds issues."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cleansets.models import Cleanset
from cleansets.overlay import CorrectedRows
from studio import tables
from studio.engine.errors import DataProblem
from studio.engine.schema.provided import ProvidedPredictions


def predicted_rows(cleanset: Cleanset, rows: CorrectedRows) -> CorrectedRows:
    """Return those of the rows that have a prediction; only they can be analysed."""
    is_predicted = np.isfinite(_values(cleanset)[rows.row_id]).all(axis=1)
    if not is_predicted.any():
        raise DataProblem("None of the rows to analyse has a prediction. Import some first.")
    kept = np.flatnonzero(is_predicted)
    return CorrectedRows(
        row_id=rows.row_id[kept],
        labels=[rows.labels[place] for place in kept.tolist()],
        n_corrected=rows.n_corrected,
        n_excluded=rows.n_excluded + len(rows.row_id) - len(kept),
    )


def provided_predictions(cleanset: Cleanset, rows: CorrectedRows) -> ProvidedPredictions:
    """Return the predictions of the rows."""
    return ProvidedPredictions(
        name=cleanset.provided["name"],
        classes=tuple(cleanset.provided["classes"]),
        values=_values(cleanset)[rows.row_id],
    )


def _values(cleanset: Cleanset) -> npt.NDArray[Any]:
    with np.load(tables.local_path(cleanset.provided_key), allow_pickle=False) as arrays:
        return np.asarray(arrays["values"], dtype=np.float32)
