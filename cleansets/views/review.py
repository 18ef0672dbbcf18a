"""The cleanset page: the progress of an active run, or the review table."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from cleansets import analyses
from cleansets.access import cleanset_or_404
from cleansets.auto_labels import is_offered
from cleansets.models import Cleanset
from cleansets.pages.forecast import time_left
from cleansets.pages.review.page import ReviewPage
from cleansets.views.older_version import decidable_cleanset_or_404, older_version
from studio import runs
from studio.accounts.access import account
from studio.htmx import is_partial

PANEL = "cleansets/_row_panel.html"


@require_GET
def cleanset_review(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Show the review page; a partial request gets the panel of one row."""
    cleanset = cleanset_or_404(request, cleanset_id)
    if not cleanset.is_succeeded:
        return render(request, "cleansets/cleanset_run.html", _run_context(cleanset))
    if not request.GET and is_offered(cleanset) and not is_partial(request):
        return redirect("cleanset-auto-labels", cleanset_id=cleanset.pk)
    row_id = asked_row(request.GET.get("row", ""), cleanset)
    older = older_version(request, cleanset)
    page = ReviewPage(cleanset, request.GET)
    is_read_only = older is not None and not older.is_open
    context: dict[str, object] = {"older": older, "is_read_only": is_read_only}
    if is_partial(request):
        return render(request, PANEL, page.panel(row_id) | context)
    context["pane"] = "list" if request.GET.get("pane") == "list" else "row"
    return render(request, "cleansets/cleanset_review.html", page.whole(row_id) | context)


def _run_context(cleanset: Cleanset) -> dict[str, object]:
    return {
        "cleanset": cleanset,
        "run": cleanset,
        "crumbs": [("Projects", f"{reverse('dashboard')}#projects")],
        "time_left": time_left(cleanset) if cleanset.is_active else "",
    }


def asked_row(text: str, cleanset: Cleanset) -> int | None:
    """Return the row in the address, or None if it does not exist."""
    if not text.isdecimal() or len(text) > 12:
        return None
    return int(text) if int(text) < (cleanset.n_rows or 0) else None


@require_GET
def cleanset_run(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Render the progress of the run; once it has finished, the browser loads the result page."""
    cleanset = cleanset_or_404(request, cleanset_id)
    response = render(request, "cleansets/_cleanset_run.html", _run_context(cleanset))
    if not cleanset.is_active:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def cleanset_cancel(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Request cancellation of the analysis."""
    cleanset = cleanset_or_404(request, cleanset_id)
    runs.cancel(cleanset)
    return redirect(cleanset)


@require_POST
def cleanset_rerun(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Restart a failed or cancelled analysis."""
    cleanset = cleanset_or_404(request, cleanset_id)
    return redirect(analyses.cleanset_restart(cleanset=cleanset, user=cleanset.created_by))


@require_POST
def cleanset_improve(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Analyse the corrected data."""
    cleanset = decidable_cleanset_or_404(request, cleanset_id)
    return redirect(analyses.cleanset_improve(cleanset=cleanset, user=account(request)))
