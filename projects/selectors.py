"""Reads of the app: datasets and projects of a user, rows and profiles of a version, and what a
deletion would remove.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from django.db import models
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.deletion import Collector
from django.db.models.functions import Coalesce

from projects.models import Dataset, DatasetVersion, Project
from projects.readers.column_profile import ColumnProfile
from projects.readers.facts import ROW_ID
from studio import tables
from studio.accounts.models import User
from studio.engine.choices.facts import ColumnFacts
from studio.engine.conventions import Convention
from studio.engine.table.columns import ColumnKind
from studio.runs import Status
from studio.sql import quoted

CELL_CHARS = 300  # characters of a cell that a table of rows shows
COLUMNS_SHOWN = 100  # columns of a very wide table that a page shows


def newest_versions(user: User) -> QuerySet[DatasetVersion]:
    """Return the newest version of each of the user's datasets, last updated first."""
    return _newest_among(user, DatasetVersion.objects.all())


def _newest_among(user: User, versions: QuerySet[DatasetVersion]) -> QuerySet[DatasetVersion]:
    newest = versions.filter(dataset=OuterRef("dataset")).order_by("-number").values("pk")[:1]
    return (
        DatasetVersion.objects.filter(dataset__owner=user, pk=Subquery(newest))
        .select_related("dataset__refused_append")
        .defer("columns", "log", "error_detail")
        .annotate(updated_at=Coalesce("finished_at", "queued_at"))
        .order_by("-updated_at", "-pk")
    )


def ready_versions(user: User) -> QuerySet[DatasetVersion]:
    """Return the newest version of each dataset that a project can be made from."""
    return _newest_among(user, DatasetVersion.objects.filter(status=Status.SUCCEEDED))


def version_named(user: User, name: str) -> DatasetVersion | None:
    """Return the newest version of the dataset that a program means by a name.

    The name may be that of the dataset, of its file, or of a frame that was sent as NAME.json, the
    last suffix of its name replaced. Of several datasets, the last updated one counts.
    """
    bare = PurePosixPath(name.replace("\\", "/")).name
    if not bare or "\0" in bare:
        return None
    sent_as = PurePosixPath(bare).with_suffix(".json").name
    return (
        newest_versions(user)
        .filter(Q(dataset__name=bare) | Q(filename__in=(bare, sent_as)))
        .first()
    )


def projects_of(user: User) -> QuerySet[Project]:
    """Return the user's projects, newest first."""
    return Project.objects.filter(owner=user).select_related("version__dataset").defer(
        "version__columns", "version__log", "version__error_detail"
    ).order_by("-created_at", "-pk")  # fmt: skip


def bases_of(version: DatasetVersion) -> list[DatasetVersion]:
    """Return the versions whose rows a grown version begins with, newest first."""
    bases = []
    step = version.base
    while step is not None:
        bases.append(step)
        step = step.base
    return bases


def newer_rows(version: DatasetVersion) -> DatasetVersion | None:
    """Return the newest version that grew out of a version; None if none has been read."""
    ready = DatasetVersion.objects.filter(
        dataset=version.dataset_id, number__gt=version.number, status=Status.SUCCEEDED
    )
    for newer in ready.exclude(base=None).order_by("-number"):
        if version in bases_of(newer):
            return newer
    return None


def projects_on(version: DatasetVersion) -> list[Project]:
    """Return the projects whose data are a version, oldest first; they get rows appended to it."""
    return list(version.projects.order_by("created_at"))


def versions_of(dataset: Dataset) -> QuerySet[DatasetVersion]:
    """Return every version of the dataset with its projects, newest first."""
    versions = DatasetVersion.objects.filter(dataset=dataset)
    versions = versions.defer("columns", "log", "error_detail")
    return versions.prefetch_related("projects").order_by("-number")


def column_profiles(version: DatasetVersion) -> list[ColumnProfile]:
    """Return the profiles, each with the kind that the user chose where one was chosen."""
    profiles = [ColumnProfile.from_dict(column) for column in version.columns]
    kinds: dict[str, str] = version.chosen_kinds
    conventions: dict[str, str] = version.chosen_conventions
    chosen = []
    for profile in profiles:
        kind = ColumnKind(kinds.get(profile.name, profile.inferred_kind))
        convention = None
        if profile.name in conventions:
            convention = Convention(conventions[profile.name])
        chosen.append(replace(profile, kind=kind, chosen_convention=convention))
    return chosen


def column_facts(version: DatasetVersion) -> list[ColumnFacts]:
    """Return what the engine's checks need to know of the columns."""
    return [
        ColumnFacts(profile.name, profile.kind, profile.n_missing, profile.n_distinct)
        for profile in column_profiles(version)
    ]


Cell = tuple[ColumnKind, str | None]


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row as a table shows it: cells with the kind of their column, None for an empty cell."""

    row_id: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class RowTable:
    """Some rows of a version, and how many columns it has in all."""

    columns: tuple[ColumnProfile, ...]
    rows: tuple[TableRow, ...]
    n_columns: int


def rows_between(version: DatasetVersion, row_ids: range) -> RowTable:
    """Return the rows of a contiguous range of ids, with long cells shortened."""
    profiles = column_profiles(version)
    shown = tuple(profiles[:COLUMNS_SHOWN])
    if not row_ids:
        return RowTable(shown, (), len(profiles))
    cells = ", ".join(f"left({quoted(profile.name)}, {CELL_CHARS + 1})" for profile in shown)
    row_id = quoted(ROW_ID)
    query = (
        f"SELECT {row_id}, {cells} FROM read_parquet(?) WHERE {row_id} BETWEEN ? AND ? ORDER BY 1"
    )
    path = str(tables.local_path(version.table_key))
    with tables.connect() as connection:
        found = connection.execute(query, [path, row_ids.start, row_ids.stop - 1]).fetchall()
    return RowTable(shown, tuple(_table_row(shown, row) for row in found), len(profiles))


def cells_between(
    version: DatasetVersion, row_ids: range
) -> list[tuple[int, dict[str, str | None]]]:
    """Return the rows of a contiguous range of ids with every cell in full."""
    names = [profile.name for profile in column_profiles(version)]
    if not row_ids:
        return []
    cells = ", ".join(quoted(name) for name in (ROW_ID, *names))
    query = f"SELECT {cells} FROM read_parquet(?) WHERE {quoted(ROW_ID)} BETWEEN ? AND ? ORDER BY 1"
    path = str(tables.local_path(version.table_key))
    with tables.connect() as connection:
        found = connection.execute(query, [path, row_ids.start, row_ids.stop - 1]).fetchall()
    return [(row_id, dict(zip(names, row, strict=True))) for row_id, *row in found]


def _table_row(columns: Sequence[ColumnProfile], row: tuple[Any, ...]) -> TableRow:
    row_id, *cells = row
    shown = [(column.kind, _shortened(cell)) for column, cell in zip(columns, cells, strict=True)]
    return TableRow(row_id, tuple(shown))


def _shortened(cell: str | None) -> str | None:
    if cell is None or len(cell) <= CELL_CHARS:
        return cell
    return f"{cell[:CELL_CHARS].rstrip()}…"


_WITHOUT_FILES = ("accounts", "api")


def cascade(instance: models.Model) -> list[QuerySet[models.Model]]:
    """Return everything that would be deleted with the object, in querysets by model."""
    collector = Collector(using=instance._state.db or "default", origin=instance)
    collector.collect([instance])
    loaded = [
        model._base_manager.filter(pk__in=[found.pk for found in instances])
        for model, instances in collector.data.items()
    ]
    return [*loaded, *(rows for rows in collector.fast_deletes if isinstance(rows, QuerySet))]


def file_keys(deleted: Iterable[QuerySet[models.Model]]) -> list[str]:
    """Return the storage keys of those objects, from the fields named `…_key`.

    Apps whose `…_key` fields are not storage keys are skipped: users choose the content of some.
    """
    keys: list[str] = []
    for rows in deleted:
        if rows.model._meta.app_label in _WITHOUT_FILES:
            continue
        names = [
            field.name for field in rows.model._meta.concrete_fields if field.name.endswith("_key")
        ]
        if names:
            keys += [key for values in rows.values_list(*names) for key in values if key]
    return keys


@dataclass(frozen=True, slots=True)
class Loss:
    """Objects of one kind that a deletion removes; `names` are the first few, if they have any."""

    noun: str
    n: int
    names: tuple[str, ...] = ()


N_NAMES = 10  # names that a warning lists
# The models, of this app and of those above it, that pages name, and the words that pages use.
LOSS_NOUNS = {
    "Project": ("project", "projects"),
    "DeployedModel": ("model", "models"),
    "ModelRun": ("model run", "model runs"),
    "PredictionBatch": ("prediction set", "prediction sets"),
    "RowReview": ("reviewed row", "reviewed rows"),
}


def losses(instance: models.Model) -> list[Loss]:
    """Return what else a user loses when the object is deleted."""
    found = []
    for rows in cascade(instance):
        nouns = LOSS_NOUNS.get(rows.model.__name__)
        if nouns is None or isinstance(instance, rows.model):
            continue
        n = rows.count()
        if n == 0:
            continue
        names: tuple[str, ...] = ()
        if any(field.name == "name" for field in rows.model._meta.concrete_fields):
            names = tuple(rows.order_by("name").values_list("name", flat=True)[:N_NAMES])
        singular, plural = nouns
        found.append(Loss(singular if n == 1 else plural, n, names))
    return found
