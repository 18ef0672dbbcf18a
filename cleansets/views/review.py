"""The cleanset page: its run while it is active, the review table when it is done."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from cleansets import selectors, services
from cleansets.access import cleanset_or_404
from cleansets.models import Cleanset
from cleansets.pages.review.filters import filters
from cleansets.pages.review.progress import counts, view_end
from cleansets.pages.review.rail import issue_views, saved_views, work_views
from cleansets.pages.review.row import panel
from cleansets.pages.review.table import review_table
from cleansets.pages.tabs import tabs
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
        return render(
            request, "cleansets/cleanset_run.html", {"cleanset": cleanset, "run": cleanset}
        )
    query = selectors.asked_rows(cleanset, request.GET)
    source = selectors.row_source(cleanset)
    row_id = asked_row(request.GET.get("row", ""), cleanset)
    older = older_version(request, cleanset)
    is_read_only = older is not None and not older.is_open
    if is_partial(request):
        context = panel(cleanset, query, source, row_id)
        context["is_read_only"] = is_read_only
        return render(request, PANEL, context)
    table = review_table(cleanset, query, source)
    is_past_end = query.page > table.page.page
    if row_id is None and table.lines and not is_past_end:
        row_id = next(
            (line for line in table.lines if not line.row["action"]), table.lines[0]
        ).row_id
    on_page = [line.row_id for line in table.lines]
    index = on_page.index(row_id) if row_id in on_page else None
    context = {
        "table": table,
        "tabs": tabs(cleanset, "Review"),
        "versions": list(
            selectors.cleansets_of(cleanset.project).defer("log", "manifest", "candidates")
        ),
        "older": older,
        "is_read_only": is_read_only,
        "views": issue_views(cleanset, source, query),
        "work_views": work_views(source, query),
        "saved_views": saved_views(cleanset, query),
        "counts": counts(cleanset, source),
        "last_action": selectors.last_action(cleanset),
        "last_undo": selectors.last_undo(cleanset),
        "row_id": row_id,
        "next_row": None if index is None else next(iter(on_page[index + 1 :]), None),
        "place": None if index is None else table.page.first + index,
        "pane": "list" if request.GET.get("pane") == "list" else "row",
    }
    context |= panel(cleanset, query, source, row_id) | filters(cleanset, query, source)
    if row_id is None:
        context |= view_end(cleanset, query, source)
    return render(request, "cleansets/cleanset_review.html", context)


def asked_row(text: str, cleanset: Cleanset) -> int | None:
    """Return the row that an address names, or None where it names none that exists."""
    if not text.isdecimal() or len(text) > 12:
        return None
    return int(text) if int(text) < (cleanset.n_rows or 0) else None


@require_GET
def cleanset_run(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Return the run's region; when the run is done, the browser loads the page that has the
    result.
    """
    cleanset = cleanset_or_404(request, cleanset_id)
    response = render(
        request, "cleansets/_cleanset_run.html", {"cleanset": cleanset, "run": cleanset}
    )
    if not cleanset.is_active:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def cleanset_cancel(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Ask the analysis to stop."""
    cleanset = cleanset_or_404(request, cleanset_id)
    runs.cancel(cleanset)
    return redirect(cleanset)


@require_POST
def cleanset_rerun(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Start a failed or cancelled analysis again."""
    cleanset = cleanset_or_404(request, cleanset_id)
    return redirect(services.cleanset_restart(cleanset=cleanset, user=cleanset.created_by))


@require_POST
def cleanset_improve(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Analyse the corrected data."""
    cleanset = decidable_cleanset_or_404(request, cleanset_id)
    return redirect(services.cleanset_improve(cleanset=cleanset, user=account(request)))
