"""What each call of `/api/v1` passes: key, rate limit, Idempotency-Key, If-None-Match."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers, set_response_etag

from studio.api.auth import READ, WRITE, request_key
from studio.api.errors import ANTICIPATED, problem_of
from studio.api.idempotency import answer_once
from studio.api.limits import count_call
from studio.api.problems import ApiProblem, problem_response

Run = Callable[..., HttpResponseBase]


def guarded(run: Run) -> Run:
    """Put the guard before an operation of django-ninja."""

    @wraps(run)
    def guarded_run(request: HttpRequest, **path: object) -> HttpResponseBase:
        try:
            response = _answered(request, lambda: run(request, **path))
        except ANTICIPATED as error:
            return problem_response(problem_of(error))
        response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ["Authorization"])
        return response

    return guarded_run


def _answered(request: HttpRequest, run: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    is_read = request.method in ("GET", "HEAD")
    key = request_key(request, scope=READ if is_read else WRITE)
    count_call(key)
    _check_size(request)
    request.user = key.owner
    if is_read:
        return _conditional(request, run())
    return answer_once(request, key.owner, run)


def _check_size(request: HttpRequest) -> None:
    """Refuse a JSON body that is too large for memory, before any of it is read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
    if request.content_type != "multipart/form-data" and length.isdecimal() and int(length) > limit:
        raise ApiProblem(
            f"This body has {int(length):,} bytes; at most {limit:,} are accepted. Send it as a"
            " file.",
            status=413,
        )


def _conditional(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Answer 304 if the caller already has this response."""
    if response.status_code != 200 or not isinstance(response, HttpResponse):
        return response
    set_response_etag(response)
    return get_conditional_response(request, etag=response["ETag"], response=response) or response
