"""Predictions as CSV: the uploaded rows as they came, in their order, then what the model says about each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePath

import pyarrow as pa
import pyarrow.parquet as pq
from django.http import StreamingHttpResponse

from inference.models import PredictionBatch
from projects.readers import ROW_ID
from studio import tables
from studio.exports import stream_csv

ROWS_PER_BATCH = 2_000

Cells = tuple[str | None, ...]


def predictions_csv(batch: PredictionBatch) -> StreamingHttpResponse:
    """Stream the predictions of a batch as a download."""
    table, result = tables.local_path(batch.table_key), tables.local_path(batch.result_key)
    filename = f"{_stem(batch.filename)}-predictions.csv"
    return stream_csv(prediction_columns(table, result), prediction_rows(table, result), filename=filename)


def _stem(filename: str) -> str:
    """data.csv.gz → data."""
    path = PurePath(filename)
    packed = path.suffix.lower() in (".gz", ".zip") and len(path.suffixes) > 1
    return PurePath(path.stem).stem if packed else path.stem


def prediction_columns(table: Path, result: Path) -> list[str]:
    """Return the uploaded columns, one per class, and the suggested label."""
    return [name for path in (table, result) for name in pq.read_schema(path).names if name != ROW_ID]


def prediction_rows(table: Path, result: Path) -> Iterator[Cells]:
    """Yield the rows of both files side by side; they have the same rows in the same order."""
    for uploaded, predicted in zip(_rows(table), _rows(result), strict=True):
        yield (*uploaded, *predicted)


def _rows(path: Path) -> Iterator[Cells]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(ROWS_PER_BATCH):
            columns = [column.cast(pa.string()).to_pylist() for column in batch.columns[1:]]
            yield from zip(*columns, strict=True)
