"""`/api/v1/datasets`: uploaded files, their columns and their rows."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import File, Form, Router, Status
from ninja.files import UploadedFile
from pydantic import ValidationError

from projects import appends, selectors, services, uploads
from projects.access import (
    dataset_or_404,
    extensible_version_or_404,
    newest_version_or_404,
    ready_version_or_404,
    version_or_404,
)
from projects.api.schemas import (
    AppendFields,
    AppendIn,
    ColumnOut,
    DatasetOut,
    KindsIn,
    NameIn,
    ReadFields,
    ReadIn,
    RowOut,
    UrlIn,
    VersionOut,
)
from projects.models import Dataset, DatasetVersion, Project
from projects.readers.column_profile import ColumnProfile
from studio.accounts.access import account
from studio.api.pages import page, page_of
from studio.api.schemas import Page, Paged, Text
from studio.engine.errors import DataProblem

router = Router(tags=["Datasets"])


@router.get("", response=Page[DatasetOut])
def dataset_list(request: HttpRequest, params: Paged) -> dict[str, Any]:
    """List your datasets, most recently changed first."""
    return page_of(request, params, selectors.newest_versions(account(request)))


@router.post("", response={201: DatasetOut})
def dataset_create(
    request: HttpRequest,
    file: File[UploadedFile],
    name: Annotated[Text, Form("", max_length=200)],
    reading: Form[ReadFields],
) -> Status[DatasetVersion]:
    """Upload a file as a new dataset, named after the file by default. Its run reads the file.

    CSV, TSV, JSON, JSON Lines, XLSX, XLS, XLSB, ODS or Parquet, also compressed with gzip or zip.
    How to read the file is inferred, and reported in `reading`, `notes` and `doubts`; the other
    fields override it.
    """
    options = reading.options()
    dataset = services.dataset_create(
        user=account(request), uploaded_file=file, name=name.strip(), options=options
    )
    return _created(dataset)


@router.post("/sample", response={201: DatasetOut})
def dataset_create_sample(request: HttpRequest) -> Status[DatasetVersion]:
    """Create the sample dataset: support requests, some with wrong labels."""
    return _created(services.dataset_create_sample(account(request)))


@router.post("/fetch", response={201: DatasetOut})
def dataset_fetch(request: HttpRequest, source: UrlIn) -> Status[DatasetVersion]:
    """Create a dataset from the file at an address; its run fetches and reads it."""
    return _created(uploads.dataset_fetch(user=account(request), url=source.url, types={}))


def _created(dataset: Dataset) -> Status[DatasetVersion]:
    return Status(201, dataset.versions.select_related("dataset").latest("number"))


@router.get("/{uuid:dataset_id}", response=DatasetOut)
def dataset_get(request: HttpRequest, dataset_id: UUID) -> DatasetVersion:
    """Return a dataset; `run` reports the progress of reading its file."""
    return newest_version_or_404(request, dataset_id)


@router.delete("/{uuid:dataset_id}", response={204: None})
def dataset_delete(request: HttpRequest, dataset_id: UUID) -> Status[None]:
    """Delete a dataset with its projects, cleansets, decisions, models and predictions."""
    services.delete_with_files(dataset_or_404(request, dataset_id))
    return Status(204, None)


@router.patch("/{uuid:dataset_id}", response=DatasetOut)
def dataset_update(request: HttpRequest, dataset_id: UUID, wanted: NameIn) -> DatasetVersion:
    """Rename a dataset."""
    services.dataset_rename(dataset=dataset_or_404(request, dataset_id), name=wanted.name)
    return newest_version_or_404(request, dataset_id)


@router.get("/{uuid:dataset_id}/versions", response=list[VersionOut])
def dataset_versions(request: HttpRequest, dataset_id: UUID) -> list[DatasetVersion]:
    """List all versions of a dataset, newest first."""
    return list(
        selectors.versions_of(dataset_or_404(request, dataset_id)).select_related("dataset")
    )


@router.delete("/{uuid:dataset_id}/versions/{int:number}", response={204: None})
def dataset_version_remove(request: HttpRequest, dataset_id: UUID, number: int) -> Status[None]:
    """Remove a version that could not be read, or whose reading was cancelled."""
    services.version_remove(version=version_or_404(request, dataset_id, number))
    return Status(204, None)


@router.post("/{uuid:dataset_id}/file", response=DatasetOut)
def dataset_upload_version(
    request: HttpRequest, dataset_id: UUID, file: File[UploadedFile], reading: Form[ReadFields]
) -> DatasetVersion:
    """Upload another file as the newest version of a dataset. Projects keep the version that they
    were created from.
    """
    dataset = dataset_or_404(request, dataset_id)
    options = reading.options()
    return services.dataset_upload_version(
        dataset=dataset, user=account(request), uploaded_file=file, options=options
    )


@router.post("/{uuid:dataset_id}/append", response={201: DatasetOut})
def dataset_append(
    request: HttpRequest, dataset_id: UUID, wanted: AppendIn
) -> Status[DatasetVersion]:
    """Append rows to a dataset, as a new version whose first rows are those of the version before,
    under their ids. Projects get the new rows, scored by their current models, when its run has
    ended; decisions stay with their rows. If the dataset has all rows already, the run fails with a
    sentence that says so, and the dataset stays as it is, without another version.
    """
    base, projects = _extended(request, dataset_id, wanted.project_ids)
    user = account(request)
    choice = wanted.choice()
    if wanted.url and wanted.rows:
        raise DataProblem("Send either the rows or the address of a file, not both.")
    if wanted.url:
        return Status(
            201,
            appends.fetched_append(
                base=base, user=user, url=wanted.url, choice=choice, projects=projects
            ),
        )
    if not wanted.rows:
        raise DataProblem("There are no rows to append. Send rows, or the address of a file.")
    version = appends.cells_append(
        base=base, user=user, rows=wanted.rows, choice=choice, projects=projects
    )
    return Status(201, version)


@router.post("/{uuid:dataset_id}/append/file", response={201: DatasetOut})
def dataset_append_file(
    request: HttpRequest,
    dataset_id: UUID,
    file: File[UploadedFile],
    reading: Form[ReadFields],
    wanted: Annotated[Text, Form("{}", max_length=100_000)],
) -> Status[DatasetVersion]:
    """Append the rows of a file; `wanted` has the other fields of the call above, as JSON."""
    try:
        fields = AppendFields.model_validate_json(wanted)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DataProblem(f"wanted is not valid: {place or 'JSON'}: {first['msg']}.") from error
    base, projects = _extended(request, dataset_id, fields.project_ids)
    version = appends.upload_append(
        base=base,
        user=account(request),
        uploaded_file=file,
        choice=fields.choice(),
        projects=projects,
        options=reading.options(),
    )
    return Status(201, version)


def _extended(
    request: HttpRequest, dataset_id: UUID, project_ids: list[UUID] | None
) -> tuple[DatasetVersion, list[Project]]:
    """Return the version to append to, and the projects that get the rows."""
    if not project_ids:
        base = ready_version_or_404(request, dataset_id)
        return base, selectors.projects_on(base) if project_ids is None else []
    base = extensible_version_or_404(request, dataset_id, str(project_ids[0]))
    by_id = {project.pk: project for project in selectors.projects_on(base)}
    others = [pk for pk in project_ids if pk not in by_id]
    if others:
        raise DataProblem(
            f"Project {others[0]} does not have the same rows as the first one. Append to each on"
            " its own."
        )
    return base, [by_id[pk] for pk in dict.fromkeys(project_ids)]


@router.post("/{uuid:dataset_id}/read", response={201: DatasetOut})
def dataset_read_again(
    request: HttpRequest, dataset_id: UUID, reading: ReadIn
) -> Status[DatasetVersion]:
    """Read the newest file again with other options, as a new version. Projects keep the version
    that they were created from.
    """
    version = newest_version_or_404(request, dataset_id)
    options = reading.options()
    return Status(
        201, services.dataset_read_again(version=version, user=account(request), options=options)
    )


@router.get("/{uuid:dataset_id}/columns", response=list[ColumnOut])
def dataset_columns(request: HttpRequest, dataset_id: UUID) -> list[ColumnProfile]:
    """Return the profile of each column."""
    return selectors.column_profiles(ready_version_or_404(request, dataset_id))


@router.put("/{uuid:dataset_id}/kinds", response=list[ColumnOut])
def dataset_kinds_choose(
    request: HttpRequest, dataset_id: UUID, chosen: KindsIn
) -> list[ColumnProfile]:
    """Choose the kinds of columns; new projects use them."""
    version = ready_version_or_404(request, dataset_id)
    profiles = selectors.column_profiles(version)
    names = {profile.name for profile in profiles}
    unknown = (chosen.kinds.keys() | chosen.conventions.keys()) - names
    if unknown:
        raise DataProblem(
            f"There is no column '{min(unknown)[:100]}' in this dataset. GET its columns for their"
            " names."
        )
    kinds = {profile.name: profile.kind for profile in profiles} | chosen.kinds
    services.column_kinds_choose(version=version, kinds=kinds, conventions=chosen.conventions)
    return selectors.column_profiles(version)


@router.get("/{uuid:dataset_id}/rows", response=Page[RowOut])
def dataset_rows(request: HttpRequest, dataset_id: UUID, params: Paged) -> dict[str, Any]:
    """List the rows as they were uploaded."""
    version = ready_version_or_404(request, dataset_id)
    n_rows = version.n_rows or 0
    row_ids = range(n_rows)[params.offset : params.offset + params.limit]
    rows = [
        {"row_id": row_id, "cells": cells}
        for row_id, cells in selectors.cells_between(version, row_ids)
    ]
    return page(request, params, rows, count=n_rows)
