"""The columns that a model's guard adds to its predictions, and its report of the batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from inference.result_notes import note_field
from studio.engine.errors import DataProblem
from studio.engine.guard.batch_report import BatchWatch
from studio.engine.guard.guard import GuardInput, guarded_rows
from studio.engine.ml_task import MLTask
from studio.engine.recipes.predict import PredictedFrame
from studio.engine.recipes.trained import TrainedModel
from studio.engine.table.reading import Reading

CONFIDENCE = "confidence"
IS_OUT_OF_DISTRIBUTION = "is_out_of_distribution"
OUT_OF_DISTRIBUTION_SCORE = "out_of_distribution_score"
ABSTAIN = "abstain"
NEAREST_ROW = "nearest_training_row"
NEAREST_LABEL = "nearest_training_label"
PREDICTION_SET = "prediction_set"
INTERVAL = ("interval_low", "interval_high")
PREDICTION_NOTE = "prediction_note"


class Guarding:
    """Predictions of a batch under guard, chunk by chunk.

    Raises DataProblem if the model has no guard.
    """

    def __init__(self, model: TrainedModel, coverage: float, *, n_rows: int) -> None:
        if model.guard is None:
            raise DataProblem(
                "This model carries no guard, as it was trained before models had one. Deploy it"
                " again, or predict without the guard."
            )
        self._model = model
        self._guard = model.guard
        self._coverage = coverage
        spec = model.spec
        self._watch = BatchWatch(
            model.guard, spec.task, spec.column_kinds, n_rows=n_rows, seed=spec.seed
        )

    @property
    def fields(self) -> list[pa.Field]:
        """The columns that are added."""
        common = [
            pa.field(IS_OUT_OF_DISTRIBUTION, pa.bool_()),
            pa.field(OUT_OF_DISTRIBUTION_SCORE, pa.float32()),
            pa.field(ABSTAIN, pa.bool_()),
            pa.field(NEAREST_ROW, pa.int64()),
            pa.field(NEAREST_LABEL, pa.string()),
            note_field(PREDICTION_NOTE),
        ]
        if self._model.spec.task is MLTask.REGRESSION:
            return [*(pa.field(name, pa.float64()) for name in INTERVAL), *common]
        return [
            pa.field(CONFIDENCE, pa.float32()),
            pa.field(PREDICTION_SET, pa.string()),
            *common,
        ]

    @property
    def names(self) -> list[str]:
        return [field.name for field in self.fields]

    def cells(self, predicted: PredictedFrame) -> Sequence[pa.Array]:
        """Return the cells of these columns for the next rows."""
        looked_at = predicted.looked_at
        if looked_at is None:
            raise ValueError("The rows were predicted without their guard.")
        values: npt.NDArray[np.floating] = predicted.pred_probs
        if looked_at.numbers is not None:
            values = looked_at.numbers[:, None]
        predictions = GuardInput(
            self._model.classes, values, predicted.suggested_label, predicted.errors
        )
        found = guarded_rows(self._guard, looked_at.vectors, predictions, coverage=self._coverage)
        found.abstains[looked_at.is_blank] = True
        self._watch.add(looked_at.table, looked_at.vectors, predictions, found)
        if found.interval is not None:
            own = [pa.array(ends, pa.float64()) for ends in found.interval.T]
        else:
            own = [
                pa.array(found.confidence, pa.float32()),
                pa.array(found.prediction_sets, pa.string()),
            ]
        return [
            *own,
            pa.array(found.is_out_of_distribution),
            pa.array(found.score, pa.float32()),
            pa.array(found.abstains),
            pa.array(found.nearest_row_ids + 1),
            pa.array(found.nearest_labels, pa.string()),
            pa.array([note or None for note in looked_at.notes], pa.string()),
        ]

    def report(self, reading: Reading) -> Mapping[str, Any]:
        """Return the report of the batch, as it is stored.

        `reading` has counted the cells that could not be read.
        """
        found = asdict(self._watch.report(coverage=self._coverage))
        cells = [
            {"name": name, "n_unreadable": n_unreadable, "n_new": n_new}
            for name, (n_unreadable, n_new) in reading.counts.items()
            if n_unreadable or n_new
        ]
        return {**found, "n_blank_rows": reading.n_blank_rows, "cells": cells}
