"""Corrections from a file of any kind: which rows it names, and what it would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import PurePath
from typing import Any

import pyarrow.parquet as pq
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from cleansets import row_query, selectors, services
from cleansets.decision_rows import Change, lock, next_number
from cleansets.drafts import ROWS_PER_PART, Plan
from cleansets.imports import ACTION, LABEL, ROW_ID, ROW_NUMBER, as_record
from cleansets.label_text import is_same_label
from cleansets.models import Action, Cleanset, CorrectionsFile, ReviewAction
from projects.readers.facts import ReadLimits
from projects.readers.subprocess_reader import prepare, read_in_subprocess
from studio import quotas, runs, storage, tables
from studio.accounts.models import User
from studio.engine.conventions.blanks import is_blank
from studio.engine.counted import counted
from studio.engine.errors import DataProblem
from studio.engine.progress import Progress
from studio.sql import quoted, text_literal

N_EXAMPLES = 20
MAX_FILENAME_CHARS = 255
EXPORTED_LABELS = ("cleanlab_corrected_label", "cleanlab_clean_label")
STORED_ROW_ID = row_query.ROW_ID
NOTHING = "This file changes no row. All its rows have these decisions already, or are unknown."


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """Which columns of the file say what.

    `rows_by` names the row: by its number where the column is `row_id` (from 0) or
    `cleanlab_row_ID` (from 1), else by the cell of the dataset's column of that name, or of `key`.
    `label` has the corrected labels and `action` the decisions; either may be empty.
    """

    rows_by: str
    key: str
    label: str
    action: str

    def to_params(self) -> dict[str, str]:
        """Return it as fields of a form."""
        return asdict(self)


@dataclass(slots=True)
class Effect:
    """How many rows a file changes, and why not the others; the rows of the file are counted once.

    `unknown_classes` maps classes that the cleanset does not have to their number of rows.
    """

    n_rows: int = 0
    n_matched: int = 0
    n_changed: int = 0
    n_unchanged: int = 0
    n_empty: int = 0
    n_unknown_rows: int = 0
    n_ambiguous: int = 0
    n_repeated: int = 0
    n_invalid: int = 0
    problem: str = ""
    unknown_rows: list[str] = field(default_factory=list)
    unknown_classes: Counter[str] = field(default_factory=Counter)
    n_unknown_classes: int = 0
    changes: list[Change] = field(default_factory=list)


def file_columns(file: CorrectionsFile) -> list[str]:
    """Return the columns of the file."""
    names = pq.read_schema(tables.local_path(file.table_key)).names
    return [name for name in names if name != STORED_ROW_ID]


def key_columns(cleanset: Cleanset) -> list[str]:
    """Return the columns of the dataset by which rows may be named."""
    label = cleanset.project.label_column
    return [name for name in selectors.row_source(cleanset).own_columns if name != label]


def guessed_choice(cleanset: Cleanset, columns: Sequence[str]) -> ColumnChoice:
    """Guess from their names which columns say what."""
    numbers = [name for name in (ROW_ID, ROW_NUMBER) if name in columns]
    own = [name for name in key_columns(cleanset) if name in columns]
    rows_by = next(iter([*numbers, *_most_distinct(cleanset, own)]), columns[0])
    wanted = (LABEL, *EXPORTED_LABELS, cleanset.project.label_column, "label")
    label = next((name for name in wanted if name and name in columns), "")
    action = ACTION if ACTION in columns else ""
    key = "" if rows_by in (ROW_ID, ROW_NUMBER) else (rows_by if rows_by in own else "")
    return ColumnChoice(rows_by, key, label, action)


def _most_distinct(cleanset: Cleanset, columns: Sequence[str]) -> list[str]:
    """Order columns of the dataset by their number of different cells, most first."""
    if len(columns) < 2:
        return list(columns)
    path = tables.local_path(cleanset.version.table_key)
    counts = ", ".join(f"approx_count_distinct({quoted(name)})" for name in columns)
    with closing(tables.connect()) as connection:
        sql = f"SELECT {counts} FROM read_parquet({text_literal(str(path))})"
        found = connection.execute(sql).fetchone() or ()
    by_count = dict(zip(columns, found, strict=True))
    return sorted(columns, key=lambda name: -by_count[name])


def corrections_effect(
    cleanset: Cleanset, file: CorrectionsFile, choice: ColumnChoice, *, with_new_classes: bool
) -> Effect:
    """Return what the file would change, with the first changes."""
    effect = Effect()
    for changes in _changes(cleanset, file, choice, effect, with_new_classes=with_new_classes):
        room = N_EXAMPLES - len(effect.changes)
        effect.changes += changes[: max(room, 0)]
    return effect


def corrections_plan(
    cleanset: Cleanset, file: CorrectionsFile, choice: ColumnChoice, *, with_new_classes: bool
) -> Plan:
    """Return what the file changes, to be read in parts."""
    found = _changes(cleanset, file, choice, Effect(), with_new_classes=with_new_classes)
    n_read = 0

    def parts() -> Iterator[tuple[int, list[Change]]]:
        nonlocal n_read
        for changes in found:
            n_read += ROWS_PER_PART
            yield min(n_read, file.n_rows or 0), changes

    return Plan(
        kind=ReviewAction.Kind.IMPORT,
        newest=next_number(cleanset) - 1,
        n_rows=file.n_rows or 0,
        parts=parts(),
        describe=lambda n: f"{counted(n, 'row')} from {file.filename}",
        nothing=NOTHING,
    )


def corrections_apply(
    *,
    cleanset: Cleanset,
    user: User,
    file: CorrectionsFile,
    choice: ColumnChoice,
    with_new_classes: bool,
) -> ReviewAction:
    """Apply a file that changes few rows as one action."""
    plan = corrections_plan(cleanset, file, choice, with_new_classes=with_new_classes)
    planned = [change for _, changes in plan.parts for change in changes]
    with transaction.atomic():
        lock(cleanset)
        changes = services.without_decided_later(cleanset, planned, plan.newest)
        if not changes:
            raise DataProblem(plan.nothing)
        return services.record(cleanset, user, plan.kind, plan.describe(len(changes)), changes)


def _changes(
    cleanset: Cleanset,
    file: CorrectionsFile,
    choice: ColumnChoice,
    effect: Effect,
    *,
    with_new_classes: bool,
) -> Iterator[list[Change]]:
    """Yield the changes in parts, counting everything in `effect`."""
    wanted = _wanted(cleanset, file, choice, effect)
    labels = _Labels(cleanset, effect, with_new_classes=with_new_classes)
    source = selectors.row_source(cleanset)
    row_ids = sorted(wanted)
    for rows in row_query.fetch_decidable_in_parts(row_ids, source, rows_per_part=ROWS_PER_PART):
        changes: list[Change] = []
        for row in rows:
            label, action = wanted[row["row_id"]]
            change = labels.change(row, label, action)
            if change is not None:
                changes.append(change)
        effect.n_changed += len(changes)
        yield changes


def _wanted(
    cleanset: Cleanset, file: CorrectionsFile, choice: ColumnChoice, effect: Effect
) -> dict[int, tuple[str | None, str]]:
    """Return what the file says of each row that it names: the label and the action."""
    wanted: dict[int, tuple[str | None, str]] = {}
    repeated: set[int] = set()
    for cell, row_id, n_found, label, action in _matched(cleanset, file, choice):
        effect.n_rows += 1
        if row_id is None:
            effect.n_unknown_rows += 1
            if len(effect.unknown_rows) < 5:
                effect.unknown_rows.append("" if cell is None else cell[:80])
        elif n_found > 1:
            effect.n_ambiguous += 1
        elif row_id in wanted and wanted[row_id] != (label, action):
            repeated.add(row_id)
        else:
            wanted.setdefault(row_id, (label, action))
    for row_id in repeated:
        del wanted[row_id]
    effect.n_repeated = len(repeated)
    effect.n_matched = len(wanted)
    return wanted


def _matched(
    cleanset: Cleanset, file: CorrectionsFile, choice: ColumnChoice
) -> Iterator[tuple[str | None, int | None, int, str | None, str]]:
    """Yield each line of the file with the row that it names, and in how many rows its cell is."""
    path = text_literal(str(tables.local_path(file.table_key)))
    label = f"file.{quoted(choice.label)}" if choice.label else "NULL"
    action = f"lower(trim(file.{quoted(choice.action)}))" if choice.action else "''"
    cell = f"trim(file.{quoted(choice.rows_by)})"
    if choice.key:
        table = text_literal(str(tables.local_path(cleanset.version.table_key)))
        own = quoted(choice.key)
        rows = (
            f"SELECT trim({own}) AS cell, min({STORED_ROW_ID}) AS row_id, count(*) AS n_found"
            f" FROM read_parquet({table}) WHERE {own} IS NOT NULL GROUP BY 1"
        )
        found = f"LEFT JOIN ({rows}) AS named ON {cell} = named.cell"
        row_id = "named.row_id, coalesce(named.n_found, 0)"
    else:
        first = 1 if choice.rows_by == ROW_NUMBER else 0
        number = f"try_cast({cell} AS DECIMAL(38, 4))"
        found = ""
        row_id = (
            f"CASE WHEN {number} = floor({number}) AND {number} BETWEEN {first}"
            f" AND {(cleanset.n_rows or 0) - 1 + first} THEN {number}::BIGINT - {first} END, 1"
        )
    sql = (
        f"SELECT {cell}, {row_id}, {label}, coalesce({action}, '')"
        f" FROM read_parquet({path}) AS file {found} ORDER BY file.{STORED_ROW_ID}"
    )
    with closing(tables.connect()) as connection:
        for batch in connection.sql(sql).to_arrow_reader(ROWS_PER_PART):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


class _Labels:
    """Turns the cells of a file into changes; each different label is checked once."""

    def __init__(self, cleanset: Cleanset, effect: Effect, *, with_new_classes: bool) -> None:
        self._cleanset = cleanset
        self._effect = effect
        self._with_new_classes = with_new_classes
        self._classes = set(selectors.known_classes(cleanset))
        self._checked: dict[str, str | None] = {}

    def change(self, row: dict[str, Any], label: str | None, action: str) -> Change | None:
        """Return what the file changes about a row; None for nothing."""
        effect = self._effect
        choice = action or (Action.LABEL.value if label is not None else "")
        if choice == Action.AUTO_FIX and label:
            choice = Action.LABEL.value
        if not choice or (choice == Action.LABEL and is_blank(label)):
            effect.n_empty += 1
            return None
        if choice not in services.CHOICES:
            self._leave_out(
                f"“{choice[:40]}” is no action. Known are {', '.join(services.CHOICES)}."
            )
            return None
        stored = ""
        if choice == Action.LABEL:
            assert label is not None
            if (checked := self._stored(label)) is None:
                return None
            stored = checked
            if not action and self._is_current(row, stored):
                effect.n_unchanged += 1
                return None
        before = services.state_of(row)
        after = services.decided(
            before, choice, label=stored, advice=row["advice"], suggested=row["suggested_label"]
        )
        if after is None:
            self._leave_out("Some rows have no suggestion that auto-fix could apply.")
            return None
        after["is_manual"] = True
        if after == before:
            effect.n_unchanged += 1
            return None
        return row["row_id"], before, after

    def _is_current(self, row: dict[str, Any], label: str) -> bool:
        convention = self._cleanset.label_convention
        return is_same_label(self._cleanset.task, row["clean_label"], label, convention)

    def _stored(self, label: str) -> str | None:
        if label not in self._checked:
            try:
                record = as_record(self._cleanset, label)
                self._checked[label] = services.label_to_store(self._cleanset, record)
            except DataProblem as problem:
                self._checked[label] = None
                self._effect.problem = self._effect.problem or str(problem)
        stored = self._checked[label]
        if stored is None:
            self._effect.n_invalid += 1
            return None
        names = selectors.classes_in(self._cleanset.task, stored)
        unknown = [name for name in names if name not in self._classes]
        self._effect.unknown_classes.update(unknown)
        if unknown and not self._with_new_classes:
            self._effect.n_unknown_classes += 1
            return None
        return stored

    def _leave_out(self, problem: str) -> None:
        self._effect.n_invalid += 1
        self._effect.problem = self._effect.problem or problem


def corrections_upload(
    *, cleanset: Cleanset, user: User, file: UploadedFile[bytes]
) -> CorrectionsFile:
    """Store a file of corrections and queue its reading; nothing changes before it is applied."""
    uploaded = CorrectionsFile(
        cleanset=cleanset,
        created_by=user,
        filename=PurePath(file.name or "file").name[-MAX_FILENAME_CHARS:],
        size_bytes=file.size or 0,
    )
    quotas.check_upload(user, file.size or 0)
    uploaded.source_key = storage.corrections_file(uploaded.pk, "source")
    tables.publish_upload(file, uploaded.source_key)
    with transaction.atomic():
        uploaded.save(force_insert=True)
        runs.enqueue(uploaded)
    return uploaded


def read_corrections(run: CorrectionsFile, progress: Progress) -> dict[str, object]:
    """Read an uploaded file of corrections in a process of its own; return the fields to store."""
    limits = ReadLimits(max_unpacked_bytes=settings.MAX_UNPACKED_BYTES)
    source = tables.local_path(run.source_key)
    with tables.scratch() as folder:
        table = folder / "rows.parquet"
        facts = read_in_subprocess(source, run.filename, table, progress=progress, limits=limits)
        prepare()
        key = storage.corrections_file(run.pk, f"rows-{run.attempt}.parquet")
        tables.publish(table, key)
    return {"table_key": key, "n_rows": facts.n_rows}
