"""The public client's addresses that belong to no app. None ends in a slash."""

from __future__ import annotations

from django.urls import path

from studio.api import client_start as start

urlpatterns = [
    path("cli/v0/check_client_version", start.check_client_version, name="client-version"),
    path("cli/v0/validate", start.validate, name="client-validate"),
    path("cli/v0/telemetry", start.telemetry, name="client-telemetry"),
    path("cli/v0/check_dataset_limit", start.check_dataset_limit, name="client-dataset-limit"),
    path(
        "upload/v1/bigquery/<path:rest>", start.absent, {"what": "bigquery"}, name="client-bigquery"
    ),
    path(
        "enrichment/v0/<path:rest>", start.absent, {"what": "enrichment"}, name="client-enrichment"
    ),
    path(
        "v0/trustworthy_llm/<path:rest>",
        start.absent,
        {"what": "trustworthy_llm"},
        name="client-tlm",
    ),
    path("cli/v0/media_upload/<path:rest>", start.absent, {"what": "media"}, name="client-media"),
]
