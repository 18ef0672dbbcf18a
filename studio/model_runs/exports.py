"""Export of a run's predictions with all labels of its rows, as CSV or Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from studio import tables
from studio.engine.conventions.label_sets import join_labels
from studio.engine.ml_task import MLTask
from studio.exports import free_names, stream_csv
from studio.exports.parquet import write_parquet
from studio.model_runs.models import ModelRun
from studio.model_runs.rows_file import stored_rows
from studio.model_runs.sources import predicted_values

ROWS_PER_BATCH = 10_000
FORMATS = ("csv", "parquet")
COLUMNS = (
    "cleanlab_row_ID", "label", "uploaded_label", "clean_label", "is_verified", "split",
    "predicted_label",
)  # fmt: skip


def rows_response(run: ModelRun, file_format: str) -> HttpResponseBase:
    """Return the download."""
    columns = row_columns(run)
    name = f"{run.name} predictions.{file_format}"
    if file_format == "parquet":
        with tables.scratch() as folder:
            path: Path = folder / "predictions.parquet"
            write_parquet(path, columns, row_batches(run))
            return FileResponse(path.open("rb"), as_attachment=True, filename=name)
    stream = stream_csv(columns, row_batches(run), guarded=set(columns))
    response = StreamingHttpResponse(stream, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return response


def row_columns(run: ModelRun) -> list[str]:
    """Return the column names; classes that clash with our own columns get a prefix."""
    classes = [] if run.task is MLTask.REGRESSION else _classes_with_values(run)
    return [*COLUMNS, *free_names(classes, COLUMNS)]


def row_batches(run: ModelRun) -> Iterator[pa.RecordBatch]:
    """Yield the measured rows, in order."""
    stored = stored_rows(run.rows_key, run.task, tuple(run.classes))
    rows = stored.run
    values = predicted_values(run, rows.row_id)
    names = row_columns(run)
    for first in range(0, len(rows.row_id), ROWS_PER_BATCH):
        part = slice(first, first + ROWS_PER_BATCH)
        columns = [
            pa.array(rows.row_id[part] + 1),
            _texts(run, rows.measures.labels[part]),
            _texts(run, stored.other_labels["uploaded"][part]),
            _texts(run, stored.other_labels["clean"][part]),
            pa.array(stored.is_verified[part]),
            pa.array(stored.part[part].tolist(), pa.string()),
            _texts(run, rows.measures.predicted[part]),
        ]
        if values is not None:
            columns += [pa.array(column) for column in np.asarray(values[part]).T]
        yield pa.RecordBatch.from_arrays(columns, names=names)


def _classes_with_values(run: ModelRun) -> list[str]:
    if run.configuration.get("has_probabilities") is False:
        return []
    return list(run.configuration.get("classes") or run.classes)


def _texts(run: ModelRun, values: npt.NDArray[Any]) -> pa.Array:
    if run.task is MLTask.REGRESSION:
        return pa.array(values, pa.float64(), from_pandas=True)
    if values.ndim == 2:
        sets = [join_labels([run.classes[code] for code in np.flatnonzero(row)]) for row in values]
        return pa.array(sets, pa.string())
    names = [*run.classes, None]
    return pa.array([names[code] for code in values.tolist()], pa.string())
