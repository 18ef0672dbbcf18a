"""The page for rows without a label: label the sure ones at once, others by hand, and retrain."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from cleansets import auto_labels as labels
from cleansets import selectors
from cleansets.access import ready_cleanset_or_404
from cleansets.auto_numbers import auto_numbers
from cleansets.forms import AtMostForm, AutoLabelForm, WantedAccuracyForm
from cleansets.models import ActionRun, Cleanset
from cleansets.pages.tabs import tabs
from cleansets.views.older_version import decidable_cleanset_or_404, older_version
from studio.accounts.access import account
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask


@require_GET
def auto_labels(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Show how accurate the predicted labels of unlabeled rows are, by confidence, or how far off
    predicted numbers, by expected error.
    """
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    labels.refuse_if_not_offered(cleanset)
    thresholds = _numbers if cleanset.task is MLTask.REGRESSION else _classes
    by_hand = labels.by_hand_query(cleanset)
    rows = labels.rows_by_hand(cleanset)
    decided = cleanset.reviews.filter(row_id__in=rows.tolist()).exclude(action="")
    context = {
        "cleanset": cleanset,
        "section": "projects",
        "crumbs": [("Projects", f"{reverse('dashboard')}#projects")],
        "tabs": tabs(cleanset, "Auto-label"),
        "by_hand_params": by_hand.params(),
        "n_by_hand": len(rows),
        "n_by_hand_done": decided.count(),
        "last_action": selectors.last_action(cleanset),
        "older": older_version(request, cleanset),
        **thresholds(cleanset, request.GET),
    }
    return render(request, "cleansets/auto_labels.html", context)


def _classes(cleanset: Cleanset, data: QueryDict) -> dict[str, object]:
    form = WantedAccuracyForm(data)
    found = labels.auto_labels(cleanset, wanted=form.wanted)
    shown = found.estimate.thresholds
    classes_right = found.classes_right or [None] * len(shown)
    return {
        "form": form,
        "found": found,
        "has_sets": cleanset.task is MLTask.MULTI_LABEL,
        "lines": [
            (one, labels.rows_above(one.threshold).params(), right)
            for one, right in zip(shown, classes_right, strict=True)
        ],
    }


def _numbers(cleanset: Cleanset, data: QueryDict) -> dict[str, object]:
    form = AtMostForm(data)
    found = auto_numbers(cleanset, at_most=form.asked)
    return {
        "form": form,
        "found": found,
        "has_numbers": True,
        "at_most": form.asked,
        "lines": [
            (one, labels.rows_up_to(cleanset, one.threshold).params())
            for one in found.estimate.thresholds
        ],
    }


@require_POST
def auto_label(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Label all unlabeled rows from a confidence on, or up to an expected error, as one action."""
    cleanset = decidable_cleanset_or_404(request, cleanset_id)
    form = AutoLabelForm(request.POST)
    if not form.is_valid():
        raise DataProblem("Choose one of the lines: it says which rows are labeled.")
    started = labels.auto_label_start(
        cleanset=cleanset, user=account(request), threshold=form.cleaned_data["threshold"]
    )
    if isinstance(started, ActionRun):
        return redirect(started)
    messages.success(request, f"{started.description}: done.")
    return redirect("cleanset-auto-labels", cleanset_id=cleanset.pk)
