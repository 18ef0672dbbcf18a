"""Lays people's decisions over the immutable results, for pages, exports and training alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cleansets.frames import read_frame
from cleansets.label_text import is_same_label
from cleansets.models import Action, Cleanset, RowReview
from studio import tables

REVIEW_SCHEMA = pa.schema(
    [
        ("row_id", pa.int64()),
        ("action", pa.string()),
        ("corrected_label", pa.string()),
        ("needs_review", pa.bool_()),
        ("is_manual", pa.bool_()),
    ]
)


@dataclass(frozen=True, slots=True)
class CorrectedRows:
    """The rows that training sees.

    `row_id`, shape (n_kept,), are the rows that are not excluded, in order; `labels` are their corrected labels,
    where there is one, else their given labels (None = unlabeled).
    """

    row_id: npt.NDArray[np.int64]
    labels: list[str | None]
    n_corrected: int
    n_excluded: int


def review_table(cleanset: Cleanset) -> pa.Table:
    """Return the present decisions, one row per touched row; an untouched action is null."""
    fields = [field.name for field in REVIEW_SCHEMA]
    rows = list(RowReview.objects.filter(cleanset=cleanset).values_list(*fields))
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in fields]
    columns[1] = [action or None for action in columns[1]]
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, REVIEW_SCHEMA, strict=True)], REVIEW_SCHEMA
    )


def corrected_rows(cleanset: Cleanset) -> CorrectedRows:
    """Return the corrected labels of every row that is not excluded; without a label column there are none."""
    labels, task = _given_labels(cleanset), cleanset.task
    kept = np.ones(len(labels), dtype=bool)
    n_corrected = 0
    for row_id, action, corrected in cleanset.reviews.values_list("row_id", "action", "corrected_label"):
        kept[row_id] = action != Action.EXCLUDE
        if corrected is not None and action != Action.EXCLUDE:
            n_corrected += not is_same_label(task, corrected, labels[row_id])
            labels[row_id] = corrected
    rows = np.flatnonzero(kept).astype(np.int64)
    return CorrectedRows(rows, [labels[i] for i in rows], n_corrected, len(labels) - len(rows))


def _given_labels(cleanset: Cleanset) -> list[str | None]:
    column, version = cleanset.project.label_column, cleanset.project.version
    if not column:
        return [None] * (version.n_rows or 0)
    given: list[str | None] = read_frame(tables.local_path(version.table_key), [column])[column].tolist()
    return given
