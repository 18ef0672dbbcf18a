"""The analysis page of a cleanset."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from cleansets.access import ready_cleanset_or_404
from cleansets.pages.analysis.health import health
from cleansets.pages.analysis.models import candidates, issue_counts, made_with
from cleansets.pages.tabs import tabs


@require_GET
def cleanset_details(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Show how the analysis was made: models, settings, seconds, log."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    context = {
        "cleanset": cleanset,
        "crumbs": [("Projects", f"{reverse('dashboard')}#projects")],
        "tabs": tabs(cleanset, "Analysis"),
        "issues": issue_counts(cleanset),
        "made_with": made_with(cleanset),
    }
    context |= candidates(cleanset) | health(cleanset)
    return render(request, "cleansets/cleanset_details.html", context)
