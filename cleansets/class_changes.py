"""Renaming a class, or merging it into another: one action on all rows that have it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from django.db import transaction

from cleansets import row_query, selectors, services
from cleansets.decision_rows import Change, State, lock, next_number, with_tags
from cleansets.drafts import ROWS_PER_PART, Plan
from cleansets.label_text import in_class_order
from cleansets.models import Action, Cleanset, ReviewAction
from studio.accounts.models import User
from studio.engine.conventions.blanks import is_blank
from studio.engine.conventions.label_sets import join_labels, split_labels
from studio.engine.counted import counted
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask

N_EXAMPLES = 10
CLASS_TASKS = (MLTask.MULTI_CLASS, MLTask.MULTI_LABEL)


@dataclass(frozen=True, slots=True)
class ClassRenaming:
    """A class and the name that its rows get, which may be that of another class."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ClassEffect:
    """What a change of a class would do; `n_of_new` is how many rows have the new name already."""

    n_changed: int
    n_excluded: int
    n_of_new: int
    changes: list[Change]

    @property
    def n_together(self) -> int:
        """How many rows have the new name afterwards, where none has both."""
        return self.n_changed + self.n_of_new


def class_counts(cleanset: Cleanset) -> dict[str, int]:
    """Return how many rows that are not excluded have each known class now."""
    found = Counter(dict.fromkeys(selectors.known_classes(cleanset), 0))
    for label, n_rows, n_excluded in row_query.count_labels(selectors.row_source(cleanset)):
        for name in selectors.classes_in(cleanset.task, label):
            found[name] += n_rows - n_excluded
    return dict(found)


def class_effect(cleanset: Cleanset, change: ClassRenaming) -> ClassEffect:
    """Return what the change would do, with its first rows. Raises DataProblem if it cannot be."""
    new_labels, n_changed, n_excluded = _new_labels(cleanset, change)
    examples: list[Change] = []
    if n_changed:
        for _, changes in islice(_parts(cleanset, new_labels, rows_per_part=N_EXAMPLES), 1):
            examples = changes
    n_of_new = class_counts(cleanset).get(change.new, 0)
    return ClassEffect(n_changed, n_excluded, n_of_new, examples)


def class_change_plan(cleanset: Cleanset, change: ClassRenaming) -> Plan:
    """Return what the change does, to be read in parts."""
    newest = next_number(cleanset) - 1
    new_labels, n_changed, _ = _new_labels(cleanset, change)
    return Plan(
        kind=ReviewAction.Kind.CLASS,
        newest=newest,
        n_rows=n_changed,
        parts=_parts(cleanset, new_labels, rows_per_part=ROWS_PER_PART),
        describe=lambda n: describe(change, n),
        nothing=f"No row has the class “{change.old}” any more.",
    )


def class_change_apply(*, cleanset: Cleanset, user: User, change: ClassRenaming) -> ReviewAction:
    """Change a class of few rows as one action, undone in one step."""
    plan = class_change_plan(cleanset, change)
    planned = [one for _, changes in plan.parts for one in changes]
    with transaction.atomic():
        lock(cleanset)
        changes = services.without_decided_later(cleanset, planned, plan.newest)
        if not changes:
            raise DataProblem(plan.nothing)
        return services.record(cleanset, user, plan.kind, plan.describe(len(changes)), changes)


def describe(change: ClassRenaming, n_rows: int) -> str:
    """Describe the action."""
    rows = counted(n_rows, "row")
    return f"Class “{change.old[:80]}” to “{change.new[:80]}” in {rows}"


def checked_change(cleanset: Cleanset, old: str, new: str) -> ClassRenaming:
    """Return the change. Raises DataProblem unless it is one from a known class to another name."""
    if cleanset.task not in CLASS_TASKS:
        raise DataProblem("This project has no classes.")
    if old not in selectors.known_classes(cleanset):
        raise DataProblem(f"There is no class “{old[:80]}”. Choose one of the list.")
    if is_blank(new):
        raise DataProblem(f"Type the name that the rows of “{old[:80]}” get.")
    if cleanset.task is MLTask.MULTI_CLASS:
        new = services.label_to_store(cleanset, new)
    else:
        new = new.strip()
        services.label_to_store(cleanset, join_labels([new]))  # too long a name is refused
    if new == old:
        raise DataProblem(f"The class is called “{old[:80]}” already. Type another name.")
    return ClassRenaming(old, new)


def _new_labels(cleanset: Cleanset, change: ClassRenaming) -> tuple[dict[str, str], int, int]:
    """Return the new label for each label with the class, and the number of rows to change, and of
    excluded ones, which stay as they are.
    """
    new_labels: dict[str, str] = {}
    n_changed = 0
    n_excluded_in_all = 0
    for label, n_rows, n_excluded in row_query.count_labels(selectors.row_source(cleanset)):
        if label is None or change.old not in selectors.classes_in(cleanset.task, label):
            continue
        new_labels[label] = _changed(cleanset, label, change)
        n_changed += n_rows - n_excluded
        n_excluded_in_all += n_excluded
    return new_labels, n_changed, n_excluded_in_all


def _changed(cleanset: Cleanset, label: str, change: ClassRenaming) -> str:
    if cleanset.task is MLTask.MULTI_CLASS:
        return change.new
    names = [change.new if name == change.old else name for name in split_labels(label)]
    return join_labels(in_class_order(names, cleanset.classes))


def _parts(
    cleanset: Cleanset, new_labels: dict[str, str], *, rows_per_part: int
) -> Iterator[tuple[int, list[Change]]]:
    source = selectors.row_source(cleanset)
    n_seen = 0
    for rows in row_query.fetch_labeled(list(new_labels), source, rows_per_part=rows_per_part):
        n_seen += len(rows)
        changes: list[Change] = []
        for row in rows:
            before = services.state_of(row)
            after = State(
                action=Action.LABEL.value,
                corrected_label=new_labels[row["clean_label"]],
                needs_review=bool(before and before["needs_review"]),
                is_manual=bool(before and before["is_manual"]),
            )
            tags = before.get("tags", "") if before else ""
            changes.append((row["row_id"], before, with_tags(after, tags)))
        yield n_seen, changes
