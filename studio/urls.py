"""Every address of the studio; each app owns its own."""

from __future__ import annotations

from django.urls import include, path

from studio.dashboard import dashboard
from studio.health import healthz

handler400 = "studio.middleware.bad_request"
handler500 = "studio.middleware.server_error"

urlpatterns = [
    path("", dashboard, name="dashboard"),
    path("healthz", healthz, name="healthz"),
    path("api/", include("studio.api_urls")),
    path("", include("studio.accounts.urls")),
    path("", include("projects.urls")),
    path("", include("cleansets.urls")),
    path("", include("models_app.urls")),
    path("", include("inference.urls")),
]
