"""URLs of the public client for projects and cleansets. None ends in a slash."""

from __future__ import annotations

from django.urls import path

import studio.api.converters  # noqa: F401  (it registers anyuuid)
from cleansets.api import client_cleansets as cleansets
from cleansets.api import client_projects as projects

_CLEANSET = "<anyuuid:cleanset_id>"
_PROJECT = "<anyuuid:project_id>"

urlpatterns = [
    path("projects/clean", projects.project_clean, name="client-project-clean"),
    path(f"projects/{_PROJECT}", projects.project_delete, name="client-project-delete"),
    path(
        f"cleansets/project/{_PROJECT}/latest_cleanset_id",
        projects.latest_cleanset_id,
        name="client-latest-cleanset",
    ),
    path(
        f"cli/v0/projects/{_PROJECT}/label_column",
        projects.label_column,
        name="client-label-column",
    ),
    path(
        f"cli/v0/projects/{_PROJECT}/dataset",
        projects.project_dataset,
        name="client-project-dataset",
    ),
    path(f"cleansets/{_CLEANSET}/status", cleansets.cleanset_status, name="client-cleanset-status"),
    path(
        f"cli/v0/cleansets/{_CLEANSET}/columns", cleansets.cleanset_columns, name="client-columns"
    ),
    path(
        f"cli/v0/cleansets/{_CLEANSET}/id_column",
        cleansets.cleanset_id_column,
        name="client-id-column",
    ),
    path(
        f"cli/v0/cleansets/{_CLEANSET}/project",
        cleansets.cleanset_project,
        name="client-cleanset-project",
    ),
    path(
        f"cli/v0/cleansets/{_CLEANSET}/pred_probs", cleansets.pred_probs, name="client-pred-probs"
    ),
    path(
        f"cli/v0/cleansets/{_CLEANSET}/embeddings", cleansets.embeddings, name="client-embeddings"
    ),
]
