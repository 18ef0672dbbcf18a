"""The answer to a row that was typed into a form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq
from django.urls import reverse

from cleansets.label_text import ShownLabel, shown_label
from inference.models import PredictionBatch
from inference.selectors import PreviewRow, preview
from studio import tables
from studio.engine.ml_task import MLTask

N_LISTED = 5


@dataclass(frozen=True, slots=True)
class ReasonLine:
    """A part of the row, and by how much the prediction is higher with it than without it."""

    column: str
    piece: str
    effect: str


@dataclass(frozen=True, slots=True)
class NearLine:
    """A training row like it."""

    number: int
    label: ShownLabel | None
    cells: list[str | None]
    url: str


@dataclass(frozen=True, slots=True)
class RowPage:
    """What the page shows; `guard` has the values of the guard's columns by name."""

    row: PreviewRow
    for_it: list[ReasonLine]
    against_it: list[ReasonLine]
    near: list[NearLine]
    near_columns: list[str]
    guard: dict[str, Any]
    is_number: bool


def row_page(batch: PredictionBatch) -> RowPage:
    model = batch.deployed_model
    found = batch.report["row"]
    task = model.cleanset.task
    for_it = []
    against_it = []
    for reason in found["why"]:
        text = _effect_text(task, reason["effect"])
        line = ReasonLine(reason["column"], reason["piece"], text)
        if reason["effect"] > 0:
            for_it.append(line)
        else:
            against_it.append(line)
    columns: list[str] = model.cleanset.feature_columns[:N_LISTED]
    guard = {}
    if batch.coverage is not None:
        result = pq.read_table(tables.local_path(batch.result_key)).to_pylist()[0]
        guard = {name.removesuffix(" (predicted)"): value for name, value in result.items()}
    return RowPage(
        row=preview(batch).rows[0],
        for_it=for_it,
        against_it=against_it,
        near=_near_lines(batch, found["near"], columns),
        near_columns=columns,
        guard=guard,
        is_number=task is MLTask.REGRESSION,
    )


def _effect_text(task: MLTask, effect: float) -> str:
    if task is MLTask.REGRESSION:
        return f"{effect:+,.4g}"
    return f"{effect * 100:+.1f} points"


def _near_lines(
    batch: PredictionBatch, near: list[dict[str, Any]], columns: list[str]
) -> list[NearLine]:
    """Return the nearest training rows, with their cells from the dataset."""
    if not near:
        return []
    cleanset = batch.deployed_model.cleanset
    table = tables.local_path(cleanset.version.table_key)
    row_ids = [one["row_id"] for one in near]
    rows = pq.read_table(table, columns=columns, memory_map=True).take(row_ids).to_pylist()
    review = reverse("cleanset", args=[cleanset.pk])
    return [
        NearLine(
            number=one["row_id"] + 1,
            label=shown_label(cleanset.task, one["label"], cleanset.label_convention),
            cells=[row[name] for name in columns],
            url=f"{review}?row={one['row_id']}",
        )
        for one, row in zip(near, rows, strict=True)
    ]
