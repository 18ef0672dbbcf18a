"""Carries the decisions of a cleanset over to the one that improves it."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from cleansets.decision_rows import (
    STATE_FIELDS,
    Change,
    State,
    lock,
    next_number,
    state_of_fields,
    write_decisions,
    write_events,
)
from cleansets.models import Cleanset, ReviewAction, ReviewEvent, RowReview
from studio.engine import stages
from studio.engine.counted import counted
from studio.engine.progress import Progress

ROWS_PER_PART = 5_000


def carried_over(n_decisions: int) -> str:
    """Describe the action that carries decisions over."""
    return f"Carried over {counted(n_decisions, 'decision')}"


def carry_over(cleanset: Cleanset, progress: Progress) -> None:
    """Carry over the decisions that the base had when this cleanset was requested, unless the
    request has already done so; a restored version has those of the version that it restores.
    """
    action = cleanset.review_actions.filter(
        kind=ReviewAction.Kind.CARRIED, number__isnull=True
    ).first()
    base = cleanset.restored or cleanset.base
    if action is None or base is None:
        return
    _delete_in_parts(action.events.all())
    _delete_in_parts(RowReview.all_versions.filter(cleanset=cleanset))
    n_decisions = base.reviews.count()
    n_carried = 0
    for changes in _in_parts(base):
        with transaction.atomic():
            write_events(action, changes)
            write_decisions(cleanset, changes)
        n_carried += len(changes)
        progress(stages.READING_ROWS, n_carried, n_decisions)
    with transaction.atomic():
        lock(cleanset)
        _restore_later_decisions(cleanset, action, base)
        action.number = next_number(cleanset)
        action.n_rows = action.events.count()
        action.description = carried_over(action.n_rows)
        action.created_at = timezone.now()
        action.save()


def _in_parts(base: Cleanset) -> Iterator[list[Change]]:
    row_id = -1
    reviews = base.reviews.order_by("row_id").values_list("row_id", *STATE_FIELDS)
    while True:
        part = list(reviews.filter(row_id__gt=row_id)[:ROWS_PER_PART])
        if not part:
            return
        row_id = part[-1][0]
        yield [(row_id, None, state_of_fields(*fields)) for row_id, *fields in part]


def _restore_later_decisions(cleanset: Cleanset, action: ReviewAction, base: Cleanset) -> None:
    """Give rows that were decided after the request the decision that they had before it."""
    events = ReviewEvent.objects.filter(
        review_action__cleanset=base, review_action__number__gt=cleanset.base_action_number
    ).order_by("review_action__number")
    states: dict[int, State | None] = {}
    for row_id, before in events.values_list("row_id", "before"):
        states.setdefault(row_id, before)
    rows = sorted(states)
    for start in range(0, len(rows), ROWS_PER_PART):
        part = rows[start : start + ROWS_PER_PART]
        action.events.filter(row_id__in=part).delete()
        cleanset.reviews.filter(row_id__in=part).delete()
        changes: list[Change] = [
            (row_id, None, states[row_id]) for row_id in part if states[row_id] is not None
        ]
        write_events(action, changes)
        write_decisions(cleanset, changes)


def _delete_in_parts(rows: QuerySet[ReviewEvent] | QuerySet[RowReview]) -> None:
    while part := list(rows.values_list("pk", flat=True)[:ROWS_PER_PART]):
        rows.filter(pk__in=part).delete()
