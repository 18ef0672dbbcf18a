"""Bulk writes of decisions and of the events that led to them.

Creating an ORM object per row would take ten times as long as the database does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, TypedDict, TypeVar

from django.db import connection, models
from django.utils import timezone

from cleansets.models import Cleanset, ReviewAction, ReviewEvent, RowReview

ROWS_PER_STATEMENT = 2_000
T = TypeVar("T")


class State(TypedDict):
    """A decision as stored in an event."""

    action: str
    corrected_label: str | None
    needs_review: bool
    is_manual: bool


Change = tuple[int, State | None, State | None]  # a row, its decision before and after


def write_events(action: ReviewAction, changes: Sequence[Change]) -> None:
    """Record how the action changed each row."""
    action_id = _key(ReviewEvent, "review_action", action)
    _write(
        f"INSERT INTO {ReviewEvent._meta.db_table} (review_action_id, row_id, before, after)"
        " VALUES (%s, %s, %s, %s)",
        [(action_id, row_id, _json(before), _json(after)) for row_id, before, after in changes],
    )


def write_decisions(cleanset: Cleanset, changes: Sequence[Change]) -> None:
    """Store the decisions that result from the changes."""
    cleared = [row_id for row_id, _, after in changes if after is None]
    for part in _parts(cleared):
        RowReview.objects.filter(cleanset=cleanset, row_id__in=part).delete()
    cleanset_id = _key(RowReview, "cleanset", cleanset)
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    _write(
        f"INSERT INTO {RowReview._meta.db_table} (cleanset_id, row_id, updated_at, action,"
        " corrected_label, needs_review, is_manual) VALUES (%s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (cleanset_id, row_id) DO UPDATE SET updated_at = excluded.updated_at,"
        " action = excluded.action, corrected_label = excluded.corrected_label,"
        " needs_review = excluded.needs_review, is_manual = excluded.is_manual",
        [
            (
                cleanset_id,
                row_id,
                now,
                after["action"],
                after["corrected_label"],
                after["needs_review"],
                after["is_manual"],
            )
            for row_id, _, after in changes
            if after is not None
        ],
    )


def _key(model: type[models.Model], field: str, instance: models.Model) -> object:
    return model._meta.get_field(field).get_db_prep_save(instance.pk, connection)  # type: ignore[union-attr]


def _json(state: State | None) -> str | None:
    return None if state is None else json.dumps(state)


def _write(sql: str, values: Sequence[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        for part in _parts(values):
            cursor.executemany(sql, part)


def _parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), ROWS_PER_STATEMENT):
        yield values[start : start + ROWS_PER_STATEMENT]
