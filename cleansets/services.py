"""Decisions on rows, undo and redo. Each one is a transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet

from cleansets import row_query, selectors
from cleansets.decision_rows import (
    Change,
    State,
    lock,
    lock_row,
    next_number,
    with_tags,
    write_action,
)
from cleansets.drafts import ROWS_PER_PART, Plan, apply_plan, is_large
from cleansets.label_text import checked_label, shown_label
from cleansets.models import (
    Action,
    Cleanset,
    ReviewAction,
    ReviewEvent,
)
from cleansets.row_address import MAX_TAG_CHARS
from studio.accounts.models import User
from studio.engine.counted import counted
from studio.engine.errors import DataProblem
from studio.engine.labels.reading import merged_label
from studio.engine.progress import Silent
from studio.engine.table.row_numbers import row_number

NEEDS_REVIEW = "needs-review"
TAG_CHOICES = (ADD_TAG, REMOVE_TAG) = ("add-tag", "remove-tag")  # with the name for a label
CHOICES = (*Action.values, NEEDS_REVIEW)
NOTHING_TO_TAKE_BACK = (
    "Every row of this action was decided again later, so there is nothing to take back."
)


def label_to_store(cleanset: Cleanset, label: str) -> str:
    """Return a chosen label in its stored form; merged spellings stay merged."""
    checked = checked_label(cleanset.task, label, cleanset.classes, cleanset.label_convention)
    return merged_label(checked, cleanset.project.spec()) or checked


def row_decide(
    *,
    cleanset: Cleanset,
    user: User,
    row_id: int,
    choice: str,
    label: str = "",
    action_id: UUID | None = None,
) -> ReviewAction:
    """Store a decision on one row. Raises DataProblem for an invalid choice.

    A request that may be sent again passes an `action_id`, so that it counts once.
    """
    # What the analysis says of the row never changes, so that nobody has to wait for it.
    facts = row_query.fetch_decidable([row_id], selectors.source_at_hand(cleanset))
    label = checked_choice(cleanset, choice, label)
    action_id = action_id or uuid4()
    with transaction.atomic():
        locked = lock_row(cleanset, row_id, action_id)
        if locked.is_repeated and (repeated := repeated_action(cleanset, action_id)):
            return repeated
        if row_id not in facts:
            raise DataProblem(f"There is {no_such_row(cleanset, row_id)}")
        before = locked.before
        advice = facts[row_id]["advice"]
        suggested = facts[row_id]["suggested_label"]
        after = decided(before, choice, label=label, advice=advice, suggested=suggested)
        if after is None:
            raise DataProblem(
                f"Row {row_number(row_id)} has no suggestion to apply. Keep it, exclude it, or"
                " choose a label."
            )
        kind = ReviewAction.Kind.TAG
        name = _described(cleanset, choice, label)
        if choice not in TAG_CHOICES:
            kind = ReviewAction.Kind.SINGLE
            after["is_manual"] = True
            name = _described(cleanset, choice, after["corrected_label"])
        action = ReviewAction(
            pk=action_id,
            cleanset=cleanset,
            number=locked.next_number,
            user=user,
            kind=kind,
            description=f"{name} row {row_number(row_id)}",
            n_rows=1,
        )
        write_action(action, [(row_id, before, after)])
        return action


def checked_choice(cleanset: Cleanset, choice: str, label: str) -> str:
    """Return the label or tag that goes with a choice in its stored form."""
    if choice == Action.LABEL:
        return label_to_store(cleanset, label)
    if choice in TAG_CHOICES:
        return checked_tag(label)
    return ""


def checked_tag(name: str) -> str:
    """Return the name of a tag without extra spaces. Raises DataProblem for an unusable one."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= MAX_TAG_CHARS or not name.isprintable():
        raise DataProblem(
            f"A tag has a name of 1 to {MAX_TAG_CHARS} visible characters, such as “ask legal”."
        )
    return name


def repeated_action(cleanset: Cleanset, action_id: UUID | None) -> ReviewAction | None:
    """Return the action that an earlier attempt of the same request created."""
    if action_id is None:
        return None
    action = ReviewAction.objects.filter(pk=action_id).first()
    if action is not None and action.cleanset_id != cleanset.pk:
        raise DataProblem("This request was already sent for another cleanset. Reload the page.")
    return action


def no_such_row(cleanset: Cleanset, row_id: int) -> str:
    """Describe a row that the dataset does not have, with the last one that it has."""
    n_rows = cleanset.n_rows or 0
    return (
        f"no row {row_number(row_id)} (row_id {row_id}); the last one is row {n_rows:,} (row_id"
        f" {n_rows - 1})."
    )


def bulk_description(cleanset: Cleanset, choice: str, label: str, n_rows: int) -> str:
    """Describe a bulk action and its number of rows."""
    name = _described(cleanset, choice, label)
    return f"{name} {counted(n_rows, 'row')}"


def last_action_undo(
    *, cleanset: Cleanset, user: User, action_id: UUID | None = None
) -> ReviewAction:
    """Undo the newest action; the undo is itself an action, and nothing is erased.

    `action_id` is as in `row_decide`.
    """
    return _take_newest_back(cleanset, user, ReviewAction.Kind.UNDO, action_id)


def last_undo_redo(
    *, cleanset: Cleanset, user: User, action_id: UUID | None = None
) -> ReviewAction:
    """Redo what the newest undo reverted; the redo is itself an action.

    `action_id` is as in `row_decide`.
    """
    return _take_newest_back(cleanset, user, ReviewAction.Kind.REDO, action_id)


def _take_newest_back(
    cleanset: Cleanset, user: User, kind: ReviewAction.Kind, action_id: UUID | None
) -> ReviewAction:
    """Revert the newest action, or for a redo the newest undo."""
    with transaction.atomic():
        lock(cleanset)
        if repeated := repeated_action(cleanset, action_id):
            return repeated
        action = newest_to_take_back(cleanset, kind)
        if not is_large(action.n_rows):
            return take_back(cleanset, user, action, kind, action_id)
        plan = step_plan(action, kind, newest=next_number(cleanset) - 1)
    return apply_plan(cleanset, user, plan, action_id=action_id, progress=Silent()).action


def take_back(
    cleanset: Cleanset,
    user: User,
    action: ReviewAction,
    kind: ReviewAction.Kind,
    action_id: UUID | None,
) -> ReviewAction:
    """Revert an action on few rows, which is the newest; the caller holds the lock."""
    changes = reversed_changes(action.events.order_by("row_id"))
    description = step_description(action, kind)
    step = record(cleanset, user, kind, description, changes, action_id=action_id)
    ReviewAction.objects.filter(pk=action.pk).update(undone_by=step)
    return step


def newest_to_take_back(cleanset: Cleanset, kind: ReviewAction.Kind) -> ReviewAction:
    """Return what the next undo or redo takes back. Raises DataProblem if there is nothing."""
    if kind is ReviewAction.Kind.UNDO:
        action = selectors.last_action(cleanset)
    else:
        action = selectors.last_undo(cleanset)
    if action is None:
        raise DataProblem(f"There is nothing left to {kind.value}.")
    return action


def step_description(action: ReviewAction, kind: ReviewAction.Kind) -> str:
    """Describe the undo or redo that takes an action back."""
    if kind is ReviewAction.Kind.UNDO:
        return f"Undid: {action.description}"[:300]
    description: str = action.undoes.description
    return description


def step_plan(action: ReviewAction, kind: ReviewAction.Kind, *, newest: int) -> Plan:
    """Return how a large action is taken back, when `newest` was the newest one."""
    return Plan(
        kind=kind,
        newest=newest,
        n_rows=action.n_rows,
        parts=reversed_in_parts(action),
        describe=lambda _: step_description(action, kind),
        nothing=NOTHING_TO_TAKE_BACK,
        reverted=action,
    )


def reversed_in_parts(action: ReviewAction) -> Iterator[tuple[int, list[Change]]]:
    """Yield the changes that take an action back, in parts with the number of rows so far."""
    n_read = 0
    row_id = -1
    while True:
        events = action.events.filter(row_id__gt=row_id).order_by("row_id")[:ROWS_PER_PART]
        changes = reversed_changes(events)
        if not changes:
            return
        n_read += len(changes)
        row_id = changes[-1][0]
        yield n_read, changes


def reversed_changes(events: QuerySet[ReviewEvent]) -> list[Change]:
    """Return the changes that take events back."""
    changes = events.values_list("row_id", "before", "after")
    return [(row_id, after, before) for row_id, before, after in changes]


def state_of(row: dict[str, object]) -> State | None:
    """Return the current decision of a row of the review table; None for an untouched row."""
    if not row["action"] and not row["needs_review"] and not row["tags"]:
        return None
    label = row["decided_label"]
    state = State(
        action=str(row["action"] or ""),
        corrected_label=None if label is None else str(label),
        needs_review=bool(row["needs_review"]),
        is_manual=bool(row["is_manual"]),
    )
    return with_tags(state, str(row["tags"]))


def decided(
    before: State | None, choice: str, *, label: str, advice: object, suggested: object
) -> State | None:
    """Return the decision after a choice, with the tags; None if auto-fix has nothing to apply."""
    tags = before.get("tags", "") if before else ""
    if choice in TAG_CHOICES:
        names = {*tags.splitlines(), label} if choice == ADD_TAG else {*tags.splitlines()} - {label}
        return with_tags(present_state(before), "\n".join(sorted(names)))
    after = _chosen(before, choice, label=label, advice=advice, suggested=suggested)
    return None if after is None else with_tags(after, tags)


def present_state(before: State | None) -> State:
    """Return a copy of a decision; that of an untouched row says nothing."""
    if before is None:
        return State(action="", corrected_label=None, needs_review=False, is_manual=False)
    return before.copy()


def _chosen(
    before: State | None, choice: str, *, label: str, advice: object, suggested: object
) -> State | None:
    if choice == NEEDS_REVIEW:
        after = present_state(before)
        after["needs_review"] = True
        return after
    if choice == Action.AUTO_FIX:
        if advice is None:
            return None
        corrected = str(suggested) if advice == "label" else None
        action = Action.AUTO_FIX if advice == "label" else Action.EXCLUDE
        return State(
            action=action.value, corrected_label=corrected, needs_review=False, is_manual=False
        )
    if choice == Action.LABEL:
        return State(action=choice, corrected_label=label, needs_review=False, is_manual=False)
    if choice in (Action.KEEP, Action.EXCLUDE):
        return State(action=choice, corrected_label=None, needs_review=False, is_manual=False)
    raise DataProblem(f"There is no action '{choice}'; choose one of {', '.join(CHOICES)}.")


def _described(cleanset: Cleanset, choice: str, label: str | None) -> str:
    if choice in TAG_CHOICES:
        return f"Tag “{label}” {'on' if choice == ADD_TAG else 'off'}"
    names = {
        "keep": "Keep",
        "exclude": "Exclude",
        "auto-fix": "Auto-fix",
        NEEDS_REVIEW: "Needs review:",
    }
    shown = shown_label(cleanset.task, label, cleanset.label_convention)
    words = (
        "no class"
        if shown and shown.is_no_class
        else f"“{', '.join(shown.names if shown else ())[:80]}”"
    )
    return names.get(choice) or f"Label {words} for"


def without_decided_later(
    cleanset: Cleanset, changes: Sequence[Change], newest: int
) -> list[Change]:
    """Return the changes of rows that no action after the `newest` one decided."""
    later = ReviewEvent.objects.filter(
        review_action__cleanset=cleanset, review_action__number__gt=newest
    )
    decided_later = set(later.values_list("row_id", flat=True))
    return [change for change in changes if change[0] not in decided_later]


@transaction.atomic(savepoint=False)
def record(
    cleanset: Cleanset,
    user: User,
    kind: ReviewAction.Kind,
    description: str,
    changes: list[Change],
    *,
    action_id: UUID | None = None,
) -> ReviewAction:
    """Store an action with its events, and the resulting decisions."""
    action = ReviewAction(
        pk=action_id or uuid4(),
        cleanset=cleanset,
        number=next_number(cleanset),
        user=user,
        kind=kind,
        description=description,
        n_rows=len(changes),
    )
    write_action(action, changes)
    return action
