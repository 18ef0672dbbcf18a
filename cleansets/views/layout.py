"""The saved layout of a project's review table."""

from __future__ import annotations

import uuid
from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from cleansets import layouts
from cleansets.access import ready_cleanset_or_404
from cleansets.forms import LayoutForm
from cleansets.views.decisions import page_address, view_of
from studio.engine.errors import DataProblem


@require_POST
def layout_save(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Save the visible columns and their display, and drop them from the address."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    form = LayoutForm(request.POST)
    if not form.is_valid():
        raise DataProblem("The columns could not be read. Reload the page and choose them again.")
    if form.cleaned_data["reset"]:
        layouts.layout_reset(project=cleanset.project)
    else:
        layouts.layout_save(
            project=cleanset.project,
            columns=form.columns(),
            scores=form.cleaned_data["show"],
            has_two_lines=form.cleaned_data["has_two_lines"],
            is_first_pinned=form.cleaned_data["is_first_pinned"],
        )
    view = replace(view_of(request, cleanset), own=(), scores=())
    return redirect(page_address(cleanset, view))
