"""Why a row is flagged."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from cleansets import selectors
from cleansets.access import ready_cleanset_or_404
from cleansets.pages.review.why import why
from cleansets.pages.review.why_line import why_line
from studio.htmx import is_partial


@require_GET
def row_why(request: HttpRequest, cleanset_id: uuid.UUID, row_id: int) -> HttpResponse:
    """Explain a row: a part of its panel, or a page of its own."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    found = why(cleanset, row_id, selectors.row_source(cleanset))
    if found is None:
        raise Http404("The dataset has no such row.")
    context = {
        "cleanset": cleanset,
        "why": found,
        "is_panel": is_partial(request),
        "crumbs": [(cleanset.project.name, f"{cleanset.get_absolute_url()}?row={row_id}")],
    }
    template = "_row_why.html" if is_partial(request) else "row_why.html"
    return render(request, f"cleansets/{template}", context)


@require_GET
def row_why_line(request: HttpRequest, cleanset_id: uuid.UUID, row_id: int) -> HttpResponse:
    """Say in one sentence why a row is flagged; it comes into the panel once the row is shown."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    issue = request.GET.get("issue", "")
    sentence = why_line(cleanset, row_id, issue, selectors.row_source(cleanset))
    if sentence is None:
        raise Http404("The dataset has no such row.")
    return HttpResponse(sentence, content_type="text/plain; charset=utf-8")
