"""Lays people's decisions over the immutable results, for pages, exports and training alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from cleansets.frames import read_frame
from cleansets.label_text import is_same_label
from cleansets.models import Action, Cleanset, RowReview
from studio import tables
from studio.engine.label_reading import read_labels

GIVEN_LABEL, LEFT_OUT = "given_label", "is_not_analyzed"
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
    labels, task = given_labels(cleanset), cleanset.task
    kept = np.ones(len(labels), dtype=bool)
    n_corrected = 0
    for row_id, action, corrected in cleanset.reviews.values_list("row_id", "action", "corrected_label"):
        kept[row_id] = action != Action.EXCLUDE
        if corrected is not None and action != Action.EXCLUDE:
            n_corrected += not is_same_label(task, corrected, labels[row_id])
            labels[row_id] = corrected
    rows = np.flatnonzero(kept).astype(np.int64)
    return CorrectedRows(rows, [labels[i] for i in rows], n_corrected, len(labels) - len(rows))


def rows_to_analyse(cleanset: Cleanset) -> CorrectedRows:
    """Return the rows that an analysis reads: all, or those that were not excluded from the cleanset it improves."""
    if cleanset.base is not None:
        return corrected_rows(cleanset.base)
    labels = given_labels(cleanset)
    return CorrectedRows(np.arange(len(labels), dtype=np.int64), labels, n_corrected=0, n_excluded=0)


def former_labels(cleanset: Cleanset, rows: CorrectedRows) -> list[str | None] | None:
    """Return the labels that the rows had when models were last fitted anew; None where it was not to these rows.

    Those that went on from former fits are no start themselves, so that a chain of them has one link.
    """
    base = cleanset.base
    while base is not None and base.manifest.get("former_labels_sha256"):
        base = base.base
    return None if base is None or rows.n_excluded else given_labels(base)


def rows_analysed(cleanset: Cleanset) -> CorrectedRows:
    """Return the rows that a finished analysis had read, whatever was decided since."""
    labels = given_labels(cleanset)
    issues = tables.local_path(cleanset.issues_key)
    left_out = np.zeros(len(labels), dtype=bool)
    if LEFT_OUT in pq.read_schema(issues).names:
        left_out = pq.read_table(issues, columns=[LEFT_OUT]).column(LEFT_OUT).to_numpy()
    rows = np.flatnonzero(~left_out).astype(np.int64)
    return CorrectedRows(rows, [labels[row] for row in rows], n_corrected=0, n_excluded=int(left_out.sum()))


def given_labels(cleanset: Cleanset) -> list[str | None]:
    """Return the labels that decisions are laid over: of an improved cleanset, the corrected ones of its base."""
    if cleanset.base is not None and cleanset.issues_key:
        issues = tables.local_path(cleanset.issues_key)
        given: list[str | None] = read_frame(issues, [GIVEN_LABEL])[GIVEN_LABEL].tolist()
        return given
    labels = _uploaded_labels(cleanset)
    if cleanset.base is None:
        return labels
    before = corrected_rows(cleanset.base)
    for row_id, label in zip(before.row_id.tolist(), before.labels, strict=True):
        labels[row_id] = label
    return labels


def _uploaded_labels(cleanset: Cleanset) -> list[str | None]:
    column, version = cleanset.project.label_column, cleanset.project.version
    if not column:
        return [None] * (version.n_rows or 0)
    cells = read_frame(tables.local_path(version.table_key), [column])[column]
    return read_labels(cells.tolist(), cleanset.project.spec())
