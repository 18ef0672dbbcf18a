"""The history of a cleanset and of a row, and reverting an action."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from cleansets import selectors
from cleansets.access import ready_cleanset_or_404
from cleansets.action_runs import revert_start
from cleansets.models import ActionRun, ReviewAction
from cleansets.pages.review import history
from cleansets.pages.review.history import history_of
from cleansets.pages.tabs import tabs
from cleansets.views.older_version import decidable_cleanset_or_404
from studio.accounts.access import account
from studio.engine.counted import counted
from studio.exports.streams import stream_safe_csv
from studio.htmx import is_partial

ACTIONS_PER_PAGE = 50


@require_GET
def cleanset_history(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Show all actions on a cleanset, newest first."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    kind = request.GET.get("kind", "")
    person = request.GET.get("person", "")
    actions = history.actions_of(cleanset, kind=kind, person=person)
    page = Paginator(actions, ACTIONS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "cleanset": cleanset,
        "crumbs": [("Projects", f"{reverse('dashboard')}#projects")],
        "tabs": tabs(cleanset, "History"),
        "page": page,
        "lines": [history.action_line(action) for action in page],
        "kinds": ReviewAction.Kind.choices,
        "people": history.people_of(cleanset),
        "kind": kind,
        "person": person,
    }
    return render(request, "cleansets/cleanset_history.html", context)


@require_GET
def history_export(request: HttpRequest, cleanset_id: uuid.UUID) -> StreamingHttpResponse:
    """Download all changes of decisions as CSV."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    lines = stream_safe_csv(history.LOG_COLUMNS, history.log_batches(cleanset))
    name = f"cleanset-{cleanset.pk}-history.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


@require_POST
def action_revert(
    request: HttpRequest, cleanset_id: uuid.UUID, action_id: uuid.UUID
) -> HttpResponse:
    """Revert an action and report how many of its rows were decided again since."""
    cleanset = decidable_cleanset_or_404(request, cleanset_id)
    action = get_object_or_404(selectors.actions(cleanset), pk=action_id)
    result = revert_start(cleanset=cleanset, user=account(request), action=action)
    if isinstance(result, ActionRun):
        return redirect(result)
    text = f"{result.action.description}: done."
    if n := result.n_decided_later:
        rows = counted(n, "row was", "rows were")
        text = f"{text} {rows} decided again later and did not change."
    messages.success(request, text)
    return redirect("cleanset-history", cleanset_id=cleanset.pk)


@require_GET
def row_history(request: HttpRequest, cleanset_id: uuid.UUID, row_id: int) -> HttpResponse:
    """Show who decided what about a row, and when."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    if row_id >= (cleanset.n_rows or 0):
        raise Http404("The dataset has no such row.")
    context = {
        "cleanset": cleanset,
        "row_id": row_id,
        "lines": history_of(cleanset, row_id),
        "crumbs": [(cleanset.project.name, f"{cleanset.get_absolute_url()}?row={row_id}")],
    }
    template = "_row_history.html" if is_partial(request) else "row_history.html"
    return render(request, f"cleansets/{template}", context)
