"""The gallery of a run, and the slices that are saved of it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from cleansets import layouts
from cleansets.forms import SavedViewForm
from studio.engine.errors import DataProblem
from studio.model_runs.access import measured_run_or_404
from studio.model_runs.pages.evaluation import crumbs
from studio.model_runs.pages.gallery import (
    GalleryPage,
    display_text,
    gallery_query,
    review_query,
    run_tabs,
)
from studio.model_runs.views.runs import project_tabs


@require_GET
def evaluation_gallery(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Show the rows of a run as cards."""
    run = measured_run_or_404(request, run_id)
    context: dict[str, object] = {
        "run": run,
        "project": run.project,
        "crumbs": [*crumbs(run), (run.name, run.get_absolute_url())],
        "tabs": project_tabs(run.project),
        "run_tabs": run_tabs(run, "Gallery"),
    }
    context |= GalleryPage(run, request.GET).context()
    return render(request, "model_runs/run_gallery.html", context)


@require_GET
def gallery_slices(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Render the saved views with their current number of rows."""
    run = measured_run_or_404(request, run_id)
    lines = GalleryPage(run, request.GET).slices(are_counted=True)
    return render(request, "model_runs/_gallery_slices.html", {"run": run, "slices": lines})


@require_POST
def gallery_slice_save(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Save filters, order and display of the gallery as a view of the project."""
    run = measured_run_or_404(request, run_id)
    form = SavedViewForm(request.POST)
    if not form.is_valid():
        raise DataProblem("A slice needs a name of 3 to 30 characters.")
    query = gallery_query(run, QueryDict(request.POST.get("view", "")))
    view = layouts.saved_view_save(
        project=run.project,
        name=form.cleaned_data["name"],
        description=form.cleaned_data["description"],
        query=review_query(run, query),
        display=display_text(query),
    )
    messages.success(request, f"Slice “{view.name}” saved.")
    return redirect(f"{reverse('evaluation-gallery', args=[run.pk])}?{query.address}")
