"""Predicts the rows of a file in chunks, so that a file of any number of rows takes the same memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings

from inference.models import PredictionBatch
from models_app.artifact_files import deployed_artifact
from projects.readers import ROW_ID, ReadLimits, read_table
from studio import storage, tables
from studio.engine.ml_task import Modality
from studio.engine.predict import Predictions, predict_frame
from studio.engine.progress import Progress
from studio.engine.train import TrainedModel

# Large enough to be quick, small enough that progress moves and Cancel is heard: a core encodes some 50 texts a second.
ROWS_PER_CHUNK = {Modality.TABULAR: 2_000, Modality.TEXT: 500}
ROWS_PER_GROUP = 20_000  # of the Parquet file; a group for each chunk would make its footer large
SUGGESTED_LABEL = "Suggested Label"


@dataclass(frozen=True, slots=True)
class PredictedTable:
    """What was predicted: how often each label is suggested, most frequent first, and sentences for the user."""

    n_rows: int
    label_counts: list[tuple[str, int]]
    notes: tuple[str, ...]


def predict(run: PredictionBatch, progress: Progress) -> Mapping[str, object]:
    """Read the uploaded file, predict its rows, and return the values to store on the run."""
    with tables.scratch() as folder:
        table, result = folder / "rows.parquet", folder / "predictions.parquet"
        limits = ReadLimits(max_unpacked_bytes=settings.MAX_UNPACKED_BYTES)
        facts = read_table(tables.local_path(run.source_key), run.filename, table, progress=progress, limits=limits)
        model = deployed_artifact(run.deployed_model.artifact_key)
        predicted = predict_table(model, table, result, progress=progress)
        keys = {path: storage.prediction_file(run.pk, run.attempt, path.name) for path in (table, result)}
        for path, key in keys.items():
            tables.publish(path, key)
    return {
        "table_key": keys[table],
        "result_key": keys[result],
        "n_rows": predicted.n_rows,
        "label_counts": predicted.label_counts,
        "notes": [*facts.notes, *predicted.notes],
    }


def predict_table(model: TrainedModel, table: Path, out: Path, *, progress: Progress) -> PredictedTable:
    """Predict every row of a Parquet table, in order.

    `out` has the row id, one column of probabilities per class in the order of the model's classes, and the suggested
    label, under the names of `result_columns`. Raises DataProblem when the table lacks columns that the model reads.
    """
    uploaded = [name for name in pq.read_schema(table).names if name != ROW_ID]
    columns = result_columns(uploaded, model.classes)
    counts: Counter[str] = Counter()
    n_rows = pq.read_metadata(table).num_rows
    with _ResultWriter(out, columns) as writer:
        for frame in _chunks(table, model):
            progress("Predicting", writer.n_rows, n_rows)
            found = predict_frame(model, frame)
            writer.append(found)
            counts.update(found.suggested_label)
    progress("Predicting", n_rows, n_rows)
    return PredictedTable(n_rows, counts.most_common(), _renaming_notes(columns, model.classes))


def _chunks(table: Path, model: TrainedModel) -> Iterator[pd.DataFrame]:
    with pq.ParquetFile(table) as file:
        columns = [name for name in model.feature_columns if name in file.schema_arrow.names]
        for batch in file.iter_batches(ROWS_PER_CHUNK[model.spec.modality], columns=[ROW_ID, *columns]):
            cells = {name: batch.column(name).to_numpy(zero_copy_only=False) for name in columns}
            yield pd.DataFrame(cells, index=range(batch.num_rows), dtype=object)


class _ResultWriter:
    """Appends predictions in row order; the file is complete when the block ends."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        floats = [(name, pa.float32()) for name in columns[:-1]]
        self._schema = pa.schema([(ROW_ID, pa.int64()), *floats, (columns[-1], pa.string())])
        self._file = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._pending: list[pa.Table] = []
        self.n_rows = 0

    def __enter__(self) -> _ResultWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._write_group()
        self._file.close()

    def append(self, found: Predictions) -> None:
        row_ids = pa.array(range(self.n_rows, self.n_rows + len(found.suggested_label)), pa.int64())
        probabilities = [pa.array(column, pa.float32()) for column in found.pred_probs.T]
        labels = pa.array(found.suggested_label, pa.string())
        self._pending.append(pa.Table.from_arrays([row_ids, *probabilities, labels], schema=self._schema))
        self.n_rows += len(row_ids)
        if sum(part.num_rows for part in self._pending) >= ROWS_PER_GROUP:
            self._write_group()

    def _write_group(self) -> None:
        if self._pending:
            self._file.write_table(pa.concat_tables(self._pending))
        self._pending = []


def result_columns(uploaded: Sequence[str], classes: Sequence[str]) -> list[str]:
    """Name the columns that come after the uploaded ones: a class by its name, then the suggested label.

    A name that the file has already is followed by "(predicted)", and by a number where that is taken as well.

    >>> result_columns(["text", "yes"], ["no", "yes"])
    ['no', 'yes (predicted)', 'Suggested Label']
    """
    taken = {ROW_ID, *uploaded}
    names = []
    for wanted in (*classes, SUGGESTED_LABEL):
        name, number = wanted, 1
        while name in taken:
            name = f"{wanted} (predicted)" if number == 1 else f"{wanted} (predicted {number})"
            number += 1
        taken.add(name)
        names.append(name)
    return names


def _renaming_notes(columns: Sequence[str], classes: Sequence[str]) -> tuple[str, ...]:
    pairs = zip((*classes, SUGGESTED_LABEL), columns, strict=True)
    return tuple(
        f"The file has a column “{wanted}” of its own, so the prediction of that name is called “{name}”."
        for wanted, name in pairs
        if wanted != name
    )
