"""Reads uploaded predictions of a model that was trained elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from django.conf import settings

from cleansets.frames import read_frame
from projects.readers import ROW_ID, ReadLimits, read_table
from studio import tables
from studio.engine.evaluation.inputs.provided import read_provided
from studio.engine.progress import Progress
from studio.model_runs.models import ModelRun


def read_predictions(run: ModelRun, out: Path, progress: Progress) -> dict[str, Any]:
    """Write the prediction for each row to `out`, and return a description of the file."""
    assert run.cleanset is not None
    table = out.with_suffix(".parquet")
    limits = ReadLimits(max_unpacked_bytes=settings.MAX_UNPACKED_BYTES)
    source = tables.local_path(run.source_key)
    read_table(source, run.filename, table, progress=progress, limits=limits)
    names = [name for name in pq.read_schema(table).names if name != ROW_ID]
    frame = read_frame(table, names)
    columns = {name: frame[name].tolist() for name in names}
    n_rows = run.cleanset.version.n_rows or 0
    provided = read_provided(columns, run.task, run.cleanset.classes, n_rows)
    labels = provided.labels or []
    np.savez(
        out,
        values=provided.values,
        labels=np.array([label or "" for label in labels], dtype=str),
        is_labeled=np.array([label is not None for label in labels], dtype=bool),
    )
    return {
        **run.configuration,
        "classes": list(provided.classes),
        "has_probabilities": provided.labels is None,
        "notes": list(provided.notes),
    }
