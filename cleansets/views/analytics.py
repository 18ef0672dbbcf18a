"""The Analytics page, and the short advice on the review page."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from cleansets.access import ready_cleanset_or_404
from cleansets.analytics.advice import advice
from cleansets.analytics.stopping import stopping
from cleansets.pages.analytics.page import analytics
from cleansets.pages.tabs import tabs


@require_GET
def cleanset_analytics(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Show what is wrong with the data, and whether to review more."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    context = {
        "cleanset": cleanset,
        "crumbs": [("Projects", f"{reverse('dashboard')}#projects")],
        "tabs": tabs(cleanset, "Analytics"),
    }
    context |= analytics(cleanset, request.GET)
    return render(request, "cleansets/cleanset_analytics.html", context)


@require_GET
def cleanset_advice(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Render the advice in one sentence."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    found = stopping(cleanset)
    sentence = "" if found is None else advice(found)
    return render(request, "cleansets/_advice.html", {"cleanset": cleanset, "sentence": sentence})
