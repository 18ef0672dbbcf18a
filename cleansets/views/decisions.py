"""Decisions on rows: one by one, Clean Top K, undo. A partial answer is the next row and every region that changed."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from cleansets import row_address, row_query, selectors, services
from cleansets.access import ready_cleanset_or_404
from cleansets.forms import DecisionForm, TopKForm
from cleansets.models import Cleanset, ReviewAction
from cleansets.row_address import RowQuery
from cleansets.views import contexts
from cleansets.views.review import asked_row
from studio.accounts.access import account
from studio.engine.errors import DataProblem
from studio.htmx import is_partial


@require_POST
def row_decide(request: HttpRequest, cleanset_id: uuid.UUID, row_id: int) -> HttpResponse:
    """Save a decision, then show the next row."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        raise DataProblem("No decision was sent. Choose Auto-fix, Keep, Exclude, Needs review or a label.")
    action = services.row_decide(cleanset=cleanset, user=account(request), row_id=row_id, **form.decision())
    next_row = asked_row(request.POST.get("next", ""), cleanset)
    return _after(request, cleanset, action, changed_row=row_id, shown_row=next_row)


@require_POST
def last_action_undo(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Take the newest action back and show the row that it was about."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    action = services.last_action_undo(cleanset=cleanset, user=account(request))
    rows = list(action.events.values_list("row_id", flat=True)[:2])
    if len(rows) != 1:
        messages.success(request, f"{action.description}.")
        return _to(request, _page(cleanset, _view(request, cleanset)))
    return _after(request, cleanset, action, changed_row=rows[0], shown_row=rows[0])


def _after(
    request: HttpRequest, cleanset: Cleanset, action: ReviewAction, *, changed_row: int, shown_row: int | None
) -> HttpResponse:
    """Answer with the row to show and what the action changed; at the end of a page with the next page."""
    query = _view(request, cleanset)
    if shown_row is None:
        step = 0 if query.action == row_address.UNDECIDED else 1
        return _to(request, f"{_page(cleanset, query, page=query.page + step)}&after={changed_row}")
    if not is_partial(request):
        return redirect(f"{_page(cleanset, query)}&row={shown_row}#row-panel")
    source = selectors.row_source(cleanset)
    changed = row_query.fetch_row(changed_row, source)
    assert changed is not None
    shown = selectors.own_columns_shown(cleanset, query, source), selectors.scores_shown(query, source)
    context = contexts.panel(cleanset, query, source, shown_row) | {
        "line": contexts.line(cleanset.task, changed, query, shown),
        "counts": contexts.counts(cleanset, source),
        "work_views": selectors.work_views(source, query),
        "last_action": selectors.last_action(cleanset),
        "said": action.description,
    }
    return render(request, "cleansets/_after_decision.html", context)


@require_GET
def top_k_preview(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Say how many rows Clean Top K would touch."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    query = selectors.asked_rows(cleanset, request.GET)
    form = TopKForm(request.GET, task=cleanset.task)
    context = {"cleanset": cleanset, "form": form, "query": query, "view_params": query.params(page=query.page)}
    if form.is_valid():
        try:
            context["plan"] = services.top_k_plan(cleanset=cleanset, top_k=form.top_k(query))
        except DataProblem as problem:
            form.add_error(None, str(problem))
    region = "cleansets/_top_k_preview.html" if is_partial(request) else "cleansets/cleanset_top_k.html"
    return render(request, region, context)


@require_POST
def top_k_apply(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Carry Clean Top K out on the view that the preview was made for."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    form = TopKForm(request.POST, task=cleanset.task)
    if not form.is_valid():
        raise DataProblem(" ".join(str(error) for errors in form.errors.values() for error in errors))
    query = _view(request, cleanset)
    action = services.top_k_apply(cleanset=cleanset, user=account(request), top_k=form.top_k(query))
    messages.success(request, f"{action.description}: done. U takes it back in one step.")
    return redirect(_page(cleanset, query))


def _view(request: HttpRequest, cleanset: Cleanset) -> RowQuery:
    """Return the view that the decision was made in, which the form carries along."""
    return selectors.asked_rows(cleanset, QueryDict(request.POST.get("view", "")))


def _page(cleanset: Cleanset, query: RowQuery, page: int | None = None) -> str:
    return f"{reverse('cleanset', args=[cleanset.pk])}?{query.params(page=page or query.page)}"


def _to(request: HttpRequest, address: str) -> HttpResponse:
    """Send the browser to a page, from a partial request too."""
    if not is_partial(request):
        return redirect(address)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = address
    return response
