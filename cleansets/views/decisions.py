"""Decisions: one by one, Clean Top K, undo. A partial response holds all changed regions."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from cleansets import action_runs, selectors, services
from cleansets.access import ready_cleanset_or_404
from cleansets.class_names import same_spelling
from cleansets.forms import DecisionForm, TopKForm, UndoForm
from cleansets.models import ActionRun, Cleanset, ReviewAction
from cleansets.pages.review.page import ReviewPage
from cleansets.pages.review.score_picture import score_picture
from cleansets.pages.review.top_k import example_rows, expected_precision, label_changes
from cleansets.row_address import RowQuery
from cleansets.top_k import top_k_effect
from cleansets.views.older_version import decidable_cleanset_or_404
from cleansets.views.review import asked_row
from studio.accounts.access import account
from studio.engine.errors import DataProblem
from studio.htmx import is_partial


@require_POST
def row_decide(request: HttpRequest, cleanset_id: uuid.UUID, row_id: int) -> HttpResponse:
    """Save a decision; a partial response holds what it changed, else redirect to the next row."""
    cleanset = decidable_cleanset_or_404(request, cleanset_id)
    source = selectors.source_at_hand(cleanset)
    if request.POST.get("typed_label") or request.POST.get("also"):
        source = selectors.row_source(cleanset)  # somebody may just have added the class
    classes = selectors.known_classes(cleanset, source.reviews)
    form = DecisionForm(request.POST, task=cleanset.task, classes=classes)
    if not form.is_valid():
        raise DataProblem(form.problem)
    action = services.row_decide(
        cleanset=cleanset, user=account(request), row_id=row_id, **form.decision()
    )
    is_tag = form.cleaned_data["choice"] in services.TAG_CHOICES
    if is_partial(request):
        shown_row = row_id if is_tag else None
        return _changes(request, cleanset, action, row_id, shown_row=shown_row)
    if is_tag:
        return redirect(_next_address(cleanset, view_of(request, cleanset), row_id))
    for name in form.new_names:
        _warn_of_spelling(request, name, classes)
    next_row = asked_row(request.POST.get("next", ""), cleanset)
    return redirect(_next_address(cleanset, view_of(request, cleanset), next_row))


def _warn_of_spelling(request: HttpRequest, name: str, classes: list[str]) -> None:
    """Warn that a new class differs only in spelling from a known one."""
    if other := same_spelling(name, classes):
        messages.warning(
            request,
            f"The new class “{name}” differs from “{other}” only in case or spaces.",
            extra_tags="undoable",
        )


@require_POST
def last_action_undo(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Undo the newest action and show its row."""
    return _step(request, cleanset_id, action_runs.undo_start)


@require_POST
def last_undo_redo(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Redo what was undone last and show its row."""
    return _step(request, cleanset_id, action_runs.redo_start)


def _step(
    request: HttpRequest, cleanset_id: uuid.UUID, step: Callable[..., ReviewAction | ActionRun]
) -> HttpResponse:
    cleanset = decidable_cleanset_or_404(request, cleanset_id)
    form = UndoForm(request.POST)
    action_id = form.cleaned_data["action_id"] if form.is_valid() else None
    action = step(cleanset=cleanset, user=account(request), action_id=action_id)
    if isinstance(action, ActionRun):
        return _to(request, page_address(cleanset, view_of(request, cleanset)))
    rows = list(action.events.values_list("row_id", flat=True)[:2])
    if len(rows) != 1:
        messages.success(request, f"{action.description}.")
        return _to(request, page_address(cleanset, view_of(request, cleanset)))
    if is_partial(request):
        return _changes(request, cleanset, action, rows[0], shown_row=rows[0])
    return redirect(_next_address(cleanset, view_of(request, cleanset), rows[0]))


def _next_address(cleanset: Cleanset, query: RowQuery, row_id: int | None) -> str:
    """Return the address of a row; None means the first row of the next page."""
    if row_id is not None:
        return f"{page_address(cleanset, query)}&row={row_id}#row-panel"
    return page_address(cleanset, query, page=query.next_page)


def _changes(
    request: HttpRequest,
    cleanset: Cleanset,
    action: ReviewAction,
    row_id: int,
    *,
    shown_row: int | None = None,
) -> HttpResponse:
    """Render every region that the action changed, and the panel of the row to show."""
    page = ReviewPage(cleanset, QueryDict(request.POST.get("view", "")))
    context = page.changes(action, row_id, shown_row)
    return render(request, "cleansets/_after_decision.html", context)


@require_GET
def top_k_preview(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Preview how many rows Clean Top K would change."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    query = selectors.asked_rows(cleanset, request.GET)
    form = TopKForm(request.GET, task=cleanset.task, classes=selectors.known_classes(cleanset))
    context = {
        "cleanset": cleanset,
        "form": form,
        "query": query,
        "view_params": query.params(page=query.page),
    }
    if form.is_valid():
        try:
            top_k = form.top_k(query)
            context["effect"] = top_k_effect(cleanset=cleanset, top_k=top_k)
            context["picture"] = score_picture(cleanset, top_k)
            context["examples"] = example_rows(cleanset, top_k)
            context["precision"] = expected_precision(cleanset, top_k)
            context["label_changes"] = label_changes(cleanset, top_k)
        except DataProblem as problem:
            form.add_error(None, str(problem))
    region = (
        "cleansets/_top_k_preview.html" if is_partial(request) else "cleansets/cleanset_top_k.html"
    )
    return render(request, region, context)


@require_POST
def top_k_apply(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Apply Clean Top K to the view of the preview."""
    cleanset = decidable_cleanset_or_404(request, cleanset_id)
    form = TopKForm(request.POST, task=cleanset.task, classes=selectors.known_classes(cleanset))
    if not form.is_valid():
        raise DataProblem(form.problem)
    query = view_of(request, cleanset)
    started = action_runs.top_k_start(
        cleanset=cleanset, user=account(request), top_k=form.top_k(query)
    )
    if isinstance(started, ReviewAction):
        messages.success(request, f"{started.description}: done.", extra_tags="undoable")
    return redirect(page_address(cleanset, query))


def view_of(request: HttpRequest, cleanset: Cleanset) -> RowQuery:
    """Return the view in which the decision was made, from the hidden fields of the form."""
    return selectors.asked_rows(cleanset, QueryDict(request.POST.get("view", "")))


def page_address(cleanset: Cleanset, query: RowQuery, page: int | None = None) -> str:
    """Return the address of a page of the view."""
    return f"{reverse('cleanset', args=[cleanset.pk])}?{query.params(page=page or query.page)}"


def _to(request: HttpRequest, address: str) -> HttpResponse:
    """Redirect the browser, also from a partial request."""
    if not is_partial(request):
        return redirect(address)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = address
    return response
