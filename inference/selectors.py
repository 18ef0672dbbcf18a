"""What the pages of predictions show, read from the batches and from the first rows of their files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.db.models import QuerySet

from inference.models import PredictionBatch
from models_app.models import DeployedModel
from studio import tables

N_PREVIEW_ROWS = 20
N_RUNNERS_UP = 2


def batches_of(model: DeployedModel) -> QuerySet[PredictionBatch]:
    """Return the prediction batches of a model, newest first."""
    return PredictionBatch.objects.filter(deployed_model=model).order_by("-queued_at")


@dataclass(frozen=True, slots=True)
class LabelShare:
    """How many rows a class is suggested for, as a fraction of all rows and of those of the most frequent class."""

    label: str
    n_rows: int
    fraction: float
    fraction_of_most: float


def label_shares(batch: PredictionBatch) -> list[LabelShare]:
    """Return the suggested labels with their number of rows, most frequent first."""
    most = max((n_rows for _, n_rows in batch.label_counts), default=1)
    return [LabelShare(label, n, n / (batch.n_rows or 1), n / most) for label, n in batch.label_counts]


@dataclass(frozen=True, slots=True)
class Chance:
    """A class with its probability for one row."""

    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One predicted row: 1-based number, uploaded cells, the suggested label, the classes that come next."""

    number: int
    cells: list[str | None]
    suggested: Chance
    runners_up: list[Chance]


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows of a batch."""

    columns: list[str]
    rows: list[PreviewRow]


def preview(batch: PredictionBatch) -> Preview:
    """Return the first rows, with the columns that the model reads."""
    model = batch.deployed_model
    columns = list(model.cleanset.project.feature_columns)
    cells = _first_rows(tables.local_path(batch.table_key)).select(columns).to_pylist()
    results = _first_rows(tables.local_path(batch.result_key)).columns[1:-1]
    classes = model.manifest["classes"]
    rows = []
    by_row = zip(*(column.to_pylist() for column in results), strict=True)
    for number, (row, chances) in enumerate(zip(cells, by_row, strict=True), start=1):
        ranked = sorted((Chance(*pair) for pair in zip(classes, chances, strict=True)), key=lambda c: -c.probability)
        rows.append(PreviewRow(number, [row[name] for name in columns], ranked[0], ranked[1 : 1 + N_RUNNERS_UP]))
    return Preview(columns, rows)


def _first_rows(path: Path) -> Any:
    with pq.ParquetFile(path) as file:
        return pa.Table.from_batches([next(file.iter_batches(N_PREVIEW_ROWS))])
