"""Revert any action, not only the last one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction

from cleansets import services
from cleansets.decision_rows import Change, State, lock, next_number, state_of_review
from cleansets.drafts import Plan, apply_plan, is_large
from cleansets.models import Cleanset, ReviewAction, ReviewEvent, RowReview
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.engine.progress import Silent

LASTING = (ReviewAction.Kind.UNDO, ReviewAction.Kind.CARRIED)  # undone by redo, or not at all


@dataclass(frozen=True, slots=True)
class Revert:
    """The reverting action, and how many rows it skipped because they were decided again later."""

    action: ReviewAction
    n_decided_later: int


def action_revert(*, cleanset: Cleanset, user: User, action: ReviewAction) -> Revert:
    """Restore the decisions from before an action, except on rows decided again since."""
    if is_large(action.n_rows):
        applied = apply_plan(cleanset, user, revert_plan(cleanset, action), progress=Silent())
        return Revert(applied.action, action.n_rows - applied.action.n_rows)
    with transaction.atomic():
        lock(cleanset)
        plan = revert_plan(cleanset, action)
        changes = [change for _, part in plan.parts for change in part]
        if not changes:
            raise DataProblem(plan.nothing)
        step = services.record(cleanset, user, plan.kind, plan.describe(len(changes)), changes)
        ReviewAction.objects.filter(pk=action.pk).update(undone_by=step)
    return Revert(step, action.n_rows - len(changes))


def revert_plan(cleanset: Cleanset, action: ReviewAction) -> Plan:
    """Return how an action is reverted. Raises DataProblem if it has been or cannot be."""
    action.refresh_from_db()
    if action.undone_by_id or action.kind in LASTING:
        raise DataProblem("This action has already been taken back, or cannot be.")
    newest = next_number(cleanset) - 1
    return Plan(
        kind=ReviewAction.Kind.UNDO,
        newest=newest,
        n_rows=action.n_rows,
        parts=_parts(cleanset, action),
        describe=lambda _: f"Reverted: {action.description}"[:300],
        nothing=services.NOTHING_TO_TAKE_BACK,
        reverted=action,
    )


def _parts(cleanset: Cleanset, action: ReviewAction) -> Iterator[tuple[int, list[Change]]]:
    decided_later = _rows_decided_later(action)
    for n_read, changes in services.reversed_in_parts(action):
        present = _states(cleanset, [row_id for row_id, *_ in changes])
        yield (
            n_read,
            [
                change
                for change in changes
                if change[0] not in decided_later and present.get(change[0]) == change[1]
            ],
        )


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


def _states(cleanset: Cleanset, row_ids: Sequence[int]) -> dict[int, State]:
    reviews = RowReview.objects.filter(cleanset=cleanset, row_id__in=row_ids)
    return {review.row_id: state_of_review(review) for review in reviews}
