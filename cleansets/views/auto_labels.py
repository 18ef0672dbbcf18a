"""The page for rows without a label: label the sure ones at once, others by hand, and retrain."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from cleansets import auto_labels as labels
from cleansets import selectors
from cleansets.access import ready_cleanset_or_404
from cleansets.forms import AutoLabelForm, WantedAccuracyForm
from cleansets.models import ActionRun
from cleansets.pages.tabs import tabs
from cleansets.views.older_version import decidable_cleanset_or_404, older_version
from studio.accounts.access import account
from studio.engine.errors import DataProblem


@require_GET
def auto_labels(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Show how accurate the predicted labels of unlabeled rows are, by confidence."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    form = WantedAccuracyForm(request.GET)
    found = labels.auto_labels(cleanset, wanted=form.wanted)
    by_hand = labels.by_hand_query(cleanset)
    rows = labels.rows_by_hand(cleanset)
    decided = cleanset.reviews.filter(row_id__in=rows.tolist()).exclude(action="")
    context = {
        "cleanset": cleanset,
        "crumbs": [("Projects", f"{reverse('dashboard')}#projects")],
        "tabs": tabs(cleanset, "Auto-label"),
        "form": form,
        "found": found,
        "lines": [
            (one, labels.rows_above(one.threshold).params()) for one in found.estimate.thresholds
        ],
        "by_hand_params": by_hand.params(),
        "n_by_hand": len(rows),
        "n_by_hand_done": decided.count(),
        "last_action": selectors.last_action(cleanset),
        "older": older_version(request, cleanset),
    }
    return render(request, "cleansets/auto_labels.html", context)


@require_POST
def auto_label(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Label all unlabeled rows from a confidence on, as one action."""
    cleanset = decidable_cleanset_or_404(request, cleanset_id)
    form = AutoLabelForm(request.POST)
    if not form.is_valid():
        raise DataProblem("Choose the confidence from which on rows are labeled, from 0 to 1.")
    started = labels.auto_label_start(
        cleanset=cleanset, user=account(request), threshold=form.cleaned_data["threshold"]
    )
    if isinstance(started, ActionRun):
        return redirect(started)
    messages.success(request, f"{started.description}: done.")
    return redirect("cleanset-auto-labels", cleanset_id=cleanset.pk)
