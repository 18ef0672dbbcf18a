"""Bulk writes of decisions and of the events that led to them.

Creating an ORM object per row would take ten times as long as the database does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict, TypeVar
from uuid import UUID

from django.db import connection, models
from django.db.models import Max
from django.utils import timezone

from cleansets.models import Cleanset, Draft, ReviewAction, ReviewEvent, RowReview
from studio.database import one_round_trip, read_together

ROWS_PER_STATEMENT = 2_000
FEW_ROWS = 20  # which are sent to PostgreSQL one by one, in one round trip
T = TypeVar("T")


class State(TypedDict):
    """A decision as stored in an event."""

    action: str
    corrected_label: str | None
    needs_review: bool
    is_manual: bool
    tags: NotRequired[str]  # one a line; absent without tags, as in events before there were any


Change = tuple[int, State | None, State | None]  # a row, its decision before and after
STATE_FIELDS = ("action", "corrected_label", "needs_review", "is_manual", "tags")
_INSERT = (
    f"INSERT INTO {RowReview._meta.db_table} (cleanset_id, row_id, updated_at, draft, action,"
    " corrected_label, needs_review, is_manual, tags)"
)
_IN_FORCE = (
    " ON CONFLICT (cleanset_id, row_id) WHERE replaced_by_draft IS NULL"
    " DO UPDATE SET updated_at = excluded.updated_at, draft = NULL, action = excluded.action,"
    " corrected_label = excluded.corrected_label, needs_review = excluded.needs_review,"
    " is_manual = excluded.is_manual, tags = excluded.tags"
)


def lock(cleanset: Cleanset) -> None:
    """Serialize decisions on the cleanset, so that each event records the state before it."""
    Cleanset.objects.select_for_update().only("pk").get(pk=cleanset.pk)


@dataclass(frozen=True, slots=True)
class LockedRow:
    """What a decision on a row depends on, read under the lock of its cleanset."""

    before: State | None
    next_number: int
    is_repeated: bool


def lock_row(cleanset: Cleanset, row_id: int, action_id: UUID) -> LockedRow:
    """Lock the cleanset, and read one row; `is_repeated` is whether the action is stored."""
    numbered = cleanset.review_actions.filter(number__isnull=False).order_by("-number")
    _, reviews, newest, same_action = read_together(
        Cleanset.objects.select_for_update().filter(pk=cleanset.pk).values_list("pk"),
        cleanset.reviews.filter(row_id=row_id).values_list(*STATE_FIELDS),
        numbered.values_list("number")[:1],
        ReviewAction.objects.filter(pk=action_id).values_list("pk"),
    )
    before = None
    if reviews:
        before = state_of_fields(*reviews[0])
    next_number = 1
    if newest:
        next_number += newest[0][0]
    return LockedRow(before, next_number, is_repeated=bool(same_action))


def next_number(cleanset: Cleanset) -> int:
    """Return the number of the cleanset's next action."""
    newest = cleanset.review_actions.aggregate(Max("number"))["number__max"] or 0
    return int(newest) + 1


def state_of_review(review: RowReview) -> State:
    """Return a stored decision as an event records it."""
    return state_of_fields(*(getattr(review, name) for name in STATE_FIELDS))


def state_of_fields(
    action: str,
    label: str | None,
    needs_review: bool | int,  # noqa: FBT001  (in the order of `STATE_FIELDS`)
    is_manual: bool | int,  # noqa: FBT001
    tags: str,
) -> State:
    """Return the values of `STATE_FIELDS` as an event records them."""
    state = State(
        action=action,
        corrected_label=label,
        needs_review=bool(needs_review),
        is_manual=bool(is_manual),
    )
    return with_tags(state, tags)


def with_tags(state: State, tags: str) -> State:
    """Return the state with these tags in place of its own."""
    state.pop("tags", None)
    if tags:
        state["tags"] = tags
    return state


def write_action(action: ReviewAction, changes: Sequence[Change]) -> None:
    """Store an action with its events, and put the resulting decisions in force."""
    with ExitStack() as stack:
        if len(changes) <= FEW_ROWS:
            stack.enter_context(one_round_trip())
        action.save(force_insert=True)
        write_events(action, changes)
        write_decisions(action.cleanset, changes)


def write_events(action: ReviewAction, changes: Sequence[Change]) -> None:
    """Record how the action changed each row."""
    action_id = _key(ReviewEvent, "review_action", action)
    texts: dict[tuple[object, ...], str] = {}  # few states differ

    def text(state: State | None) -> str | None:
        if state is None:
            return None
        values = tuple(state.values())
        if values not in texts:
            texts[values] = json.dumps(state)
        return texts[values]

    _insert(
        f"INSERT INTO {ReviewEvent._meta.db_table} (review_action_id, row_id, before, after)",
        [(action_id, row_id, text(before), text(after)) for row_id, before, after in changes],
    )


def write_decisions(cleanset: Cleanset, changes: Sequence[Change]) -> None:
    """Put the decisions that result from the changes in force, also against a draft."""
    versions = RowReview.all_versions.filter(cleanset=cleanset)
    cleared = [row_id for row_id, _, after in changes if after is None]
    for part in _parts(cleared):
        versions.filter(row_id__in=part).delete()
    cleanset_id = _key(RowReview, "cleanset", cleanset)
    decided = [str(row_id) for row_id, _, after in changes if after is not None]
    with connection.cursor() as cursor:
        for names in _parts(decided):
            cursor.execute(
                f"DELETE FROM {RowReview._meta.db_table} WHERE cleanset_id = %s AND"
                f" replaced_by_draft IS NOT NULL AND row_id IN ({', '.join(names)})",
                [cleanset_id],
            )
    _insert(_INSERT, _values(cleanset, changes), _IN_FORCE)


def write_draft(draft: Draft, changes: Sequence[Change]) -> None:
    """Store the decisions beside those in force, which they replace once the draft is deleted."""
    cleanset_id = _key(RowReview, "cleanset", draft.cleanset)
    with connection.cursor() as cursor:
        for part in _parts([str(row_id) for row_id, *_ in changes]):
            cursor.execute(
                f"UPDATE {RowReview._meta.db_table} SET replaced_by_draft = %s WHERE cleanset_id ="
                f" %s AND replaced_by_draft IS NULL AND row_id IN ({', '.join(part)})",
                [draft.pk, cleanset_id],
            )
    _insert(_INSERT, _values(draft.cleanset, changes, draft=draft.pk))


def _values(
    cleanset: Cleanset, changes: Sequence[Change], draft: int | None = None
) -> list[tuple[Any, ...]]:
    cleanset_id = _key(RowReview, "cleanset", cleanset)
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    return [
        (
            cleanset_id,
            row_id,
            now,
            draft,
            after["action"],
            after["corrected_label"],
            after["needs_review"],
            after["is_manual"],
            after.get("tags", ""),
        )
        for row_id, _, after in changes
        if after is not None
    ]


def _key(model: type[models.Model], field: str, instance: models.Model) -> Any:
    return model._meta.get_field(field).get_db_prep_save(instance.pk, connection)  # type: ignore[union-attr]


def _insert(insert: str, rows: Sequence[tuple[Any, ...]], conflict: str = "") -> None:
    """Insert rows; PostgreSQL copies them, which takes a fraction of the time."""
    if not rows:
        return
    placeholders = ", ".join(["%s"] * len(rows[0]))
    statement = f"{insert} VALUES ({placeholders}){conflict}"
    with connection.cursor() as cursor:
        if len(rows) <= FEW_ROWS:
            for row in rows:
                cursor.execute(statement, row)
            return
        if connection.vendor == "postgresql" and not conflict:
            target = insert.removeprefix("INSERT INTO ")
            with cursor.copy(f"COPY {target} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        for part in _parts(rows):
            cursor.executemany(statement, part)


def _parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), ROWS_PER_STATEMENT):
        yield values[start : start + ROWS_PER_STATEMENT]
