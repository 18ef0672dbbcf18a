"""Predictions as a table: the uploaded rows as they came, in their order, then what the model says
about each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pt
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from cleansets.label_text import written_sets
from inference.models import PredictionBatch
from projects.readers import ROW_ID
from studio import tables
from studio.engine.conventions.label_sets import Separator, quoted_set, split_labels
from studio.engine.ml_task import MLTask
from studio.exports import stream_csv, stream_exact_csv, stream_safe_csv

CLIENT_LABEL = "Suggested Label"  # the column that the public client takes the labels from
ROWS_PER_BATCH = 10_000


def export_response(
    batch: PredictionBatch, *, safe_for_spreadsheets: bool = False
) -> StreamingHttpResponse:
    """Return the download of the uploaded rows with their predictions."""
    stream = predictions_csv(batch, safe_for_spreadsheets=safe_for_spreadsheets)
    response = StreamingHttpResponse(stream, content_type="text/csv; charset=utf-8")
    filename = download_name(batch.filename)
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=filename
    )
    return response


def predictions_csv(
    batch: PredictionBatch, *, safe_for_spreadsheets: bool = False
) -> Iterator[bytes]:
    """Stream the predictions of a batch as CSV."""
    table, result = tables.local_path(batch.table_key), tables.local_path(batch.result_key)
    columns = prediction_columns(table, result)
    rows = prediction_batches(table, result, separator_of(batch.deployed_model.manifest))
    if safe_for_spreadsheets:
        return stream_safe_csv(columns, rows)
    label = batch.deployed_model.cleanset.project.label_column
    uploaded = pq.read_schema(table).names
    return stream_csv(columns, rows, guarded={name for name in uploaded if name != label})


def separator_of(manifest: Mapping[str, Any]) -> Separator | None:
    """Return how a model's suggested sets are written; None where it suggests no sets, and for
    older models.
    """
    found = manifest.get("separator")
    return Separator(found) if found else None


def client_csv(batch: PredictionBatch) -> Iterator[bytes]:
    """Stream the predictions alone, as the public client reads them: the label, then the
    probability of each class.

    A set of classes has each of them in quotes, since the client takes a cell without them for
    numbers where it can.
    """
    classes: list[str] = batch.deployed_model.manifest["classes"]
    is_set = batch.deployed_model.cleanset.task is MLTask.MULTI_LABEL
    separator = separator_of(batch.deployed_model.manifest) or Separator.COMMA
    columns = [CLIENT_LABEL, *classes]
    result = tables.local_path(batch.result_key)
    return stream_exact_csv(
        columns, _client_batches(result, columns, separator if is_set else None)
    )


def _client_batches(
    result: Path, columns: Sequence[str], separator: Separator | None
) -> Iterator[pa.RecordBatch]:
    for found in _batches(result):
        *probabilities, labels = found.columns[1 : len(columns) + 1]
        if separator is not None:
            sets = [quoted_set(split_labels(cell), separator) for cell in labels.to_pylist()]
            labels = pa.array(sets, pa.string())
        yield pa.RecordBatch.from_arrays([labels, *probabilities], names=list(columns))


def download_name(filename: str) -> str:
    """Return the name of the export: new.csv.gz gives new-predictions.csv."""
    path = PurePath(filename)
    is_packed = path.suffix.lower() in (".gz", ".zip") and len(path.suffixes) > 1
    stem = PurePath(path.stem).stem if is_packed else path.stem
    return f"{stem}-predictions.csv"


def prediction_columns(table: Path, result: Path) -> list[str]:
    """Return the uploaded columns, one per class, and the suggested label."""
    return [
        name for path in (table, result) for name in pq.read_schema(path).names if name != ROW_ID
    ]


def prediction_batches(
    table: Path, result: Path, separator: Separator | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of both files side by side, all cells as text; the files have the same rows in
    the same order.

    Sets of classes are written with the separator.
    """
    columns = prediction_columns(table, result)
    is_label = [pt.is_string(field.type) for field in pq.read_schema(result)]
    for uploaded, predicted in zip(_batches(table), _batches(result), strict=True):
        cells = [
            written_sets(column, separator) if is_label[place] and separator else column
            for place, column in enumerate(predicted.columns)
        ]
        yield pa.RecordBatch.from_arrays([*uploaded.columns[1:], *cells[1:]], names=columns)


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield batches that all have the same number of rows but the last, wherever the row groups of
    the file end.
    """
    with pq.ParquetFile(path) as file:
        kept: pa.Table | None = None
        for batch in file.iter_batches(ROWS_PER_BATCH):
            found = pa.Table.from_batches([batch])
            kept = pa.concat_tables([kept, found]) if kept is not None else found
            while kept.num_rows >= ROWS_PER_BATCH:
                yield _as_text(kept.slice(0, ROWS_PER_BATCH))
                kept = kept.slice(ROWS_PER_BATCH)
        if kept is not None and kept.num_rows:
            yield _as_text(kept)


def _as_text(rows: pa.Table) -> pa.RecordBatch:
    # Arrow writes the shortest text that reads back to the same float32, and does so in bulk.
    columns = [column.cast(pa.string()).combine_chunks() for column in rows.columns]
    return pa.RecordBatch.from_arrays(columns, names=rows.column_names)
