"""Rows of a cleanset as `/api/v1` returns them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from django.http import Http404

from cleansets import held_out, row_query
from cleansets.issue_columns import issues_in
from cleansets.models import Cleanset
from cleansets.pages.review.classes import class_chances
from cleansets.review_order import RANDOM_PLACE, VALUE_PLACE
from cleansets.row_query import RowSource
from studio.engine.ml_task import MLTask

_LABEL_FIELDS = (
    "uploaded_label",
    "given_label",
    "suggested_label",
    "corrected_label",
    "clean_label",
)
_OWN_FIELDS = ("row_id", *_LABEL_FIELDS, "action", "needs_review", "advice")
_NOT_RESULTS = {
    *_OWN_FIELDS,
    "own",
    "is_manual",
    "is_first_of_set",
    "decided_label",
    "is_given_corrected",
    VALUE_PLACE,
    RANDOM_PLACE,
    "tags",
}


def row_answer(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the review table with the field names of the API."""
    fields = {name: row.get(name) for name in _OWN_FIELDS}
    results = {name: _plain(value) for name, value in row.items() if name not in _NOT_RESULTS}
    issues = [issue.key for issue in issues_in(row) if row[issue.flag]]
    tags = row["tags"].splitlines()
    return {**fields, "tags": tags, "issues": issues, "results": results, "cells": row["own"]}


def _plain(value: object) -> object:
    """Convert a value to one that JSON can represent."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def row_detail_answer(cleanset: Cleanset, row_id: int, source: RowSource) -> dict[str, Any]:
    """Return one row with the models' predictions and its near duplicates. Raises Http404."""
    row = row_query.fetch_row(row_id, source)
    if row is None:
        raise Http404("There is no such row.")
    cluster = row.get("near_duplicate_cluster_id")
    near = []
    if cluster is not None:
        near = row_query.fetch_near_duplicates(int(cluster), row_id, source)
    rows = [row_query.fetch_row(duplicate["row_id"], source) for duplicate in near]
    return row_answer(row) | {
        "class_probabilities": class_chances(cleanset, row_id) if cleanset.classes else [],
        "number": _number(cleanset, row_id),
        "near_duplicates": [row_answer(duplicate) for duplicate in rows if duplicate is not None],
    }


def _number(cleanset: Cleanset, row_id: int) -> dict[str, float] | None:
    if cleanset.task is not MLTask.REGRESSION:
        return None
    value, error = held_out.predicted_number(cleanset, row_id)
    return {"value": value, "error": error}
