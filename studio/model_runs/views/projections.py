"""The map of a run, its points, and the row behind each."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from cleansets.explanations import nearest_rows
from cleansets.row_address import ALL_ROWS, RowQuery
from studio import runs
from studio.accounts.access import account
from studio.engine.errors import DataProblem
from studio.htmx import is_partial
from studio.model_runs import services
from studio.model_runs.access import (
    measured_run_or_404,
    projection_or_404,
    ready_projection_or_404,
)
from studio.model_runs.models import Projection
from studio.model_runs.pages.evaluation import crumbs
from studio.model_runs.pages.gallery import GalleryPage, run_tabs
from studio.model_runs.pages.projection import METHODS, MapPage, newest_projection, shown_method
from studio.model_runs.plane_file import stored_plane
from studio.model_runs.run_row_sets import N_NEAREST, among
from studio.model_runs.views.runs import project_tabs

N_NEAR_SHOWN = 5
BYTES = "application/octet-stream"


@require_GET
def evaluation_map(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Show the rows of a run in two dimensions, or how far drawing them is."""
    run = measured_run_or_404(request, run_id)
    method = shown_method(run, request.GET)
    projection = newest_projection(run, method)
    context: dict[str, object] = {
        "project_run": run,
        "project": run.project,
        "crumbs": [*crumbs(run), (run.name, run.get_absolute_url())],
        "tabs": project_tabs(run.project),
        "run_tabs": run_tabs(run, "Map"),
        "method": method,
        "methods": [
            (value, Projection.Method(value).label, meaning) for value, meaning in METHODS.items()
        ],
    }
    if projection is not None and projection.is_succeeded:
        context |= MapPage(projection, request.GET.get("by", "")).context()
    elif projection is not None:
        context |= {"projection": projection} | _progress_context(projection)
    return render(request, "model_runs/run_map.html", context)


@require_POST
def projection_start(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Draw the map of a run."""
    run = measured_run_or_404(request, run_id)
    method = request.POST.get("method", "")
    if method not in Projection.Method.values:
        raise DataProblem("Choose UMAP or PCA to draw the map.")
    return redirect(services.projection_start(run=run, user=account(request), method=method))


@require_GET
def projection_run(request: HttpRequest, projection_id: uuid.UUID) -> HttpResponse:
    """Render the progress of a map; once it has ended, the page reloads."""
    projection = projection_or_404(request, projection_id)
    if not is_partial(request):
        return redirect(projection)
    response = render(request, "components/run.html", _progress_context(projection))
    if not projection.is_active:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def projection_cancel(request: HttpRequest, projection_id: uuid.UUID) -> HttpResponse:
    """Cancel a map that is being drawn."""
    projection = projection_or_404(request, projection_id)
    if not runs.cancel(projection):
        messages.info(request, "The map had already been drawn.")
    return redirect(projection)


@require_GET
def projection_points(request: HttpRequest, projection_id: uuid.UUID) -> HttpResponse:
    """Return the positions of the points as Float32, then their rows as Uint32."""
    projection = ready_projection_or_404(request, projection_id)
    response = HttpResponse(stored_plane(projection.plane_key).to_bytes(), content_type=BYTES)
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


@require_GET
def projection_colours(request: HttpRequest, projection_id: uuid.UUID) -> HttpResponse:
    """Return the colour of each point as Uint8."""
    projection = ready_projection_or_404(request, projection_id)
    page = MapPage(projection, request.GET.get("by", ""))
    return HttpResponse(page.colouring.codes.tobytes(), content_type=BYTES)


@require_GET
def projection_row(request: HttpRequest, projection_id: uuid.UUID, row_id: int) -> HttpResponse:
    """Render the card of a row on the map, with the rows nearest to it."""
    projection = ready_projection_or_404(request, projection_id)
    run = projection.model_run
    assert run.cleanset is not None
    near_query = RowQuery(issue=ALL_ROWS, among=among(run, "near", row_id)).params()
    if row_id not in stored_plane(projection.plane_key).row_id:
        raise Http404("This row is not on the map.")
    near = []
    if "near" in request.GET:
        near = nearest_rows(run.cleanset, row_id, N_NEAREST)
    page = GalleryPage(run, QueryDict("probabilities=hidden"))
    context = {
        "run": run,
        "card": page.cards([row_id])[0],
        "near": page.cards(page.evaluated(near)[:N_NEAR_SHOWN]),
        "near_rows": ",".join(map(str, near)),
        "near_url": f"{reverse('evaluation-gallery', args=[run.pk])}?{near_query}",
    }
    return render(request, "model_runs/_map_row.html", context)


def _progress_context(projection: Projection) -> dict[str, object]:
    return {
        "run": projection,
        "run_id": "projection_run",
        "run_title": f"Drawing the map by {projection.get_method_display()}",
        "run_url": reverse("projection-run", args=[projection.pk]),
        "cancel_url": reverse("projection-cancel", args=[projection.pk]),
    }
