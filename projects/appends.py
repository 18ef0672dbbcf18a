"""Appending rows to a dataset, from a file that is uploaded, fetched, or written by the studio."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from projects.appending.choice import AppendChoice
from projects.appending.comparison import AppendEffect, ChangedCell, compared
from projects.appending.sentences import file_notes, nothing_to_append
from projects.incoming import name_of_url
from projects.models import AppendedFile, DatasetVersion, Project
from projects.readers import ReadOptions
from projects.readers.facts import FIND_OUT, ROW_ID, ReadLimits
from projects.selectors import column_profiles, newer_rows
from projects.services import Extension, StoredUpload, stored_file, stored_upload, version_extend
from studio import outbound, quotas, runs, storage, tables
from studio.accounts.models import User
from studio.engine.errors import DataProblem

BY_CONTENT = AppendChoice()


def rows_append(  # noqa: PLR0913  (all by name)
    *,
    base: DatasetVersion,
    user: User,
    path: Path,
    filename: str,
    choice: AppendChoice = BY_CONTENT,
    projects: Sequence[Project] = (),
    options: ReadOptions = FIND_OUT,
) -> DatasetVersion:
    """Append the rows of a local file to a dataset version; the new version is the run.

    Parameters
    ----------
    base
        The version to append to; the ids of its rows stay as they are, and with them all
        decisions. For the rows of a project that is `project.version`.
    path, filename
        A file of any format that can be uploaded, which is copied; its name must have the ending
        of its format. Rows that were predicted can be sent back for review by writing their
        uploaded cells, as text, to a Parquet file, with the columns of the dataset.
    choice
        Which columns stand for which, and what becomes of known rows. Rows without labels need
        `blank_columns=(project.label_column,)`.
    projects
        Projects that get the new rows when the version is ready: their current models score them
        at once, and the rows are reviewed in a view of their own. A project whose newest version
        does not have the rows of `base` is left alone.
    options
        How the file is read.

    Raises
    ------
    DataProblem
        While another file of the dataset is being read. What is wrong with the file or the choice
        is said by the run, when it fails.
    """
    _check_ready(base)
    quotas.check_upload(user, path.stat().st_size)
    with tables.scratch() as folder:
        copy = folder / "rows"
        shutil.copyfile(path, copy)
        file = stored_file(copy, filename, options)
    return _extend(user, file, Extension(base, choice, project_ids=_ids(projects)))


def cells_append(
    *,
    base: DatasetVersion,
    user: User,
    rows: Sequence[Mapping[str, object]],
    choice: AppendChoice,
    projects: Sequence[Project],
) -> DatasetVersion:
    """Append rows that a program sends, as `rows_append` does.

    Raises
    ------
    DataProblem
        If the rows lack columns, too.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    most = ReadLimits().max_columns
    if len(names) > most:
        raise DataProblem(
            f"These rows have {len(names):,} different columns; at most {most:,} can be read. Send"
            " the columns of the dataset."
        )
    _check_ready(base)
    in_dataset = pq.read_schema(tables.local_path(base.table_key)).names
    choice.sources([name for name in in_dataset if name != ROW_ID], names)
    columns = {
        name: pa.array([_cell(row.get(name)) for row in rows], pa.string()) for name in names
    }
    with tables.scratch() as folder:
        path = folder / "rows.parquet"
        pq.write_table(pa.table(columns, pa.schema([(name, pa.string()) for name in names])), path)
        return rows_append(
            base=base,
            user=user,
            path=path,
            filename="rows.parquet",
            choice=choice,
            projects=projects,
        )


def _cell(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def upload_append(
    *,
    base: DatasetVersion,
    user: User,
    uploaded_file: UploadedFile[bytes],
    choice: AppendChoice,
    projects: Sequence[Project],
    options: ReadOptions = FIND_OUT,
) -> DatasetVersion:
    """Append the rows of an uploaded file without a preview, as `rows_append` does."""
    _check_ready(base)
    quotas.check_upload(user, uploaded_file.size or 0)
    file = stored_upload(uploaded_file, options)
    return _extend(user, file, Extension(base, choice, project_ids=_ids(projects)))


def fetched_append(
    *,
    base: DatasetVersion,
    user: User,
    url: str,
    choice: AppendChoice,
    projects: Sequence[Project],
) -> DatasetVersion:
    """Append the rows of the file at an address without a preview, as `rows_append` does."""
    _check_ready(base)
    outbound.checked_url(url)
    version_id = uuid.uuid4()
    url = url.strip()
    key = storage.dataset_source(version_id)
    file = StoredUpload(version_id, key, name_of_url(url), 0, source_url=url)
    return _extend(user, file, Extension(base, choice, project_ids=_ids(projects)))


def _extend(user: User, file: StoredUpload, extension: Extension) -> DatasetVersion:
    try:
        return version_extend(user=user, file=file, extension=extension)
    except DataProblem:
        # No version refers to the file, so nothing else would ever delete it.
        if not file.source_url:
            tables.delete([file.key])
        raise


def _ids(projects: Sequence[Project]) -> list[uuid.UUID]:
    return [project.pk for project in projects]


def _check_ready(base: DatasetVersion) -> None:
    if not base.is_succeeded:
        raise DataProblem("The file of this dataset has not been read, so it has no rows yet.")


def appended_file_upload(
    *, base: DatasetVersion, user: User, uploaded_file: UploadedFile[bytes]
) -> AppendedFile:
    """Store a file of new rows and queue its reading; the dataset changes when it is applied."""
    _check_ready(base)
    quotas.check_upload(user, uploaded_file.size or 0)
    file = AppendedFile(
        base=base,
        created_by=user,
        filename=(uploaded_file.name or "upload")[-255:],
        size_bytes=uploaded_file.size or 0,
    )
    file.source_key = storage.appended_file(file.pk, "source")
    tables.publish_upload(uploaded_file, file.source_key)
    with transaction.atomic():
        file.save(force_insert=True)
        runs.enqueue(file)
    return file


def appended_file_follow(file: AppendedFile) -> None:
    """Let a file be compared with the newest rows, if the dataset has grown since it was sent."""
    newest = newer_rows(file.base)
    if newest is not None:
        file.base = newest
        file.save(update_fields=["base"])


@dataclass(frozen=True, slots=True)
class AppendPreview:
    """What appending a file would do: the first cells that would change, and notes on the file."""

    effect: AppendEffect
    changed: list[ChangedCell]
    notes: list[str]


def appended_file_preview(file: AppendedFile, choice: AppendChoice) -> AppendPreview:
    """Return what appending a file would do.

    Raises
    ------
    DataProblem
        If columns are missing, or the key does not tell rows apart.
    """
    old = tables.local_path(file.base.table_key)
    new = tables.local_path(file.table_key)
    with compared(old, new, choice) as comparison:
        effect = comparison.effect
        changed = comparison.changed_cells() if effect.n_changed else []
        unreadable = comparison.unreadable_cells(column_profiles(file.base))
        return AppendPreview(effect, changed, file_notes(comparison, effect, unreadable))


def appended_file_apply(
    *, file: AppendedFile, user: User, choice: AppendChoice, projects: Sequence[Project]
) -> DatasetVersion:
    """Queue the appending of a file that has been read.

    Raises
    ------
    DataProblem
        If it would change nothing, if the dataset has grown since the preview, or as
        `appended_file_preview`.
    """
    if not file.is_succeeded:
        raise DataProblem("This file has not been read. Upload it again.")
    newest = newer_rows(file.base)
    if newest is not None:
        raise DataProblem(
            f"The dataset has grown to version {newest.number} since {file.filename} was compared"
            f" with version {file.base.number}. Nothing was appended: look at the preview again."
        )
    effect = appended_file_preview(file, choice).effect
    if not effect.n_added and not effect.n_updated:
        raise DataProblem(nothing_to_append(effect, file.filename))
    stored = StoredUpload(uuid.uuid4(), file.source_key, file.filename, file.size_bytes)
    extension = Extension(file.base, choice, file.table_key, _ids(projects))
    return version_extend(user=user, file=stored, extension=extension)
