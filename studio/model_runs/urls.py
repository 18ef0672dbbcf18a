"""URLs of the app."""

from __future__ import annotations

from django.urls import URLPattern, path

from studio.model_runs.views import configurations, gallery, models, projections, runs

urlpatterns: list[URLPattern] = [
    path("projects/<uuid:project_id>/runs", runs.evaluations, name="evaluations"),
    path(
        "projects/<uuid:project_id>/runs/import", runs.evaluation_import, name="evaluation-import"
    ),
    path("projects/<uuid:project_id>/runs/new", configurations.analysis_new, name="analysis-new"),
    path(
        "projects/<uuid:project_id>/configurations",
        configurations.configuration_import,
        name="configuration-import",
    ),
    path(
        "configurations/<uuid:configuration_id>/export",
        configurations.configuration_export,
        name="configuration-export",
    ),
    path(
        "configurations/<uuid:configuration_id>/delete",
        configurations.configuration_delete,
        name="configuration-delete",
    ),
    path(
        "runs/<uuid:run_id>/configuration",
        configurations.evaluation_configuration,
        name="evaluation-configuration",
    ),
    path("models/<uuid:model_id>/card", models.card, name="model-card"),
    path("models/<uuid:model_id>/use", models.intended_use, name="model-intended-use"),
    path("models/<uuid:model_id>/onnx", models.onnx, name="model-onnx"),
    path("models/<uuid:model_id>/download", models.download, name="model-download"),
    path("runs/<uuid:run_id>", runs.evaluation, name="evaluation"),
    path("runs/<uuid:run_id>/progress", runs.evaluation_run, name="evaluation-run"),
    path("runs/<uuid:run_id>/cancel", runs.evaluation_cancel, name="evaluation-cancel"),
    path("runs/<uuid:run_id>/describe", runs.evaluation_describe, name="evaluation-describe"),
    path("runs/<uuid:run_id>/again", runs.evaluation_again, name="evaluation-again"),
    path("runs/<uuid:run_id>/issues", runs.evaluation_issues, name="evaluation-issues"),
    path("runs/<uuid:run_id>/delete", runs.evaluation_delete, name="evaluation-delete"),
    path("runs/<uuid:run_id>/threshold", runs.evaluation_threshold, name="evaluation-threshold"),
    path("runs/<uuid:run_id>/compare", runs.evaluation_compare, name="evaluation-compare"),
    path("runs/<uuid:run_id>/predictions", runs.evaluation_rows, name="evaluation-rows"),
    path("runs/<uuid:run_id>/map", projections.evaluation_map, name="evaluation-map"),
    path("runs/<uuid:run_id>/map/draw", projections.projection_start, name="projection-start"),
    path(
        "projections/<uuid:projection_id>/progress",
        projections.projection_run,
        name="projection-run",
    ),
    path(
        "projections/<uuid:projection_id>/cancel",
        projections.projection_cancel,
        name="projection-cancel",
    ),
    path(
        "projections/<uuid:projection_id>/points",
        projections.projection_points,
        name="projection-points",
    ),
    path(
        "projections/<uuid:projection_id>/colours",
        projections.projection_colours,
        name="projection-colours",
    ),
    path(
        "projections/<uuid:projection_id>/rows/<int:row_id>",
        projections.projection_row,
        name="projection-row",
    ),
    path("runs/<uuid:run_id>/gallery", gallery.evaluation_gallery, name="evaluation-gallery"),
    path("runs/<uuid:run_id>/gallery/slices", gallery.gallery_slices, name="evaluation-slices"),
    path(
        "runs/<uuid:run_id>/gallery/save",
        gallery.gallery_slice_save,
        name="evaluation-slice-save",
    ),
]
