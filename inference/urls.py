"""Addresses of the app."""

from __future__ import annotations

from django.urls import URLPattern, path

from inference import views

urlpatterns: list[URLPattern] = [
    path("models/<uuid:model_id>/predict", views.prediction_upload, name="prediction-upload"),
    path("models/<uuid:model_id>/predict-row", views.row_predict, name="prediction-row"),
    path("predictions/<uuid:batch_id>", views.prediction, name="prediction"),
    path("predictions/<uuid:batch_id>/run", views.prediction_run, name="prediction-run"),
    path("predictions/<uuid:batch_id>/cancel", views.prediction_cancel, name="prediction-cancel"),
    path("predictions/<uuid:batch_id>/retry", views.prediction_retry, name="prediction-retry"),
    path("predictions/<uuid:batch_id>/export", views.prediction_export, name="prediction-export"),
    path("predictions/<uuid:batch_id>/report", views.prediction_report, name="prediction-report"),
    path(
        "predictions/<uuid:batch_id>/uncertain",
        views.prediction_uncertain,
        name="prediction-uncertain",
    ),
    path(
        "predictions/<uuid:batch_id>/review",
        views.prediction_review,
        name="prediction-review",
    ),
    path("predictions/<uuid:batch_id>/delete", views.prediction_delete, name="prediction-delete"),
]
