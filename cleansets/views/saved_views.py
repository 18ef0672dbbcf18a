"""Saved views of the review table."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from cleansets import layouts, selectors
from cleansets.access import ready_cleanset_or_404
from cleansets.forms import SavedViewForm
from cleansets.models import SavedView
from cleansets.pages.review.rail import saved_views, suggested_views
from cleansets.views.decisions import page_address, view_of
from studio.accounts.access import account
from studio.engine.errors import DataProblem


@require_GET
def saved_views_count(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Render the saved views with their current number of rows."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    query = selectors.asked_rows(cleanset, request.GET)
    source = selectors.row_source(cleanset)
    context = {
        "cleanset": cleanset,
        "saved_views": saved_views(cleanset, query, source),
        "suggested_views": suggested_views(cleanset, query, source, is_counted=True),
    }
    return render(request, "cleansets/_review_saved.html", context)


@require_POST
def saved_view_save(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Save the view from the hidden fields of the form."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    form = SavedViewForm(request.POST)
    if not form.is_valid():
        raise DataProblem("A view needs a name of 3 to 30 characters.")
    query = view_of(request, cleanset)
    view = layouts.saved_view_save(
        project=cleanset.project,
        name=form.cleaned_data["name"],
        description=form.cleaned_data["description"],
        query=query,
    )
    messages.success(request, f"View “{view.name}” saved.")
    return redirect(page_address(cleanset, query))


@require_POST
def saved_view_delete(request: HttpRequest, view_id: uuid.UUID) -> HttpResponse:
    """Delete a saved view."""
    view = get_object_or_404(SavedView, project__owner=account(request), pk=view_id)
    layouts.saved_view_delete(view=view)
    messages.success(request, f"View “{view.name}” deleted. Its rows and decisions stay.")
    return redirect("project", project_id=view.project_id)
