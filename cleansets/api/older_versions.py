"""Writes to a cleanset that a newer version has replaced: refused unless the caller insists."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Query

from cleansets import selectors
from cleansets.access import ready_cleanset_or_404
from cleansets.models import Cleanset
from studio.api.problems import ApiProblem

AllowOlder = Annotated[
    bool,
    Query(
        description=(
            "Whether to change this version although a newer one, which will not have it, exists."
        )
    ),
]


def decidable_cleanset(request: HttpRequest, cleanset_id: UUID, *, allow_older: bool) -> Cleanset:
    """Return a cleanset that accepts decisions. Raises ApiProblem for a replaced one without
    `allow_older`.
    """
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    newer = selectors.newer_version(cleanset)
    if newer is not None and not allow_older:
        raise ApiProblem(
            f"{selectors.older_version_problem(newer)} Send it to {newer.pk}, or add"
            " allow_older=true.",
            status=409,
            code="older_version",
        )
    return cleanset
