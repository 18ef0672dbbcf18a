"""Every address of the studio; each app owns its own."""

from __future__ import annotations

from django.urls import include, path

from studio import people
from studio.dashboard import dashboard
from studio.health import healthz

handler400 = "studio.middleware.bad_request"
handler404 = "studio.middleware.not_found"
handler500 = "studio.middleware.server_error"

urlpatterns = [
    path("", dashboard, name="dashboard"),
    path("healthz", healthz, name="healthz"),
    path("people", people.people, name="people"),
    path("people/second-factor", people.second_factor_require, name="second-factor-require"),
    path("people/<int:user_id>/deactivate", people.person_deactivate, name="person-deactivate"),
    path("people/<int:user_id>/activate", people.person_activate, name="person-activate"),
    path("people/<int:user_id>/remove", people.person_remove, name="person-remove"),
    path("api/", include("studio.api_urls")),
    path("", include("studio.accounts.urls")),
    path("", include("projects.urls")),
    path("", include("cleansets.urls")),
    path("", include("models_app.urls")),
    path("", include("studio.model_runs.urls")),
    path("", include("inference.urls")),
]
