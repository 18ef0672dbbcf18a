"""Predicts the rows of a file in chunks, so that any number of rows takes the same memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.utils import timezone

from inference.batch_evaluation import batch_evaluation
from inference.client_batch import read_client_batch
from inference.guarding import Guarding
from inference.models import PredictionBatch, PredictionUpload
from inference.spellings import file_spelling
from inference.typed_row import explained_row, write_typed_row
from models_app.artifact_files import deployed_artifact
from projects.readers import ROW_ID, ReadLimits
from projects.readers.subprocess_reader import prepare, read_in_subprocess
from projects.services import delete_with_files
from studio import storage, tables
from studio.engine import stages
from studio.engine.conventions import Convention, Conventions, FoundConvention
from studio.engine.conventions.convention_notes import NAMES, convention_notes
from studio.engine.conventions.label_sets import split_labels
from studio.engine.evaluation.thresholds import labels_by_threshold
from studio.engine.ml_task import MLTask, Modality
from studio.engine.progress import Progress
from studio.engine.recipes.predict import PredictedFrame, new_reading, predict_frame
from studio.engine.recipes.trained import TrainedModel
from studio.engine.table.required_columns import MissingColumnsProblem, RequiredColumns
from studio.engine.text.processor import arithmetic_here
from studio.exports import free_names

# Large enough to be fast; small enough that progress moves, and that a cancelled run stops soon. A
# core encodes some 50 texts a second.
TEXTS_PER_CHUNK = 500
ROWS_PER_CHUNK = 16_000  # of a table; beyond this, the cost per call hardly counts
CELLS_PER_CHUNK = 400_000  # of a wide table: some 40 MB
ROWS_PER_GROUP = 20_000  # of the Parquet file; a group per chunk would bloat its footer
STALE_AFTER = timedelta(hours=24)
NO_MAP: Mapping[str, str] = MappingProxyType({})
NO_THRESHOLDS: Mapping[str, float] = MappingProxyType({})
ADVICE = "If that is wrong, choose another reading; the file is then predicted again."
SUGGESTED_LABEL = "Suggested Label"
SUGGESTED_LABEL_ERROR = "Suggested Label Error"  # of a regression: its error bar


@dataclass(frozen=True, slots=True)
class PredictedTable:
    """The outcome: rows per suggested class, most frequent first; notes for the user; how numbers
    and dates were read; and what a guard says of the batch, with the counts of cells that could not
    be read.
    """

    n_rows: int
    label_counts: list[tuple[str, int]]
    notes: tuple[str, ...]
    conventions: Mapping[str, FoundConvention]
    report: Mapping[str, Any] | None = None


def predict(run: PredictionBatch, progress: Progress) -> Mapping[str, object]:
    """Read the uploaded file, predict its rows, and return the fields to store."""
    with tables.scratch() as folder:
        table = folder / "rows.parquet"
        result = folder / "predictions.parquet"
        model = deployed_artifact(run.deployed_model.artifact_key)
        notes = _read(run, model, table, progress)
        chosen = {
            name: Convention(convention) for name, convention in run.chosen_conventions.items()
        }
        predicted = predict_table(
            model,
            table,
            result,
            progress=progress,
            column_map=run.column_map,
            chosen=chosen,
            thresholds=run.deployed_model.thresholds,
            coverage=run.coverage,
        )
        report = dict(predicted.report or {})
        if run.is_typed:
            report["row"] = explained_row(model, table, predicted.conventions)
        table_key = storage.prediction_file(run.pk, run.attempt, table.name)
        result_key = storage.prediction_file(run.pk, run.attempt, result.name)
        tables.publish(table, table_key)
        tables.publish(result, result_key)
    return {
        "table_key": table_key,
        "result_key": result_key,
        "n_rows": predicted.n_rows,
        "label_counts": predicted.label_counts,
        "report": report,
        "found_conventions": {name: asdict(found) for name, found in predicted.conventions.items()},
        "notes": [
            *notes,
            *predicted.notes,
            *(
                f"Column “{name}” is read {NAMES[convention]}, as you chose."
                for name, convention in chosen.items()
            ),
            *convention_notes(predicted.conventions, advice=ADVICE),
        ],
    }


def _read(
    run: PredictionBatch, model: TrainedModel, table: Path, progress: Progress
) -> Sequence[str]:
    """Write the uploaded rows to a Parquet table; return the notes about the file."""
    source = tables.local_path(run.source_key)
    if run.is_typed:
        write_typed_row(source, table, model)
        return ()
    if run.is_of_client:
        limits = ReadLimits(max_unpacked_bytes=settings.MAX_UNPACKED_BYTES)
        read_client_batch(source, table, model, progress=progress, limits=limits)
        return ()
    required = RequiredColumns(tuple(model.feature_columns), run.column_map)
    limits = ReadLimits(max_unpacked_bytes=settings.MAX_UNPACKED_BYTES, required=required)
    with _missing_columns_kept(run):
        facts = read_in_subprocess(source, run.filename, table, progress=progress, limits=limits)
        prepare()
        return facts.notes


@contextmanager
def _missing_columns_kept(run: PredictionBatch) -> Iterator[None]:
    """Store on the run which columns are missing, so that the user can map them."""
    try:
        yield
    except MissingColumnsProblem as problem:
        missing = [
            {"name": column.name, "candidates": column.candidates} for column in problem.missing
        ]
        batches = PredictionBatch.objects.filter(pk=run.pk, attempt=run.attempt)
        batches.update(missing_columns=missing, file_columns=problem.present)
        raise


def predict_table(  # noqa: PLR0913  (all but three by name)
    model: TrainedModel,
    table: Path,
    out: Path,
    *,
    progress: Progress,
    column_map: Mapping[str, str] = NO_MAP,
    chosen: Conventions | None = None,
    thresholds: Mapping[str, float] = NO_THRESHOLDS,
    coverage: float | None = None,
) -> PredictedTable:
    """Predict every row of a Parquet table, in order.

    `out` has the row id and the columns that `result_columns` names. `column_map` maps columns of
    the model to columns of the table. `chosen` fixes how some columns are read. `thresholds` say
    from which probability on some classes are predicted. With a `coverage`, the model's guard adds
    its columns. Raises DataProblem if the table lacks columns, or the model has no guard.
    """
    required = RequiredColumns(tuple(model.feature_columns), column_map)
    uploaded = [name for name in pq.read_schema(table).names if name != ROW_ID]
    wanted = [*model.classes, SUGGESTED_LABEL]
    if model.spec.task is MLTask.REGRESSION:
        wanted.append(SUGGESTED_LABEL_ERROR)
    n_rows = pq.read_metadata(table).num_rows
    guarding = None
    if coverage is not None:
        guarding = Guarding(model, coverage, n_rows=n_rows)
        wanted += guarding.names
    columns = result_columns(uploaded, wanted)
    counts: Counter[str] = Counter()
    spelling = file_spelling(model, table, required, chosen or {})
    reading = new_reading(model)
    fields = _result_fields(columns, len(model.classes), guarding)
    options = {} if guarding is None else {"for_guard": True}
    with _ResultWriter(out, fields) as writer:
        for frame in _chunks(table, model, required):
            progress(stages.PREDICTING, writer.n_rows, n_rows)
            predicted = predict_frame(model, frame, spelling.settled, reading, **options)
            if thresholds:
                suggested = labels_by_threshold(
                    predicted.pred_probs,
                    predicted.suggested_label,
                    model.classes,
                    thresholds,
                    model.spec.task,
                )
                predicted = replace(predicted, suggested_label=suggested)
            writer.append(predicted, guarding.cells(predicted) if guarding else ())
            counts.update(_suggested_classes(predicted.suggested_label, model.spec.task))
    progress(stages.PREDICTING, n_rows, n_rows)
    notes = (
        *required.notes,
        *spelling.notes,
        *reading.notes(of_blank_rows="what the training data has on average is predicted there"),
        *_arithmetic_notes(model),
        *(
            f"“{name}” is predicted from a probability of {bound:.3g} on, as chosen for the model."
            for name, bound in thresholds.items()
        ),
        *_renaming_notes(columns, wanted),
    )
    report = None
    if guarding is not None:
        report = {
            **guarding.report(reading),
            "evaluation": batch_evaluation(model, table, out),
        }
    return PredictedTable(n_rows, counts.most_common(), notes, spelling.conventions, report)


def _result_fields(
    columns: Sequence[str], n_classes: int, guarding: Guarding | None
) -> list[pa.Field]:
    """Return the columns of the result: probabilities, the label, the error bar of a number, and
    those of the guard.
    """
    guards = guarding.fields if guarding else ()
    n_own = len(columns) - len(guards)
    fields = [pa.field(name, pa.float32()) for name in columns[:n_own]]
    fields[n_classes] = pa.field(columns[n_classes], pa.string())
    named = [field.with_name(name) for field, name in zip(guards, columns[n_own:], strict=True)]
    return fields + named


def _arithmetic_notes(model: TrainedModel) -> tuple[str, ...]:
    """Note if this machine cannot encode text with the arithmetic used in training."""
    if model.arithmetic is None:
        return ()
    here = arithmetic_here(model.arithmetic)
    if here is model.arithmetic:
        return ()
    note = (
        f"The model was trained on text encoded in {model.arithmetic}, which this machine does not"
        f" have; it encodes in {here}. Probabilities may differ a little from those that the first"
        " machine predicts. Deploy the model again here for one that fits this machine."
    )
    return (note,)


def _suggested_classes(labels: Sequence[str], task: MLTask) -> Iterator[str]:
    """Yield the classes to count; numbers are not counted."""
    if task is MLTask.MULTI_CLASS:
        yield from labels
    if task is MLTask.MULTI_LABEL:
        for label in labels:
            yield from split_labels(label)


def _chunks(table: Path, model: TrainedModel, required: RequiredColumns) -> Iterator[pd.DataFrame]:
    if model.spec.modality is Modality.TEXT:
        n_rows = TEXTS_PER_CHUNK
    else:
        n_rows = max(1, min(ROWS_PER_CHUNK, CELLS_PER_CHUNK // len(model.feature_columns)))
    with pq.ParquetFile(table) as file:
        required.check([name for name in file.schema_arrow.names if name != ROW_ID])
        for batch in file.iter_batches(n_rows, columns=[ROW_ID, *required.sources]):
            cells = {
                name: batch.column(required.source(name)).to_numpy(zero_copy_only=False)
                for name in required.names
            }
            yield pd.DataFrame(cells, index=batch.column(ROW_ID).to_numpy(), dtype=object)


class _ResultWriter:
    """Appends predictions in row order; the file is complete when the block ends."""

    def __init__(self, path: Path, fields: Sequence[pa.Field]) -> None:
        self._schema = pa.schema([pa.field(ROW_ID, pa.int64()), *fields])
        self._file = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._pending: list[pa.Table] = []
        self.n_rows = 0

    def __enter__(self) -> _ResultWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._write_group()
        self._file.close()

    def append(self, found: PredictedFrame, guarded: Sequence[pa.Array]) -> None:
        row_ids = pa.array(np.arange(self.n_rows, self.n_rows + len(found.suggested_label)))
        probabilities = [pa.array(column, pa.float32()) for column in found.pred_probs.T]
        labels = pa.array(found.suggested_label, pa.string())
        errors = [] if found.errors is None else [pa.array(found.errors, pa.float32())]
        self._pending.append(
            pa.Table.from_arrays(
                [row_ids, *probabilities, labels, *errors, *guarded], schema=self._schema
            )
        )
        self.n_rows += len(row_ids)
        if sum(part.num_rows for part in self._pending) >= ROWS_PER_GROUP:
            self._write_group()

    def _write_group(self) -> None:
        if self._pending:
            self._file.write_table(pa.concat_tables(self._pending))
        self._pending = []


def result_columns(uploaded: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Name the columns that come after the uploaded ones.

    A name that the file already has gets "(predicted)", and a number if that is taken, too.

    >>> result_columns(["text", "yes"], ["no", "yes", "Suggested Label"])
    ['no', 'yes (predicted)', 'Suggested Label']
    """
    return free_names(wanted, [ROW_ID, *uploaded], _as_predicted)


def _as_predicted(name: str, attempt: int) -> str:
    return f"{name} (predicted)" if attempt == 1 else f"{name} (predicted {attempt})"


def _renaming_notes(columns: Sequence[str], wanted: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        f"The file has a column “{name_wanted}” of its own, so the prediction of that name is"
        f" called “{name}”."
        for name_wanted, name in zip(wanted, columns, strict=True)
        if name_wanted != name
    )


def forget_stale_uploads() -> None:
    """Delete uploads of the public client that were never predicted, and rows typed long ago."""
    for batch in PredictionBatch.objects.filter(
        is_typed=True, queued_at__lt=timezone.now() - STALE_AFTER
    ):
        delete_with_files(batch)
    for upload in PredictionUpload.objects.filter(created_at__lt=timezone.now() - STALE_AFTER):
        keys = [upload.source_key] if upload.source_key else []
        upload.delete()
        tables.delete(keys)
