"""One decision on all selected rows, undone in one step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from cleansets import row_query, selectors, services
from cleansets.decision_rows import Change, lock
from cleansets.models import Cleanset, ReviewAction
from studio.accounts.models import User
from studio.engine.errors import DataProblem


@dataclass(frozen=True, slots=True)
class SelectionResult:
    """The action, and the selected rows that it did not change."""

    action: ReviewAction
    n_without_advice: int
    n_unchanged: int


@transaction.atomic
def selection_decide(
    *,
    cleanset: Cleanset,
    user: User,
    row_ids: Sequence[int],
    choice: str,
    label: str = "",
    action_id: UUID | None = None,
) -> SelectionResult:
    """Decide about the selected rows, including those with a manual decision.

    `action_id` is as in `row_decide`.
    """
    lock(cleanset)
    if repeated := services.repeated_action(cleanset, action_id):
        return SelectionResult(repeated, 0, 0)
    label = services.checked_choice(cleanset, choice, label)
    is_tag = choice in services.TAG_CHOICES
    rows = row_query.fetch_decidable(row_ids, selectors.row_source(cleanset))
    missing = next((row_id for row_id in row_ids if row_id not in rows), None)
    if missing is not None:
        raise DataProblem(f"There is {services.no_such_row(cleanset, missing)}")
    changes: list[Change] = []
    n_without_advice = 0
    for row_id in sorted(rows):
        row = rows[row_id]
        before = services.state_of(row)
        after = services.decided(
            before, choice, label=label, advice=row["advice"], suggested=row["suggested_label"]
        )
        if after is None:
            n_without_advice += 1
            continue
        if not is_tag:
            after["is_manual"] = True
        if after != services.present_state(before):
            changes.append((row_id, before, after))
    if not changes:
        raise DataProblem(_nothing_to_change(n_without_advice, choice))
    action = services.record(
        cleanset,
        user,
        ReviewAction.Kind.TAG if is_tag else ReviewAction.Kind.SELECTION,
        services.bulk_description(cleanset, choice, label, len(changes)),
        changes,
        action_id=action_id,
    )
    return SelectionResult(action, n_without_advice, len(rows) - len(changes) - n_without_advice)


def _nothing_to_change(n_without_advice: int, choice: str) -> str:
    if choice == services.ADD_TAG:
        return "All selected rows already have this tag."
    if choice == services.REMOVE_TAG:
        return "None of the selected rows has this tag."
    if n_without_advice:
        return (
            "None of the selected rows has a suggestion to apply that it does not have already."
            " Keep them, exclude them, or choose a label."
        )
    return "All selected rows already have this decision. Choose another one."
