"""URLs of the app."""

from __future__ import annotations

from django.urls import URLPattern, path

from studio.model_runs import views

urlpatterns: list[URLPattern] = [
    path("projects/<uuid:project_id>/runs", views.evaluations, name="evaluations"),
    path(
        "projects/<uuid:project_id>/runs/import", views.evaluation_import, name="evaluation-import"
    ),
    path("runs/<uuid:run_id>", views.evaluation, name="evaluation"),
    path("runs/<uuid:run_id>/progress", views.evaluation_run, name="evaluation-run"),
    path("runs/<uuid:run_id>/cancel", views.evaluation_cancel, name="evaluation-cancel"),
    path("runs/<uuid:run_id>/describe", views.evaluation_describe, name="evaluation-describe"),
    path("runs/<uuid:run_id>/again", views.evaluation_again, name="evaluation-again"),
    path("runs/<uuid:run_id>/delete", views.evaluation_delete, name="evaluation-delete"),
    path("runs/<uuid:run_id>/threshold", views.evaluation_threshold, name="evaluation-threshold"),
    path("runs/<uuid:run_id>/compare", views.evaluation_compare, name="evaluation-compare"),
    path("runs/<uuid:run_id>/predictions", views.evaluation_rows, name="evaluation-rows"),
]
