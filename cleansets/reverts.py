"""Revert any action, not only the last one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction

from cleansets import services
from cleansets.decision_rows import Change, State
from cleansets.models import Cleanset, ReviewAction, ReviewEvent, RowReview
from studio.accounts.models import User
from studio.engine.errors import DataProblem

READ_ROWS = 5_000  # rows per query
LASTING = (ReviewAction.Kind.UNDO, ReviewAction.Kind.CARRIED)  # undone by redo, or not at all


@dataclass(frozen=True, slots=True)
class Revert:
    """The reverting action, and how many rows it skipped because they were decided again later."""

    action: ReviewAction
    n_decided_later: int


@transaction.atomic
def action_revert(*, cleanset: Cleanset, user: User, action: ReviewAction) -> Revert:
    """Restore the decisions from before an action, except on rows decided again since."""
    services.lock(cleanset)
    action.refresh_from_db()
    if action.undone_by_id or action.kind in LASTING:
        raise DataProblem("This action has already been taken back, or cannot be.")
    decided_later = _rows_decided_later(action)
    changes: list[Change] = []
    n_decided_later = 0
    for events in _parts(action):
        present = _states(cleanset, [row_id for row_id, _, _ in events])
        for row_id, before, after in events:
            if present.get(row_id) == after and row_id not in decided_later:
                changes.append((row_id, after, before))
            else:
                n_decided_later += 1
    if not changes:
        raise DataProblem(
            "Every row of this action was decided again later, so there is nothing to take back."
        )
    description = f"Reverted: {action.description}"[:300]
    step = services.record(cleanset, user, ReviewAction.Kind.UNDO, description, changes)
    ReviewAction.objects.filter(pk=action.pk).update(undone_by=step)
    return Revert(step, n_decided_later)


def _rows_decided_later(action: ReviewAction) -> set[int]:
    """Return the rows with a later decision in force, even one that changed nothing.

    Undoing that decision would otherwise bring back what is reverted here.
    """
    later = ReviewEvent.objects.filter(
        review_action__cleanset=action.cleanset_id,
        review_action__number__gt=action.number,
        review_action__undone_by=None,
    ).exclude(review_action__kind=ReviewAction.Kind.UNDO)
    return set(later.values_list("row_id", flat=True))


def _parts(action: ReviewAction) -> Iterator[list[Change]]:
    events = list(action.events.order_by("row_id").values_list("row_id", "before", "after"))
    for start in range(0, len(events), READ_ROWS):
        yield events[start : start + READ_ROWS]


def _states(cleanset: Cleanset, row_ids: Sequence[int]) -> dict[int, State]:
    reviews = RowReview.objects.filter(cleanset=cleanset, row_id__in=row_ids)
    return {
        review.row_id: State(
            action=review.action,
            corrected_label=review.corrected_label,
            needs_review=review.needs_review,
            is_manual=review.is_manual,
        )
        for review in reviews
    }
