"""All addresses below /api: the public client's, `/api/v1` and its documentation.

None ends in a slash.
"""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path

from cleansets.api.v1 import router as cleansets_router
from cleansets.api.v1_analytics import router as analytics_router
from cleansets.api.v1_projects import router as projects_router
from inference.api.v1 import router as predictions_router
from models_app.api.v1 import router as models_router
from projects.api.v1 import router as datasets_router
from studio.api.docs import DocsPage
from studio.api.ninja_api import StudioAPI
from studio.api.v1 import account_router, runs_router
from studio.model_runs.api.configurations import router as configurations_router
from studio.model_runs.api.models import router as model_files_router
from studio.model_runs.api.projections import router as projections_router
from studio.model_runs.api.rows import router as evaluation_rows_router
from studio.model_runs.api.v1 import router as evaluations_router
from studio.webhooks.api.v1 import router as webhooks_router

api = StudioAPI(
    title="Cleanset Studio",
    version="1",
    description=(
        "Everything that the pages of the studio do, for programs. Send an API key as a bearer"
        " token."
    ),
    urls_namespace="api-v1",
    docs=DocsPage(),
)
api.add_router("/v1/account", account_router)
api.add_router("/v1/datasets", datasets_router)
api.add_router("/v1/projects", projects_router)
api.add_router("/v1/cleansets", cleansets_router)
api.add_router("/v1/cleansets", analytics_router)
api.add_router("/v1", models_router)
api.add_router("/v1", model_files_router)
api.add_router("/v1", evaluations_router)
api.add_router("/v1", evaluation_rows_router)
api.add_router("/v1", projections_router)
api.add_router("/v1", configurations_router)
api.add_router("/v1", predictions_router)
api.add_router("/v1/runs", runs_router)
api.add_router("/v1/webhooks", webhooks_router)


def _without_log_in(patterns: list[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    """Exempt calls from the log-in of browsers, as the guard asks for a key; drop the root."""
    calls = [
        pattern
        for pattern in patterns
        if isinstance(pattern, URLPattern) and pattern.name != "api-root"
    ]
    for pattern in calls:
        pattern.callback = login_not_required(pattern.callback)
    return list(calls)


_patterns, _app_name, _namespace = api.urls
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("studio.api.client_urls")),
    path("", include("projects.api.client_urls")),
    path("", include("cleansets.api.client_urls")),
    path("", include("models_app.api.client_urls")),
    path("", include("inference.api.client_urls")),
    path("", include((_without_log_in(_patterns), _app_name), namespace=_namespace)),
]
