"""Which datasets and projects a request may touch. Another account's do not exist for it."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from projects.models import Dataset, DatasetVersion, Project
from studio.accounts.access import account


def dataset_or_404(request: HttpRequest, dataset_id: uuid.UUID) -> Dataset:
    """Return the dataset, or end in 404."""
    return get_object_or_404(Dataset.objects.filter(owner=account(request)), pk=dataset_id)


def newest_version_or_404(request: HttpRequest, dataset_id: uuid.UUID) -> DatasetVersion:
    """Return the newest version of the dataset, or end in 404."""
    mine = DatasetVersion.objects.filter(dataset__owner=account(request), dataset=dataset_id)
    version = mine.select_related("dataset", "created_by").order_by("-number").first()
    if version is None:
        raise Http404("There is no such dataset.")
    return version


def ready_version_or_404(request: HttpRequest, dataset_id: uuid.UUID) -> DatasetVersion:
    """Return the newest version of the dataset if its table is there, or end in 404."""
    version = newest_version_or_404(request, dataset_id)
    if not version.is_succeeded:
        raise Http404("The file has not been read.")
    return version


def project_or_404(request: HttpRequest, project_id: uuid.UUID) -> Project:
    """Return the project with its dataset version, or end in 404."""
    mine = Project.objects.filter(owner=account(request))
    return get_object_or_404(mine.select_related("version__dataset"), pk=project_id)
