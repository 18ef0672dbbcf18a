"""Who decided what and when: about a row, and about a whole cleanset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pyarrow as pa
from django.db.models import QuerySet

from cleansets import selectors
from cleansets.label_text import shown_label
from cleansets.models import Action, Cleanset, ReviewAction, ReviewEvent
from cleansets.reverts import LASTING
from studio.accounts.models import User

LOG_COLUMNS = ("at", "person", "kind", "action", "cleanlab_row_ID", "before", "after")
BATCH_ROWS = 5_000
MAX_PERSON_DIGITS = 18  # of a primary key, which the database stores in 64 bits


@dataclass(frozen=True, slots=True)
class ActionLine:
    """An action in the history of a cleanset; `can_revert` tells whether it can be reverted."""

    action: ReviewAction
    can_revert: bool


def actions_of(cleanset: Cleanset, *, kind: str = "", person: str = "") -> QuerySet[ReviewAction]:
    """Return the actions on a cleanset, newest first, optionally of one kind and one person."""
    actions = selectors.actions(cleanset).select_related("user")
    if kind in ReviewAction.Kind.values:
        actions = actions.filter(kind=kind)
    if person.isdecimal() and len(person) <= MAX_PERSON_DIGITS:
        actions = actions.filter(user=int(person))
    return actions


def action_line(action: ReviewAction) -> ActionLine:
    """Return an action as the history shows it."""
    is_lasting = action.undone_by_id is not None or action.kind in LASTING
    return ActionLine(action, can_revert=not is_lasting)


def people_of(cleanset: Cleanset) -> list[tuple[int, str]]:
    """Return the people who decided something, with their display names."""
    people = User.objects.filter(pk__in=cleanset.review_actions.values("user"))
    return [(user.pk, user.name or user.email) for user in people.order_by("email")]


def log_batches(cleanset: Cleanset) -> Iterator[pa.RecordBatch]:
    """Yield every change of a decision, oldest first, with the columns `LOG_COLUMNS`."""
    events = ReviewEvent.objects.filter(review_action__in=selectors.actions(cleanset))
    oldest_first = events.select_related("review_action__user").order_by(
        "review_action__number", "row_id"
    )
    found = oldest_first.iterator(chunk_size=BATCH_ROWS)
    while part := list(islice(found, BATCH_ROWS)):
        lines = [_log_line(cleanset, event) for event in part]
        columns = zip(*lines, strict=True)
        yield pa.record_batch(
            [pa.array(column, pa.string()) for column in columns], names=list(LOG_COLUMNS)
        )


def _log_line(cleanset: Cleanset, event: ReviewEvent) -> tuple[str, ...]:
    action = event.review_action
    return (
        f"{action.created_at:%Y-%m-%dT%H:%M:%S.%fZ}",
        action.user.email,
        action.kind,
        action.description,
        str(event.row_id + 1),
        decision_text(cleanset, event.before),
        decision_text(cleanset, event.after),
    )


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One change of a row's decision."""

    action: ReviewAction
    before: str
    after: str


def history_of(cleanset: Cleanset, row_id: int) -> list[HistoryLine]:
    """Return the changes of a row's decision, newest first."""
    events = ReviewEvent.objects.filter(
        review_action__in=selectors.actions(cleanset), row_id=row_id
    )
    newest_first = events.select_related("review_action__user").order_by("-review_action__number")
    return [
        HistoryLine(
            event.review_action,
            decision_text(cleanset, event.before),
            decision_text(cleanset, event.after),
        )
        for event in newest_first
    ]


def decision_text(cleanset: Cleanset, state: Mapping[str, Any] | None) -> str:
    """Describe a decision as an event records it."""
    if state is None:
        return "Undecided"
    words = "Undecided"
    if state["action"]:
        words = Action(state["action"]).label
    label = shown_label(cleanset.task, state["corrected_label"], cleanset.label_convention)
    if label is not None:
        words = f"{words}: {', '.join(label.names) or 'no class'}"
    if state["needs_review"]:
        words = f"{words}, needs review"
    for tag in state.get("tags", "").splitlines():
        words = f"{words}, tag “{tag}”"
    return words
