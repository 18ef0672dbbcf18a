"""Import of decisions from a file or an API client: all are applied as one action, or none is."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TypeGuard

from django.db import transaction

from cleansets import row_query, selectors
from cleansets.decision_rows import Change, lock, next_number
from cleansets.drafts import ROWS_PER_PART, Plan, apply_plan, is_large
from cleansets.json_labels import JsonLabel, JsonValue, label_text
from cleansets.label_text import is_same_label
from cleansets.models import Action, Cleanset, ReviewAction
from cleansets.services import CHOICES, decided, label_to_store, no_such_row, record, state_of
from studio.accounts.models import User
from studio.api.idempotency import needs_short_transactions
from studio.engine.conventions.label_sets import (
    Separator,
    is_list_cell,
    join_labels,
    read_set,
    split_labels,
)
from studio.engine.counted import counted
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask
from studio.engine.progress import Silent
from studio.engine.table.row_numbers import row_number

ROW_ID = "row_id"  # from 0, as programs count
ROW_NUMBER = "cleanlab_row_ID"  # from 1, as in exported files
ACTION = "action"
LABEL = "corrected_label"
MAX_SHOWN_CHARS = 60


@dataclass(frozen=True, slots=True)
class FileDecision:
    """A decision on one row; `where` is its place for error messages, such as "Line 4"."""

    where: str
    row_id: int
    choice: str
    corrected_label: JsonLabel | None


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The number of decisions read and the action that applied them, None if nothing changed.

    `new_classes` are the classes that no row had before, in the order of the decisions.
    """

    n_decisions: int
    action: ReviewAction | None
    new_classes: tuple[str, ...] = ()

    @property
    def n_changed(self) -> int:
        """Number of rows whose decision changed."""
        return self.action.n_rows if self.action else 0


def decisions_in_file(filename: str, content: bytes) -> list[FileDecision]:
    """Read decisions from CSV or a JSON list of objects. Raises DataProblem naming the line."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataProblem(
            f"Line {line} is not UTF-8. Save the file as CSV or JSON in UTF-8."
        ) from error
    if PurePath(filename).suffix.lower() == ".json" or text.lstrip()[:1] in ("[", "{"):
        return decisions_of(_json_entries(text))
    return decisions_of(_csv_entries(text))


def decisions_of(entries: Iterable[tuple[str, Mapping[str, object]]]) -> list[FileDecision]:
    """Return the decisions in pairs of a place and an entry. Raises DataProblem for an invalid one,
    and for a row that is decided twice.
    """
    by_row: dict[int, FileDecision] = {}
    for where, entry in entries:
        decision = _decision(where, entry)
        earlier = by_row.get(decision.row_id)
        if earlier is not None:
            raise DataProblem(
                f"{where}: {_row(decision)} is decided twice, first at {earlier.where.lower()}."
                " Remove one of them."
            )
        by_row[decision.row_id] = decision
    if not by_row:
        raise DataProblem(
            "The file contains no decisions. Expected at least one row_id with its action."
        )
    return list(by_row.values())


def _row(decision: FileDecision) -> str:
    """Name a row by its number in the table, from 1, and by its `row_id`, from 0."""
    return f"row {row_number(decision.row_id)} (row_id {decision.row_id})"


def _csv_entries(text: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(header)
        line = reader.line_num + 1
        for cells in reader:
            if cells and len(cells) != len(header):
                raise DataProblem(
                    f"Line {line} has {counted(len(cells), 'cell')}, the header {len(header)}. Put"
                    " cells with commas in quotes."
                )
            if cells:
                yield f"Line {line}", dict(zip(header, cells, strict=True))
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataProblem(f"Line {reader.line_num} cannot be read as CSV: {error}.") from error


def _check_header(header: list[str]) -> None:
    missing = []
    if ROW_ID not in header and ROW_NUMBER not in header:
        missing.append(ROW_ID)
    if ACTION not in header:
        missing.append(ACTION)
    if missing:
        shown = ", ".join(header)[:MAX_SHOWN_CHARS] or "nothing"
        raise DataProblem(
            f"Line 1 names no column '{missing[0]}' but: {shown}. "
            f"Expected {ROW_ID} (from 0) or {ROW_NUMBER} (from 1), {ACTION}, {LABEL}."
        )
    for name in (ROW_ID, ROW_NUMBER, ACTION, LABEL):
        if header.count(name) > 1:
            raise DataProblem(f"Line 1 names the column '{name}' twice. Remove one of them.")


def _json_entries(text: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    try:
        entries = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataProblem(
            f"Line {error.lineno} is not valid JSON: {error.msg}. Expected a list of decisions."
        ) from error
    except ValueError as error:
        raise DataProblem(
            "A number in this JSON is too long to be read. Expected a list of decisions."
        ) from error
    except RecursionError as error:
        raise DataProblem(
            "This JSON is nested too deeply. Expected a list of decisions."
        ) from error
    if not isinstance(entries, list):
        raise DataProblem(
            "Line 1: this JSON is not a list. Expected a list of objects with row_id and action."
        )
    for place, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict):
            raise DataProblem(
                f"Entry {place} is not an object. Expected one with row_id and action."
            )
        yield f"Entry {place}", entry


def _decision(where: str, entry: Mapping[str, object]) -> FileDecision:
    choice = entry.get(ACTION)
    if choice not in CHOICES:
        found = "no action" if choice in (None, "") else f"the action '{_shown(choice)}'"
        raise DataProblem(f"{where} has {found}; expected one of {', '.join(CHOICES)}.")
    label = entry.get(LABEL)
    if not (
        label is None
        or _is_json_value(label)
        or (isinstance(label, list) and all(map(_is_json_value, label)))
    ):
        raise DataProblem(
            f"{where}: {LABEL} is {_shown(label)}; expected text, a number, true, false or a list."
        )
    return FileDecision(where, _row_id(where, entry), str(choice), label)


def _is_json_value(value: object) -> TypeGuard[JsonValue]:
    return isinstance(value, str | bool | int | float)


def _row_id(where: str, entry: Mapping[str, object]) -> int:
    """Return the row that `row_id` or `cleanlab_row_ID` names."""
    row_id = entry.get(ROW_ID)
    exported = entry.get(ROW_NUMBER)
    if exported in (None, ""):
        return _whole_number(where, ROW_ID, row_id, first=0)
    number = _whole_number(where, ROW_NUMBER, exported, first=1)
    if row_id not in (None, "") and _whole_number(where, ROW_ID, row_id, first=0) != number - 1:
        raise DataProblem(
            f"{where}: {ROW_ID} {row_id}, which counts from 0, and {ROW_NUMBER} {number}, which"
            " counts from 1, are different rows. Remove one of them."
        )
    return number - 1


def _whole_number(where: str, name: str, value: object, *, first: int) -> int:
    text = value.strip() if isinstance(value, str) else value
    if (
        isinstance(text, str)
        and text.isascii()
        and text.isdecimal()
        and len(text) < 16
        and int(text) >= first
    ):
        return int(text)
    if isinstance(text, int) and not isinstance(text, bool) and first <= text < 10**15:
        return text
    found = f"no {name}" if text in (None, "") else f"the {name} '{_shown(text)}'"
    raise DataProblem(f"{where} has {found}; expected a whole number, {first} for the first row.")


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    if len(text) > MAX_SHOWN_CHARS:
        text = f"{text[:MAX_SHOWN_CHARS]}…"
    return text


def decisions_import(
    *, cleanset: Cleanset, user: User, decisions: list[FileDecision]
) -> ImportResult:
    """Apply all decisions as one action, which is undone in one step.

    Raises DataProblem if one of them cannot be applied; then none is.
    """
    if is_large(len(decisions)):
        needs_short_transactions()  # before the plan is read, which takes seconds
    plan = import_plan(cleanset, decisions)
    changes: list[Change] = [change for _, part in plan.parts for change in part]
    if not changes:
        return ImportResult(len(decisions), None)
    new_classes = new_classes_in(cleanset, changes)
    if is_large(len(changes)):
        read_plan = replace(plan, parts=in_parts(changes))
        action = apply_plan(cleanset, user, read_plan, progress=Silent()).action
        return ImportResult(len(decisions), action, new_classes)
    with transaction.atomic():
        lock(cleanset)
        if next_number(cleanset) - 1 != plan.newest:
            plan = import_plan(cleanset, decisions)
            changes = [change for _, part in plan.parts for change in part]
            if not changes:
                return ImportResult(len(decisions), None)
        description = plan.describe(len(changes))
        action = record(cleanset, user, plan.kind, description, changes)
    return ImportResult(len(decisions), action, new_classes)


def import_plan(cleanset: Cleanset, decisions: Sequence[FileDecision]) -> Plan:
    """Return what a list of decisions changes; reading the parts raises DataProblem for one that
    cannot be applied.
    """
    return Plan(
        kind=ReviewAction.Kind.IMPORT,
        newest=next_number(cleanset) - 1,
        n_rows=len(decisions),
        parts=_parts(cleanset, decisions),
        describe=lambda n: f"Import of decisions on {counted(n, 'row')}",
        nothing="All rows already have the decisions of this file.",
    )


def _parts(
    cleanset: Cleanset, decisions: Sequence[FileDecision]
) -> Iterator[tuple[int, list[Change]]]:
    n_rows = cleanset.n_rows or 0
    missing = next((decision for decision in decisions if decision.row_id >= n_rows), None)
    if missing is not None:
        raise DataProblem(f"{missing.where}: there is {no_such_row(cleanset, missing.row_id)}")
    by_row = {decision.row_id: decision for decision in decisions}
    source = selectors.row_source(cleanset)
    n_seen = 0
    for rows in row_query.fetch_decidable_in_parts(
        list(by_row), source, rows_per_part=ROWS_PER_PART
    ):
        n_seen += len(rows)
        changes = [_change(cleanset, by_row[row["row_id"]], row) for row in rows]
        yield n_seen, [change for change in changes if change[1] != change[2]]


def in_parts(changes: Sequence[Change]) -> Iterator[tuple[int, list[Change]]]:
    """Yield changes in parts, with the number of rows so far."""
    for start in range(0, len(changes), ROWS_PER_PART):
        part = list(changes[start : start + ROWS_PER_PART])
        yield start + len(part), part


def new_classes_in(cleanset: Cleanset, changes: Iterable[Change]) -> tuple[str, ...]:
    """Return the classes that neither the analysis nor an earlier decision has used."""
    known = {*cleanset.classes, *selectors.added_classes(cleanset)}
    new: dict[str, None] = {}  # a set that keeps the order
    for _, _, after in changes:
        if after:
            names = selectors.classes_in(cleanset.task, after["corrected_label"])
            new.update((name, None) for name in names if name not in known)
    return tuple(new)


def _change(cleanset: Cleanset, decision: FileDecision, row: dict[str, object]) -> Change:
    before = state_of(row)
    after = decided(
        before,
        decision.choice,
        label=_label(cleanset, decision, row),
        advice=row["advice"],
        suggested=row["suggested_label"],
    )
    if after is None:
        raise DataProblem(
            f"{decision.where}: {_row(decision)} has no suggestion to apply. Keep it, exclude it,"
            " or label it."
        )
    after["is_manual"] = True
    return decision.row_id, before, after


def as_record(cleanset: Cleanset, label: str) -> str:
    """Return a label as a CSV record.

    A set may also be written as in the label column, which is how exports write it.
    """
    separator = cleanset.project.spec().separator
    if cleanset.task is not MLTask.MULTI_LABEL or separator is Separator.COMMA:
        return label
    classes = set(cleanset.classes)
    if classes.issuperset(split_labels(label)):  # a record of known classes
        return label
    names = read_set(label, separator) or ()
    if separator.is_list:
        is_as_exported = is_list_cell(label)
    else:
        is_as_exported = not classes.isdisjoint(names)
    if is_as_exported:
        return join_labels(names)
    return label


def _label(cleanset: Cleanset, decision: FileDecision, row: dict[str, object]) -> str:
    """Return the label that the action "label" sets, or "".

    Other actions take no label, except that auto-fix may repeat the suggestion it accepts.
    """
    label = _label_text(cleanset, decision)
    suggested = row["suggested_label"]
    if decision.choice == Action.LABEL:
        if label is None:
            raise DataProblem(f"{decision.where}: the action 'label' needs a corrected_label.")
        try:
            return label_to_store(cleanset, label)
        except DataProblem as problem:
            raise DataProblem(f"{decision.where}: {problem}") from problem
    accepts_suggestion = (
        decision.choice == Action.AUTO_FIX
        and row["advice"] == "label"
        and isinstance(suggested, str)
    )
    if not label:
        return ""
    if accepts_suggestion and is_same_label(
        cleanset.task, label, str(suggested), cleanset.label_convention
    ):
        return ""
    raise DataProblem(
        f"{decision.where}: the action '{decision.choice}' does not take the corrected_label"
        f" '{_shown(label)}'. Leave it empty, or use the action 'label'."
    )


def _label_text(cleanset: Cleanset, decision: FileDecision) -> str | None:
    if decision.corrected_label is None:
        return None
    try:
        return as_record(
            cleanset,
            label_text(
                cleanset.task, decision.corrected_label, cleanset.classes, cleanset.label_convention
            ),
        )
    except DataProblem as problem:
        raise DataProblem(f"{decision.where}: {problem}") from problem
