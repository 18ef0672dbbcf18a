"""Decisions on the rows selected in the table."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from cleansets import selectors
from cleansets.forms import SelectionForm
from cleansets.selection import SelectionResult
from cleansets.selection import selection_decide as decide
from cleansets.views.decisions import page_address, view_of
from cleansets.views.older_version import decidable_cleanset_or_404
from studio.accounts.access import account
from studio.engine.errors import DataProblem


@require_POST
def selection_decide(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Decide about the selected rows and show their page again."""
    cleanset = decidable_cleanset_or_404(request, cleanset_id)
    classes = selectors.known_classes(cleanset)
    form = SelectionForm(request.POST, task=cleanset.task, classes=classes)
    if not form.is_valid():
        raise DataProblem(form.problem)
    result = decide(
        cleanset=cleanset,
        user=account(request),
        row_ids=form.cleaned_data["rows"],
        **form.decision(),
    )
    messages.success(request, _told(result), extra_tags="undoable")
    return redirect(page_address(cleanset, view_of(request, cleanset)))


def _told(result: SelectionResult) -> str:
    parts = [f"{result.action.description}: done."]
    if n := result.n_without_advice:
        parts.append(f"{n} {'has' if n == 1 else 'have'} no suggestion to apply.")
    if n := result.n_unchanged:
        parts.append(f"{n} already {'has' if n == 1 else 'have'} this decision.")
    return " ".join(parts)
