"""The public client's addresses for predictions. None ends in a slash; the literal comes first."""

from __future__ import annotations

from django.urls import path

import studio.api.converters  # noqa: F401  (it registers anyuuid)
from inference.api import client

_MODEL = "v1/deployment/<anyuuid:model_id>"
_QUERY = "<anyuuid:query_id>"

urlpatterns = [
    path(f"v1/deployment/predict/{_QUERY}", client.batch_status, name="client-batch-status"),
    path(f"{_MODEL}/upload", client.batch_announce, name="client-batch-announce"),
    path(f"{_MODEL}/predict/{_QUERY}", client.batch_predict, name="client-batch-predict"),
    path("v1/deployment/batches/<uuid:query_id>", client.batch_receive, name="client-batch"),
    path("v1/deployment/results/<uuid:query_id>", client.batch_results, name="client-results"),
]
