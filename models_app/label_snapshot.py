"""The labels of the rows that a model learned from, as they were at that time."""

from __future__ import annotations

import pyarrow as pa

from cleansets.models import Action, Cleanset, RowReview
from cleansets.overlay import CorrectedRows, review_table

SNAPSHOT_SCHEMA = pa.schema(
    [
        ("row_id", pa.int64()),
        ("label", pa.string()),
        ("uploaded_label", pa.string()),
        ("clean_label", pa.string()),
        ("is_verified", pa.bool_()),
    ]
)


def label_snapshot(cleanset: Cleanset, rows: CorrectedRows) -> pa.Table:
    """Return the labels of rows.

    `label` is the one that was learned from, `uploaded_label` that of the file, `clean_label` the
    one that the row has now. A row is verified if a person decided about it by hand, in this
    cleanset or in one that it descends from.
    """
    decided = _decided_labels(cleanset)
    verified = _verified_rows(cleanset)
    uploaded_labels = list(rows.labels)
    clean_labels = list(rows.labels)
    row_ids = rows.row_id.tolist()
    for place, row_id in enumerate(row_ids):
        if row_id in decided:
            uploaded_labels[place], clean_labels[place] = decided[row_id]
    columns = [
        row_ids,
        rows.labels,
        uploaded_labels,
        clean_labels,
        [row_id in verified for row_id in row_ids],
    ]
    arrays = [
        pa.array(column, field.type) for column, field in zip(columns, SNAPSHOT_SCHEMA, strict=True)
    ]
    return pa.table(arrays, SNAPSHOT_SCHEMA)


def label_snapshot_now(cleanset: Cleanset, snapshot: pa.Table) -> pa.Table:
    """Return an earlier snapshot with the clean labels and the verified rows of today."""
    decided = _decided_labels(cleanset)
    verified = _verified_rows(cleanset)
    row_ids = snapshot.column("row_id").to_pylist()
    uploaded_labels = snapshot.column("uploaded_label").to_pylist()
    clean_labels = [
        decided[row_id][1] if row_id in decided else uploaded
        for row_id, uploaded in zip(row_ids, uploaded_labels, strict=True)
    ]
    is_verified = [row_id in verified for row_id in row_ids]
    kept = [snapshot.column(name) for name in SNAPSHOT_SCHEMA.names[:3]]
    return pa.table(
        [*kept, pa.array(clean_labels, pa.string()), pa.array(is_verified, pa.bool_())],
        SNAPSHOT_SCHEMA,
    )


def _decided_labels(cleanset: Cleanset) -> dict[int, tuple[str | None, str | None]]:
    """Return the uploaded and the clean label of the rows that have a decision or a correction."""
    reviews = review_table(cleanset)
    row_ids = reviews.column("row_id").to_pylist()
    uploaded_labels = reviews.column("uploaded_label").to_pylist()
    corrected_labels = reviews.column("corrected_label").to_pylist()
    labels: dict[int, tuple[str | None, str | None]] = {}
    for row_id, uploaded, corrected in zip(row_ids, uploaded_labels, corrected_labels, strict=True):
        clean = uploaded if corrected is None else corrected
        labels[row_id] = (uploaded, clean)
    return labels


def _verified_rows(cleanset: Cleanset) -> set[int]:
    chain = [cleanset]
    while chain[-1].base is not None:
        chain.append(chain[-1].base)
    decided = RowReview.objects.filter(cleanset__in=chain, is_manual=True)
    labelled = decided.exclude(action__in=["", Action.EXCLUDE])
    return set(labelled.values_list("row_id", flat=True))
