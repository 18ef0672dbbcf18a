"""The cleansets that a request may access. Those of other accounts raise 404."""

from __future__ import annotations

import uuid

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from cleansets.models import ActionRun, Cleanset, CorrectionsFile
from studio.accounts.access import account
from studio.unready import refuse_unready

# Large facts of an analysis that no decision needs.
UNDECIDED_FACTS = ("log", "candidates", "stage_seconds", "explained", "health")


def cleanset_or_404(request: HttpRequest, cleanset_id: uuid.UUID) -> Cleanset:
    """Return the cleanset with its project and dataset version, or raise Http404."""
    mine = Cleanset.objects.filter(project__owner=account(request))
    return get_object_or_404(
        mine.select_related("project__review_layout", "version__dataset", "created_by"),
        pk=cleanset_id,
    )


def ready_cleanset_or_404(request: HttpRequest, cleanset_id: uuid.UUID) -> Cleanset:
    """Return a cleanset whose analysis has finished; it has no rows before."""
    return _ready(cleanset_or_404(request, cleanset_id))


def cleanset_to_decide_or_404(request: HttpRequest, cleanset_id: uuid.UUID) -> Cleanset:
    """Return a finished cleanset with what a decision reads of it."""
    mine = Cleanset.objects.filter(project__owner=account(request)).defer(*UNDECIDED_FACTS)
    found = mine.select_related("project__review_layout", "version")
    return _ready(get_object_or_404(found, pk=cleanset_id))


def _ready(cleanset: Cleanset) -> Cleanset:
    refuse_unready(cleanset, "The analysis")
    return cleanset


def action_run_or_404(request: HttpRequest, run_id: uuid.UUID) -> ActionRun:
    """Return an action on many rows, or raise Http404."""
    mine = ActionRun.objects.filter(cleanset__project__owner=account(request))
    return get_object_or_404(
        mine.select_related("cleanset__project", "review_action", "created_by"), pk=run_id
    )


def corrections_file_or_404(request: HttpRequest, file_id: uuid.UUID) -> CorrectionsFile:
    """Return an uploaded file of corrections, or raise Http404."""
    mine = CorrectionsFile.objects.filter(cleanset__project__owner=account(request))
    return get_object_or_404(
        mine.select_related("cleanset__project", "cleanset__version__dataset", "created_by"),
        pk=file_id,
    )
