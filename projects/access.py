"""Which datasets and projects a request may touch. Another account's do not exist for it."""

from __future__ import annotations

import uuid

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from projects.models import Dataset, Project


def dataset_or_404(request: HttpRequest, dataset_id: uuid.UUID) -> Dataset:
    """Return the dataset, or end in 404."""
    return get_object_or_404(Dataset.objects.filter(owner=request.user), pk=dataset_id)


def project_or_404(request: HttpRequest, project_id: uuid.UUID) -> Project:
    """Return the project with its dataset version, or end in 404."""
    mine = Project.objects.filter(owner=request.user)
    return get_object_or_404(mine.select_related("version__dataset"), pk=project_id)
