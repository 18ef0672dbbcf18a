"""Measures predictions by the labels that their file has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from projects.readers import ROW_ID
from studio.engine.evaluation.inputs.predictions import predictions_of
from studio.engine.evaluation.report import evaluate
from studio.engine.guard.draws import rows_drawn
from studio.engine.labels.encoding import encode_labels
from studio.engine.ml_task import MLTask
from studio.engine.recipes.trained import TrainedModel
from studio.engine.table.cells import Cells

MAX_ROWS = 50_000  # drawn at random of a larger file
_KEPT = ("n_rows", "metrics", "per_class", "reliability", "confidence")


def batch_evaluation(model: TrainedModel, table: Path, result: Path) -> dict[str, Any]:
    """Return the evaluation of the rows that have a label, empty if none has.

    `table` has the uploaded rows and `result` their predictions, in the same order.
    """
    label = model.spec.label_column
    if label is None or label not in pq.read_schema(table).names:
        return {}
    drawn = rows_drawn(pq.read_metadata(table).num_rows, MAX_ROWS, seed=model.spec.seed)
    labels = pq.read_table(table, columns=[label]).column(0).take(drawn).to_pylist()
    convention = Cells.of(labels).decimal if model.spec.task is MLTask.REGRESSION else None
    if not encode_labels(labels, model.spec.task, convention).is_labeled.any():
        return {}
    names = [name for name in pq.read_schema(result).names if name != ROW_ID]
    n_classes = len(model.classes)
    if model.spec.task is MLTask.REGRESSION:
        suggested = pq.read_table(result, columns=names[:1]).column(0).take(drawn).to_pylist()
        own = model.spec.conventions.get(label)
        values = Cells.of(suggested, own).numbers[:, None].astype(np.float32)
    else:
        columns = pq.read_table(result, columns=names[:n_classes]).take(drawn).columns
        values = np.column_stack([column.to_numpy() for column in columns])
    predictions = predictions_of(model.spec.task, labels, model.classes, values, convention)
    found = evaluate(predictions).to_dict()
    return {name: found[name] for name in _KEPT if name in found}
