"""One row that was typed into a form: its table, and why the model predicts what it does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from projects.readers import ROW_ID
from studio.engine.conventions import FoundConvention
from studio.engine.guard.near_rows import N_NEIGHBOURS
from studio.engine.recipes.predict import NewSpelling, predict_frame
from studio.engine.recipes.trained import TrainedModel
from studio.engine.recipes.why import reasons


def write_typed_row(source: Path, table: Path, model: TrainedModel) -> None:
    """Write the cells of a JSON file as a table of one row; blank cells are missing."""
    cells: dict[str, str] = json.loads(source.read_bytes())
    columns = {name: pa.array([cells.get(name) or None], pa.string()) for name in _names(model)}
    pq.write_table(pa.table({ROW_ID: pa.array([0], pa.int64()), **columns}), table)


def explained_row(
    model: TrainedModel, table: Path, conventions: Mapping[str, FoundConvention]
) -> dict[str, Any]:
    """Return what speaks for and against the prediction of the only row, and the nearest rows."""
    cells = pq.read_table(table, columns=_names(model)).to_pylist()[0]
    settled = {name: found.convention for name, found in conventions.items()}
    spelling = NewSpelling(settled, {})
    why = [asdict(reason) for reason in reasons(model, cells, spelling)]
    near: list[dict[str, Any]] = []
    if model.guard is not None:
        frame = pd.DataFrame([cells], dtype=object)
        looked_at = predict_frame(model, frame, spelling, for_guard=True).looked_at
        if looked_at is not None:
            near_rows = model.guard.near_rows
            _, places = near_rows.search(looked_at.vectors)
            near = [
                {"row_id": int(near_rows.row_ids[place]), "label": near_rows.labels[place]}
                for place in places[0, :N_NEIGHBOURS].tolist()
            ]
    return {"why": why, "near": near}


def _names(model: TrainedModel) -> list[str]:
    return list(model.feature_columns)
