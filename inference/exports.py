"""Predictions as a table: the uploaded rows unchanged and in order, then the model's columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pt
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header

from cleansets.label_text import written_sets
from inference.models import PredictionBatch
from inference.report_page import printable_report
from inference.result_notes import is_note
from inference.uncertain_rows import uncertain_rows
from projects.readers import ROW_ID
from studio import tables
from studio.engine.conventions.label_sets import Separator, quoted_set, split_labels
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask
from studio.exports import stream_csv, stream_exact_csv, stream_safe_csv

CLIENT_LABEL = "Suggested Label"  # where the public client expects the labels
ROWS_PER_BATCH = 10_000
MAX_NAMED = 10  # classes that a sentence names


def export_response(
    batch: PredictionBatch, classes: Collection[str] = (), *, safe_for_spreadsheets: bool = False
) -> StreamingHttpResponse:
    """Return the download of the uploaded rows with their predictions.

    If there are `classes`, only their probabilities are in it.
    """
    stream = predictions_csv(batch, classes, safe_for_spreadsheets=safe_for_spreadsheets)
    response = StreamingHttpResponse(stream, content_type="text/csv; charset=utf-8")
    filename = download_name(batch.filename)
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=filename
    )
    return response


def uncertain_response(
    batch: PredictionBatch, n_least: int | None, *, safe_for_spreadsheets: bool = False
) -> StreamingHttpResponse:
    """Return the download of the rows that a person should look at, as CSV."""
    rows = uncertain_rows(batch, n_least)
    batches = iter(rows.combine_chunks().to_batches())
    if safe_for_spreadsheets:
        stream = stream_safe_csv(rows.column_names, batches)
    else:
        stream = stream_csv(rows.column_names, batches, guarded=set(rows.column_names))
    response = StreamingHttpResponse(stream, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=f"{_stem(batch.filename)}-uncertain.csv"
    )
    return response


def report_response(batch: PredictionBatch) -> HttpResponse:
    """Return the report of a batch under guard as a download."""
    task = batch.deployed_model.cleanset.task
    response = HttpResponse(printable_report(batch.report, task, f"Report on {batch.filename}"))
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=f"{_stem(batch.filename)}-report.html"
    )
    return response


def predictions_csv(
    batch: PredictionBatch, classes: Collection[str] = (), *, safe_for_spreadsheets: bool = False
) -> Iterator[bytes]:
    """Stream the predictions of a batch as CSV, with the probabilities of `classes` or of all."""
    manifest = batch.deployed_model.manifest
    table = tables.local_path(batch.table_key)
    result = tables.local_path(batch.result_key)
    known = manifest.get("classes") or ()
    refuse_unknown_classes(known, classes)
    left_out = columns_left_out(result, known, classes)
    columns = prediction_columns(table, result, left_out)
    rows = prediction_batches(table, result, separator_of(manifest), left_out)
    if safe_for_spreadsheets:
        return stream_safe_csv(columns, rows)
    label = batch.deployed_model.cleanset.project.label_column
    uploaded = pq.read_schema(table).names
    return stream_csv(columns, rows, guarded={name for name in uploaded if name != label})


def separator_of(manifest: Mapping[str, Any]) -> Separator | None:
    """Return how a model writes suggested sets; None for other tasks and older models."""
    found = manifest.get("separator")
    return Separator(found) if found else None


def client_csv(batch: PredictionBatch) -> Iterator[bytes]:
    """Stream the predictions for the public client: the label, then each class's probability.

    In a set, each class is quoted, as the client parses unquoted cells as numbers if it can.
    """
    classes: list[str] = batch.deployed_model.manifest["classes"]
    separator = None
    if batch.deployed_model.cleanset.task is MLTask.MULTI_LABEL:
        separator = separator_of(batch.deployed_model.manifest) or Separator.COMMA
    columns = [CLIENT_LABEL, *classes]
    result = tables.local_path(batch.result_key)
    return stream_exact_csv(columns, _client_batches(result, columns, separator))


def _client_batches(
    result: Path, columns: Sequence[str], separator: Separator | None
) -> Iterator[pa.RecordBatch]:
    for batch in _batches(result):
        *probabilities, labels = batch.columns[1 : len(columns) + 1]
        if separator is not None:
            sets = [quoted_set(split_labels(cell), separator) for cell in labels.to_pylist()]
            labels = pa.array(sets, pa.string())
        yield pa.RecordBatch.from_arrays([labels, *probabilities], names=list(columns))


def download_name(filename: str) -> str:
    """Return the name of the export: new.csv.gz gives new-predictions.csv."""
    return f"{_stem(filename)}-predictions.csv"


def _stem(filename: str) -> str:
    path = PurePath(filename)
    if path.suffix.lower() in (".gz", ".zip") and len(path.suffixes) > 1:
        path = PurePath(path.stem)
    return path.stem


def refuse_unknown_classes(known: Sequence[str], chosen: Collection[str]) -> None:
    """Raise DataProblem if a class was chosen that the model does not have."""
    unknown = [name for name in chosen if name not in known]
    if not unknown:
        return
    if not known:
        raise DataProblem("The model predicts numbers, so there are no classes to choose from.")
    some = ", ".join(known[:MAX_NAMED])
    end = ", …" if len(known) > MAX_NAMED else "."
    raise DataProblem(f"The model has no class “{unknown[0]}”. Its classes: {some}{end}")


def columns_left_out(result: Path, known: Sequence[str], chosen: Collection[str]) -> frozenset[str]:
    """Return the columns of the probabilities that were not chosen; none if no class was."""
    if not chosen:
        return frozenset()
    # A column is not always named like its class, but they are in the same order.
    columns = pq.read_schema(result).names[1 : len(known) + 1]
    pairs = zip(columns, known, strict=True)
    return frozenset(column for column, name in pairs if name not in chosen)


def prediction_columns(
    table: Path, result: Path, left_out: Collection[str] = frozenset()
) -> list[str]:
    """Return the uploaded columns, one per class, and the suggested label."""
    predicted = [name for name in pq.read_schema(result).names if name not in left_out]
    return [name for name in (*pq.read_schema(table).names, *predicted) if name != ROW_ID]


def prediction_batches(
    table: Path,
    result: Path,
    separator: Separator | None = None,
    left_out: Collection[str] = frozenset(),
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of both files side by side, as text; sets are written with the separator.

    The files have the same rows in the same order.
    """
    columns = prediction_columns(table, result, left_out)
    fields = [field for field in pq.read_schema(result) if field.name not in left_out]
    is_label = [pt.is_string(field.type) and not is_note(field) for field in fields]
    shown = _batches(result, [field.name for field in fields])
    for uploaded, predicted in zip(_batches(table), shown, strict=True):
        cells = list(predicted.columns)
        if separator:
            for position, column in enumerate(cells):
                if is_label[position]:
                    cells[position] = written_sets(column, separator)
        yield pa.RecordBatch.from_arrays([*uploaded.columns[1:], *cells[1:]], names=columns)


def _batches(path: Path, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Yield batches of equal size, except the last, wherever the row groups of the file end."""
    with pq.ParquetFile(path) as file:
        rest = file.schema_arrow.empty_table()
        if columns is not None:
            rest = rest.select(columns)
        for batch in file.iter_batches(ROWS_PER_BATCH, columns=columns):
            rest = pa.concat_tables([rest, pa.Table.from_batches([batch])])
            while rest.num_rows >= ROWS_PER_BATCH:
                yield _as_text(rest.slice(0, ROWS_PER_BATCH))
                rest = rest.slice(ROWS_PER_BATCH)
        if rest.num_rows:
            yield _as_text(rest)


def _as_text(rows: pa.Table) -> pa.RecordBatch:
    # Arrow writes the shortest text that reads back as the same float32, in bulk.
    columns = [column.cast(pa.string()).combine_chunks() for column in rows.columns]
    return pa.RecordBatch.from_arrays(columns, names=rows.column_names)
