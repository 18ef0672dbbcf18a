"""Clean Top K: one decision on the first rows of a view."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from cleansets import row_query, selectors, services
from cleansets.decision_rows import Change, State, lock, next_number
from cleansets.drafts import ROWS_PER_PART, Plan, apply_plan, is_large
from cleansets.models import Cleanset, ReviewAction
from cleansets.row_address import RowQuery
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.engine.progress import Silent

NOTHING_TO_CHANGE = (
    "Clean Top K would change no row. Choose another action, or a view with undecided rows."
)


@dataclass(frozen=True, slots=True)
class TopK:
    """A bulk action on the first `k` rows of a view."""

    query: RowQuery
    k: int
    choice: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class TopKEffect:
    """How many rows a bulk action would change, and why not the others."""

    n_seen: int
    n_changed: int
    n_manual: int
    n_without_advice: int
    n_unchanged: int


def top_k_effect(*, cleanset: Cleanset, top_k: TopK) -> TopKEffect:
    """Return what Clean Top K would do; rows with a manual decision are kept."""
    label = _checked_label(cleanset, top_k)
    samples = row_query.sample_first(top_k.query, selectors.row_source(cleanset), top_k.k, label)
    n_changed = 0
    n_manual = 0
    n_without_advice = 0
    n_unchanged = 0
    for row, n_rows in samples:
        before = services.state_of(row)
        after = _after(row, before, top_k.choice, label)
        if _is_kept(before, top_k.choice):
            n_manual += n_rows
        elif after is None:
            n_without_advice += n_rows
        elif after == services.present_state(before):
            n_unchanged += n_rows
        else:
            n_changed += n_rows
    n_seen = sum(n_rows for _, n_rows in samples)
    return TopKEffect(n_seen, n_changed, n_manual, n_without_advice, n_unchanged)


def n_rows_of(*, cleanset: Cleanset, top_k: TopK) -> int:
    """Return how many rows Clean Top K would look at."""
    return row_query.count_first(top_k.query, selectors.row_source(cleanset), top_k.k)


def top_k_plan(*, cleanset: Cleanset, top_k: TopK) -> Plan:
    """Return what Clean Top K changes, to be read in parts."""
    label = _checked_label(cleanset, top_k)
    newest = next_number(cleanset) - 1
    return Plan(
        kind=ReviewAction.Kind.BULK,
        newest=newest,
        n_rows=n_rows_of(cleanset=cleanset, top_k=top_k),
        parts=_parts(cleanset, top_k, label),
        describe=lambda n: services.bulk_description(cleanset, top_k.choice, label, n),
        nothing=NOTHING_TO_CHANGE,
    )


def top_k_apply(*, cleanset: Cleanset, user: User, top_k: TopK) -> ReviewAction:
    """Apply Clean Top K as one action, undone in one step.

    The plan is made before the cleanset is locked; decisions made by others meanwhile are kept.
    """
    plan = top_k_plan(cleanset=cleanset, top_k=top_k)
    if is_large(plan.n_rows):
        return apply_plan(cleanset, user, plan, progress=Silent()).action
    planned = [change for _, changes in plan.parts for change in changes]
    with transaction.atomic():
        lock(cleanset)
        changes = services.without_decided_later(cleanset, planned, plan.newest)
        if not changes:
            raise DataProblem(plan.nothing)
        description = plan.describe(len(changes))
        return services.record(cleanset, user, plan.kind, description, changes)


def _checked_label(cleanset: Cleanset, top_k: TopK) -> str:
    if top_k.choice not in (*services.CHOICES, *services.TAG_CHOICES):
        raise DataProblem(
            f"There is no action '{top_k.choice}'; choose one of {', '.join(services.CHOICES)}."
        )
    if top_k.k < 1:
        raise DataProblem("Clean Top K needs a number of rows of at least 1.")
    return services.checked_choice(cleanset, top_k.choice, top_k.label)


def _is_kept(before: State | None, choice: str) -> bool:
    """Whether a row keeps its manual decision; tags are added beside one."""
    return bool(before and before["is_manual"]) and choice not in services.TAG_CHOICES


def _parts(cleanset: Cleanset, top_k: TopK, label: str) -> Iterator[tuple[int, list[Change]]]:
    source = selectors.row_source(cleanset)
    n_seen = 0
    for rows in row_query.fetch_first(top_k.query, source, top_k.k, rows_per_part=ROWS_PER_PART):
        n_seen += len(rows)
        changes: list[Change] = []
        for row in rows:
            before = services.state_of(row)
            if _is_kept(before, top_k.choice):
                continue
            after = _after(row, before, top_k.choice, label)
            if after is not None and after != services.present_state(before):
                changes.append((row["row_id"], before, after))
        yield n_seen, changes


def _after(row: Mapping[str, Any], before: State | None, choice: str, label: str) -> State | None:
    advice = row["advice"]
    suggested = row["suggested_label"]
    return services.decided(before, choice, label=label, advice=advice, suggested=suggested)
