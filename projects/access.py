"""Looks up datasets and projects for a request; those of other accounts end in 404."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from projects.models import AppendedFile, Dataset, DatasetVersion, Project
from studio.accounts.access import account
from studio.runs import Status
from studio.unready import refuse_unready


def dataset_or_404(request: HttpRequest, dataset_id: uuid.UUID) -> Dataset:
    """Return the dataset, or end in 404."""
    return get_object_or_404(Dataset.objects.filter(owner=account(request)), pk=dataset_id)


def newest_version_or_404(request: HttpRequest, dataset_id: uuid.UUID) -> DatasetVersion:
    """Return the newest version of the dataset, or end in 404."""
    mine = DatasetVersion.objects.filter(dataset__owner=account(request), dataset=dataset_id)
    found = mine.select_related("dataset__refused_append", "created_by")
    version = found.order_by("-number").first()
    if version is None:
        raise Http404("There is no such dataset.")
    return version


def shown_version_or_404(request: HttpRequest, dataset_id: uuid.UUID) -> DatasetVersion:
    """Return the version that pages show for the dataset, or end in 404.

    That is the newest, unless it failed and an earlier one succeeded.
    """
    return shown_version(newest_version_or_404(request, dataset_id))


def shown_version(newest: DatasetVersion) -> DatasetVersion:
    """Return the version that pages show for a dataset, given its newest one."""
    if newest.is_active or newest.is_succeeded:
        return newest
    return _newest_ready(newest) or newest


def ready_version_or_404(request: HttpRequest, dataset_id: uuid.UUID) -> DatasetVersion:
    """Return the newest version of the dataset that has been read, or end in 404."""
    newest = newest_version_or_404(request, dataset_id)
    ready = _newest_ready(newest) or newest
    refuse_unready(ready, "The dataset")
    return ready


def _newest_ready(newest: DatasetVersion) -> DatasetVersion | None:
    if newest.is_succeeded:
        return newest
    ready = DatasetVersion.objects.filter(dataset=newest.dataset_id, status=Status.SUCCEEDED)
    return ready.select_related("dataset", "created_by").order_by("-number").first()


def version_or_404(request: HttpRequest, dataset_id: uuid.UUID, number: int) -> DatasetVersion:
    """Return a version of the dataset by its number, or end in 404."""
    dataset = dataset_or_404(request, dataset_id)
    return get_object_or_404(DatasetVersion.objects.filter(dataset=dataset), number=number)


def project_or_404(request: HttpRequest, project_id: uuid.UUID) -> Project:
    """Return the project with its dataset version, or end in 404."""
    mine = Project.objects.filter(owner=account(request))
    return get_object_or_404(mine.select_related("version__dataset"), pk=project_id)


def extensible_version_or_404(
    request: HttpRequest, dataset_id: uuid.UUID, project_id: str = ""
) -> DatasetVersion:
    """Return the version that rows are appended to: that of the project if one is named, else the
    newest one that has been read.
    """
    if not project_id:
        return ready_version_or_404(request, dataset_id)
    try:
        project = project_or_404(request, uuid.UUID(project_id))
    except ValueError as error:
        raise Http404("There is no such project.") from error
    if project.version.dataset_id != dataset_id:
        raise Http404("The project is of another dataset.")
    return project.version


def appended_file_or_404(request: HttpRequest, file_id: uuid.UUID) -> AppendedFile:
    """Return a file of new rows, or raise Http404."""
    mine = AppendedFile.objects.filter(base__dataset__owner=account(request))
    return get_object_or_404(mine.select_related("base__dataset", "created_by"), pk=file_id)
