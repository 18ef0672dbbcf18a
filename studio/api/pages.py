"""Pages of lists, with the addresses of the pages before and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from studio.api.schemas import PageParams
from studio.api.signing import public_url

M = TypeVar("M", bound=Model)


def page_of(request: HttpRequest, params: PageParams, rows: QuerySet[M]) -> dict[str, Any]:
    """Return the requested page of a queryset; two queries."""
    found = list(rows[params.offset : params.offset + params.limit])
    return page(request, params, found, count=rows.count())


def page(
    request: HttpRequest, params: PageParams, results: Sequence[object], *, count: int
) -> dict[str, Any]:
    """Return a page of results that are already cut."""
    after = params.offset + params.limit
    before = max(params.offset - params.limit, 0)
    return {
        "count": count,
        "next": _address(request, params, after) if after < count else None,
        "previous": _address(request, params, before) if params.offset else None,
        "results": results,
    }


def _address(request: HttpRequest, params: PageParams, offset: int) -> str:
    query = request.GET.copy()
    query["limit"] = str(params.limit)
    query["offset"] = str(offset)
    return public_url(request, f"{request.path}?{query.urlencode()}")
