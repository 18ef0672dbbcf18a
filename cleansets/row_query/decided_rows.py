"""Rows with their decisions, put together in Python.

For a few rows, this takes a fraction of the time in which DuckDB plans the same query. A test
compares the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from cleansets.issue_columns import advice_of
from cleansets.row_query.source import CLUSTER, INITIALLY_UNLABELED, RowSource, first_rows_of_sets
from studio.engine.conventions.blanks import is_blank
from studio.engine.ml_task import MLTask


def decided_rows(row_ids: Sequence[int], source: RowSource) -> dict[int, dict[str, Any]]:
    """Return the results of the rows with their decisions and the advice, by row.

    The fields are those of `RowSource.advised_sql`.
    """
    if not row_ids:
        return {}
    reviews = _reviews_of(row_ids, source.reviews)
    rows = source.picked(row_ids).to_pylist()
    return {row["row_id"]: _decided(row, reviews.get(row["row_id"], {}), source) for row in rows}


def _reviews_of(row_ids: Sequence[int], reviews: pa.Table) -> dict[int, dict[str, Any]]:
    is_wanted = np.isin(reviews.column("row_id").to_numpy(), row_ids)
    found = reviews.take(np.flatnonzero(is_wanted)).to_pylist()
    return {review["row_id"]: review for review in found}


def _decided(row: dict[str, Any], review: dict[str, Any], source: RowSource) -> dict[str, Any]:
    given = row.get("given_label")
    if source.task is MLTask.MULTI_LABEL and given is None:
        # Files written before list cells could be read store the given empty set as null.
        given = "" if row.get(INITIALLY_UNLABELED) is False else None
        row["given_label"] = given
    is_given_corrected = bool(review.get("is_given_corrected"))
    uploaded = review["uploaded_label"] if is_given_corrected else given
    if source.task is not MLTask.MULTI_LABEL and is_blank(uploaded):
        uploaded = None
    corrected = review.get("corrected_label")
    row |= {
        "action": review.get("action"),
        "decided_label": review.get("decided_label"),
        "corrected_label": corrected,
        "uploaded_label": uploaded,
        "clean_label": uploaded if corrected is None else corrected,
        "is_given_corrected": is_given_corrected,
        "needs_review": bool(review.get("needs_review")),
        "is_manual": bool(review.get("is_manual")),
        "tags": review.get("tags") or "",
    }
    row.setdefault("suggested_label", None)
    if CLUSTER in row:
        row["is_first_of_set"] = _is_first_of_set(row, source)
    row["advice"] = advice_of(row)
    return row


def _is_first_of_set(row: dict[str, Any], source: RowSource) -> bool:
    if row[CLUSTER] is None:
        return False
    first_rows = first_rows_of_sets(source.results_key).column("first_row").to_numpy()
    return bool(np.any(first_rows == row["row_id"]))
