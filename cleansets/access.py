"""Which cleansets a request may touch. Another account's cleanset does not exist for it."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from cleansets.models import Cleanset
from studio.accounts.access import account


def cleanset_or_404(request: HttpRequest, cleanset_id: uuid.UUID) -> Cleanset:
    """Return the cleanset with its project and dataset version, or end in 404."""
    mine = Cleanset.objects.filter(project__owner=account(request))
    return get_object_or_404(
        mine.select_related("project__version__dataset", "created_by"), pk=cleanset_id
    )


def ready_cleanset_or_404(request: HttpRequest, cleanset_id: uuid.UUID) -> Cleanset:
    """Return a cleanset whose analysis is done; its rows are not there before that."""
    cleanset = cleanset_or_404(request, cleanset_id)
    if not cleanset.is_succeeded:
        raise Http404("The analysis is not done.")
    return cleanset
