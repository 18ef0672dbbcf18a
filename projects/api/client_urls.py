"""Addresses of the public client that are about datasets. None ends in a slash; literal ones come
first.
"""

from __future__ import annotations

from django.urls import path

import studio.api.converters  # noqa: F401  (it registers anyuuid)
from projects.api import client_datasets as datasets
from projects.api import client_uploads as uploads

urlpatterns = [
    path("upload/v1/file/initialize", uploads.upload_initialize, name="client-upload-initialize"),
    path(
        "upload/v1/file/<uuid:upload_id>/parts/<int:number>",
        uploads.upload_part,
        name="client-upload-part",
    ),
    path("upload/v1/file/complete", uploads.upload_complete, name="client-upload-complete"),
    path("upload/v1/confirm", uploads.upload_confirm, name="client-upload-confirm"),
    path("upload/v1/url/initialize", uploads.url_initialize, name="client-url-initialize"),
    path("upload/v1/total_progress", uploads.total_progress, name="client-upload-progress"),
    path("upload/v1/dataset_id", uploads.dataset_id, name="client-upload-dataset"),
    path("upload/v1/schema", uploads.schema_update, name="client-schema-update"),
    path("datasets/dataset_id_for_name", datasets.dataset_id_for_name, name="client-dataset-named"),
    path(
        "datasets/diversity/<anyuuid:dataset_id>/<path:column>",
        datasets.column_diversity,
        name="client-diversity",
    ),
    path(
        "datasets/check_valid_multilabel/<anyuuid:dataset_id>/<path:column>",
        datasets.multilabel_validity,
        name="client-multilabel",
    ),
    path("datasets/<anyuuid:dataset_id>", datasets.dataset_delete, name="client-dataset-delete"),
    path(
        "projects/dataset_details/<anyuuid:dataset_id>",
        datasets.dataset_details,
        name="client-dataset-details",
    ),
    path(
        "cli/v0/datasets/<anyuuid:dataset_id>/schema",
        datasets.dataset_schema,
        name="client-dataset-schema",
    ),
    path(
        "cli/v0/datasets/<anyuuid:dataset_id>/complete",
        datasets.dataset_complete,
        name="client-dataset-complete",
    ),
]
