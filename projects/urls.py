"""Addresses of datasets. Those of projects are in cleansets: a project is made together with its
first cleanset.
"""

from __future__ import annotations

from django.urls import path

from projects.views import appending, datasets

urlpatterns = [
    path("datasets/upload", datasets.dataset_upload, name="dataset-upload"),
    path("datasets/sample", datasets.dataset_sample, name="dataset-sample"),
    path("datasets/<uuid:dataset_id>", datasets.dataset, name="dataset"),
    path(
        "datasets/<uuid:dataset_id>/upload",
        datasets.dataset_upload_version,
        name="dataset-upload-version",
    ),
    path("datasets/<uuid:dataset_id>/append", appending.dataset_append, name="dataset-append"),
    path("appended/<uuid:file_id>", appending.appended_file, name="dataset-append-file"),
    path("appended/<uuid:file_id>/run", appending.appended_file_run, name="dataset-append-run"),
    path(
        "appended/<uuid:file_id>/cancel",
        appending.appended_file_cancel,
        name="dataset-append-cancel",
    ),
    path(
        "appended/<uuid:file_id>/apply",
        appending.appended_file_apply,
        name="dataset-append-apply",
    ),
    path(
        "datasets/<uuid:dataset_id>/versions/<int:number>/remove",
        datasets.dataset_version_remove,
        name="dataset-version-remove",
    ),
    path("datasets/<uuid:dataset_id>/read", datasets.dataset_read_again, name="dataset-read"),
    path("datasets/<uuid:dataset_id>/rename", datasets.dataset_rename, name="dataset-rename"),
    path("datasets/<uuid:dataset_id>/kinds", datasets.dataset_kinds, name="dataset-kinds"),
    path("datasets/<uuid:dataset_id>/run", datasets.dataset_run, name="dataset-run"),
    path("datasets/<uuid:dataset_id>/cancel", datasets.dataset_cancel, name="dataset-cancel"),
    path("datasets/<uuid:dataset_id>/delete", datasets.dataset_delete, name="dataset-delete"),
]
