"""The only module that knows how a browser requests a partial update."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as django_render


def is_partial(request: HttpRequest) -> bool:
    """Return whether the browser requests a region, not a page."""
    htmx = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not htmx.boosted


def render(
    request: HttpRequest, page: str, region: str, context: Mapping[str, object]
) -> HttpResponse:
    """Render the region for a partial update, else the page that includes the same region."""
    response = django_render(request, region if is_partial(request) else page, dict(context))
    response["Vary"] = "HX-Request"
    return response
