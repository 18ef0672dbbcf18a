"""URLs of projects and their cleansets."""

from __future__ import annotations

from django.urls import path

from cleansets.views import (
    action_runs,
    analysis,
    analytics,
    auto_labels,
    classes,
    corrections,
    decisions,
    exports,
    history,
    layout,
    older_version,
    projects,
    review,
    saved_views,
    selection,
    versions,
    why,
)

urlpatterns = [
    path("projects/create", projects.project_create, name="project-create"),
    path("projects/<uuid:project_id>", projects.project_detail, name="project"),
    path("projects/<uuid:project_id>/settings", projects.project_settings, name="project-settings"),
    path("projects/<uuid:project_id>/delete", projects.project_delete, name="project-delete"),
    path("projects/<uuid:project_id>/versions", versions.project_versions, name="project-versions"),
    path(
        "projects/<uuid:project_id>/versions/compare",
        versions.versions_compare,
        name="versions-compare",
    ),
    path("projects/<uuid:project_id>/grow", versions.project_grow, name="project-grow"),
    path(
        "cleansets/<uuid:cleanset_id>/describe", versions.version_describe, name="version-describe"
    ),
    path(
        "cleansets/<uuid:cleanset_id>/auto-label",
        auto_labels.auto_labels,
        name="cleanset-auto-labels",
    ),
    path(
        "cleansets/<uuid:cleanset_id>/auto-label/apply",
        auto_labels.auto_label,
        name="cleanset-auto-label-apply",
    ),
    path("cleansets/<uuid:cleanset_id>/restore", versions.version_restore, name="version-restore"),
    path("cleansets/<uuid:cleanset_id>", review.cleanset_review, name="cleanset"),
    path(
        "cleansets/<uuid:cleanset_id>/details", analysis.cleanset_details, name="cleanset-details"
    ),
    path(
        "cleansets/<uuid:cleanset_id>/analytics",
        analytics.cleanset_analytics,
        name="cleanset-analytics",
    ),
    path("cleansets/<uuid:cleanset_id>/advice", analytics.cleanset_advice, name="cleanset-advice"),
    path("cleansets/<uuid:cleanset_id>/run", review.cleanset_run, name="cleanset-run"),
    path("cleansets/<uuid:cleanset_id>/cancel", review.cleanset_cancel, name="cleanset-cancel"),
    path("cleansets/<uuid:cleanset_id>/rerun", review.cleanset_rerun, name="cleanset-rerun"),
    path("cleansets/<uuid:cleanset_id>/improve", review.cleanset_improve, name="cleanset-improve"),
    path(
        "cleansets/<uuid:cleanset_id>/manifest", exports.cleanset_manifest, name="cleanset-manifest"
    ),
    path(
        "cleansets/<uuid:cleanset_id>/rows/<int:row_id>/decide",
        decisions.row_decide,
        name="cleanset-decide",
    ),
    path(
        "cleansets/<uuid:cleanset_id>/rows/<int:row_id>/why", why.row_why, name="cleanset-row-why"
    ),
    path(
        "cleansets/<uuid:cleanset_id>/rows/<int:row_id>/why-line",
        why.row_why_line,
        name="cleanset-row-why-line",
    ),
    path(
        "cleansets/<uuid:cleanset_id>/decide-here",
        older_version.older_version_decide,
        name="cleanset-decide-here",
    ),
    path(
        "cleansets/<uuid:cleanset_id>/views",
        saved_views.saved_views_count,
        name="cleanset-saved-views",
    ),
    path(
        "cleansets/<uuid:cleanset_id>/views/save",
        saved_views.saved_view_save,
        name="cleanset-view-save",
    ),
    path("views/<uuid:view_id>/delete", saved_views.saved_view_delete, name="cleanset-view-delete"),
    path("cleansets/<uuid:cleanset_id>/layout", layout.layout_save, name="cleanset-layout"),
    path(
        "cleansets/<uuid:cleanset_id>/selection/decide",
        selection.selection_decide,
        name="cleanset-selection-decide",
    ),
    path(
        "cleansets/<uuid:cleanset_id>/rows/<int:row_id>/history",
        history.row_history,
        name="cleanset-row-history",
    ),
    path(
        "cleansets/<uuid:cleanset_id>/history",
        history.cleanset_history,
        name="cleanset-history",
    ),
    path(
        "cleansets/<uuid:cleanset_id>/history.csv",
        history.history_export,
        name="cleanset-history-export",
    ),
    path(
        "cleansets/<uuid:cleanset_id>/history/<uuid:action_id>/revert",
        history.action_revert,
        name="cleanset-action-revert",
    ),
    path(
        "cleansets/<uuid:cleanset_id>/corrections",
        corrections.corrections_upload,
        name="cleanset-corrections-upload",
    ),
    path("cleansets/<uuid:cleanset_id>/classes", classes.class_list, name="cleanset-classes"),
    path(
        "cleansets/<uuid:cleanset_id>/classes/change",
        classes.class_change,
        name="cleanset-class-change",
    ),
    path("corrections/<uuid:file_id>", corrections.corrections, name="cleanset-corrections"),
    path(
        "corrections/<uuid:file_id>/run",
        corrections.corrections_run,
        name="cleanset-corrections-run",
    ),
    path(
        "corrections/<uuid:file_id>/cancel",
        corrections.corrections_cancel,
        name="cleanset-corrections-cancel",
    ),
    path(
        "corrections/<uuid:file_id>/apply",
        corrections.corrections_apply,
        name="cleanset-corrections-apply",
    ),
    path("actions/<uuid:run_id>", action_runs.action_run, name="cleanset-action-run"),
    path(
        "actions/<uuid:run_id>/progress",
        action_runs.action_run_progress,
        name="cleanset-action-progress",
    ),
    path(
        "actions/<uuid:run_id>/cancel",
        action_runs.action_run_cancel,
        name="cleanset-action-cancel",
    ),
    path("cleansets/<uuid:cleanset_id>/redo", decisions.last_undo_redo, name="cleanset-redo"),
    path("cleansets/<uuid:cleanset_id>/undo", decisions.last_action_undo, name="cleanset-undo"),
    path("cleansets/<uuid:cleanset_id>/top-k", decisions.top_k_preview, name="cleanset-top-k"),
    path(
        "cleansets/<uuid:cleanset_id>/top-k/apply",
        decisions.top_k_apply,
        name="cleanset-top-k-apply",
    ),
    path("cleansets/<uuid:cleanset_id>/export", exports.cleanset_export, name="cleanset-export"),
]
