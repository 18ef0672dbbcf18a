"""Decisions in a version that a newer one has replaced, which the reviewer must confirm."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from cleansets import selectors
from cleansets.access import cleanset_to_decide_or_404, ready_cleanset_or_404
from cleansets.models import Cleanset
from studio.engine.errors import DataProblem

CHOSEN = "decides_in_older_versions"  # in the session: the ids of the cleansets


@dataclass(frozen=True, slots=True)
class OlderVersion:
    """The notice on the page of a replaced version."""

    newer: Cleanset
    is_open: bool

    @property
    def sentence(self) -> str:
        """Why decisions are not accepted."""
        return selectors.older_version_problem(self.newer)


def older_version(request: HttpRequest, cleanset: Cleanset) -> OlderVersion | None:
    """Return what replaced the cleanset and whether it still accepts decisions; None for the
    newest.
    """
    newer = selectors.newer_version(cleanset)
    if newer is None:
        return None
    return OlderVersion(newer, is_open=str(cleanset.pk) in request.session.get(CHOSEN, []))


def decidable_cleanset_or_404(request: HttpRequest, cleanset_id: uuid.UUID) -> Cleanset:
    """Return a cleanset that accepts decisions. Raises DataProblem for a replaced one that nobody
    chose to change.
    """
    cleanset = cleanset_to_decide_or_404(request, cleanset_id)
    older = older_version(request, cleanset)
    if older is not None and not older.is_open:
        raise DataProblem(
            f"{older.sentence} To change this version all the same, choose “Decide here anyway”."
        )
    return cleanset


@require_POST
def older_version_decide(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Allow or forbid decisions in this version; stored in the session."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    chosen = set(request.session.get(CHOSEN, []))
    if request.POST.get("stop"):
        chosen.discard(str(cleanset.pk))
    else:
        chosen.add(str(cleanset.pk))
    request.session[CHOSEN] = sorted(chosen)
    return redirect(f"{reverse('cleanset', args=[cleanset.pk])}?{request.POST.get('view', '')}")
