"""The work of an ingest run: from an uploaded file to an exact table and column profiles."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from projects.appending.choice import AppendChoice, AppendRefused
from projects.appending.comparison import compared
from projects.appending.sentences import append_notes, nothing_to_append
from projects.appending.writing import write_grown_table
from projects.column_types import kinds_of_types
from projects.incoming import local_source
from projects.models import AppendedFile, Dataset, DatasetVersion, Upload
from projects.readers import ReadLimits, ReadOptions
from projects.readers.facts import TableFacts
from projects.readers.profile import profile_table
from projects.readers.profile_budget import ProfileBudget
from projects.readers.subprocess_reader import prepare, read_in_subprocess
from projects.selectors import column_profiles
from studio import storage, tables
from studio.engine.errors import DataProblem
from studio.engine.progress import Progress
from studio.engine.table.columns import ColumnKind

STALE_AFTER = timedelta(hours=48)  # twice the lifetime of the addresses of parts
FREE_SPACE_RATIO = 2  # the table and the reader's copy of it are each about as large as the file


def ingest(run: DatasetVersion, progress: Progress) -> Mapping[str, object]:
    """Read the uploaded file, publish its table, and return what was found."""
    if run.base is not None:
        try:
            return _append(run, run.base, progress)
        except AppendRefused:
            _leave_dataset_as_it_is(run)
            raise
    limits = ReadLimits(max_unpacked_bytes=settings.MAX_UNPACKED_BYTES)
    with tables.scratch() as folder, _full_disk_explained():
        source = local_source(run, progress)
        _refuse_full_disk(folder, needed=FREE_SPACE_RATIO * run.size_bytes)
        table = folder / "rows.parquet"
        options = ReadOptions.from_dict(run.asked_options)
        facts = read_in_subprocess(
            source, run.filename, table, progress=progress, limits=limits, options=options
        )
        prepare()
        limit = limits.time_to_profile(run.size_bytes, len(facts.columns))
        profiles = profile_table(table, progress=progress, budget=ProfileBudget(limit=limit))
        kept = {
            p.name: ColumnKind(run.chosen_kinds[p.name])
            for p in profiles
            if p.name in run.chosen_kinds
        }
        kinds = kept | kinds_of_types(run.asked_types, profiles, table)
        table_key = tables.publish(table, storage.dataset_table(run.pk, run.attempt))
    return {
        "table_key": table_key,
        "n_rows": facts.n_rows,
        "columns": [profile.to_dict() for profile in profiles],
        "chosen_kinds": {
            p.name: kinds[p.name].value for p in profiles if kinds.get(p.name, p.kind) is not p.kind
        },
        "text_columns": list(facts.text_columns),
        **_described(facts),
    }


def _described(facts: TableFacts) -> dict[str, Any]:
    """Return the fields of a version that describe its file."""
    return {
        "sha256": facts.sha256,
        "file_format": facts.format.value,
        "encoding": facts.encoding or "",
        "delimiter": facts.delimiter or "",
        "notes": list(facts.notes),
        "used_options": facts.used.to_dict(),
        "doubts": list(facts.doubts.items()),
        "sheets": list(facts.sheets),
    }


def read_appended_file(run: AppendedFile, progress: Progress) -> Mapping[str, object]:
    """Read a file of new rows, so that its effect can be shown before it is appended."""
    limits = ReadLimits(max_unpacked_bytes=settings.MAX_UNPACKED_BYTES)
    with tables.scratch() as folder, _full_disk_explained():
        source = tables.local_path(run.source_key)
        _refuse_full_disk(folder, needed=FREE_SPACE_RATIO * run.size_bytes)
        table = folder / "rows.parquet"
        facts = read_in_subprocess(source, run.filename, table, progress=progress, limits=limits)
        prepare()
        table_key = tables.publish(table, storage.appended_file(run.pk, f"rows-{run.attempt}"))
    return {"table_key": table_key, "n_rows": facts.n_rows, "facts": _described(facts)}


def _append(run: DatasetVersion, base: DatasetVersion, progress: Progress) -> Mapping[str, object]:
    """Write the rows of the base and those of the file as one table, in bounded memory."""
    limits = ReadLimits(max_unpacked_bytes=settings.MAX_UNPACKED_BYTES)
    choice = AppendChoice.from_dict(run.append_choice)
    old = tables.local_path(base.table_key)
    with tables.scratch() as folder, _full_disk_explained():
        _refuse_full_disk(folder, needed=FREE_SPACE_RATIO * old.stat().st_size)
        new, described = _rows_to_append(run, folder, progress)
        table = folder / "grown.parquet"
        with compared(old, new, choice) as comparison:
            effect = comparison.effect
            if not effect.n_added and not effect.n_updated:
                raise AppendRefused(nothing_to_append(effect, run.filename))
            updated = write_grown_table(comparison, table, limits=limits, progress=progress)
            unreadable = comparison.unreadable_cells(column_profiles(base))
            notes = append_notes(comparison, effect, unreadable, base.number, run.filename)
        kinds = {profile.name: profile.kind for profile in column_profiles(base)}
        limit = limits.time_to_profile(old.stat().st_size + run.size_bytes, len(kinds))
        budget = ProfileBudget(settings.CORES, limit)
        profiles = profile_table(table, progress=progress, budget=budget)
        updated_rows = folder / "updated.npy"
        np.save(updated_rows, updated)
        updated_rows_key = storage.dataset_updated_rows(run.pk, run.attempt)
        tables.publish(updated_rows, updated_rows_key)
        n_rows = pq.read_metadata(table).num_rows
        table_key = tables.publish(table, storage.dataset_table(run.pk, run.attempt))
    return {
        **described,
        "sha256": _digest_of(base.sha256, described["sha256"], run.append_choice),
        "table_key": table_key,
        "n_rows": n_rows,
        "columns": [profile.to_dict() for profile in profiles],
        # A few new cells do not make another column of it.
        "chosen_kinds": {
            profile.name: kinds[profile.name].value
            for profile in profiles
            if kinds[profile.name] is not profile.kind
        },
        "chosen_conventions": base.chosen_conventions,
        "text_columns": base.text_columns,
        "notes": [*notes, *described["notes"]],
        "doubts": [],  # they are solved by reading again, which cannot be done with a grown version
        "append_counts": effect.to_dict(),
        "updated_rows_key": updated_rows_key,
    }


@transaction.atomic
def _leave_dataset_as_it_is(run: DatasetVersion) -> None:
    run.is_refused = True
    run.save(update_fields=["is_refused"])
    Dataset.objects.filter(pk=run.dataset_id).update(refused_append=run)


def _rows_to_append(
    run: DatasetVersion, folder: Path, progress: Progress
) -> tuple[Path, dict[str, Any]]:
    """Return the rows of the file as a table, and the description of the file."""
    if run.rows_key:
        file = AppendedFile.objects.get(table_key=run.rows_key)
        return tables.local_path(run.rows_key), file.facts
    limits = ReadLimits(max_unpacked_bytes=settings.MAX_UNPACKED_BYTES)
    source = local_source(run, progress)
    table = folder / "rows.parquet"
    options = ReadOptions.from_dict(run.asked_options)
    facts = read_in_subprocess(
        source, run.filename, table, progress=progress, limits=limits, options=options
    )
    prepare()
    return table, _described(facts)


def _digest_of(base: str, file: str, choice: Mapping[str, Any]) -> str:
    """Return a digest that identifies a grown table by what it was made of."""
    parts = "\n".join([base, file, json.dumps(choice, sort_keys=True)])
    return hashlib.sha256(parts.encode()).hexdigest()


def _refuse_full_disk(folder: Path, *, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DataProblem(
            f"Reading this file takes about {_mb(needed)} of disk space and {_mb(free)} are free."
            " Delete datasets that are no longer needed, or ask whoever runs this studio for more"
            " space."
        )


@contextmanager
def _full_disk_explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DataProblem(
            "The disk of the studio became full while the file was being read. Delete datasets that"
            " are no longer needed, or ask whoever runs this studio for more space."
        ) from error


def _mb(n_bytes: int) -> str:
    return f"{n_bytes / 1024**2:,.0f} MB"


def forget_stale_uploads() -> None:
    """Delete the parts of files that nobody finished sending."""
    for upload in Upload.objects.filter(version=None, created_at__lt=timezone.now() - STALE_AFTER):
        keys = list(upload.parts.values_list("part_key", flat=True))
        upload.delete()
        tables.delete(keys)
