"""What every response passes through: the content security policy, and the page or JSON for a
failure.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string

from studio.api.problems import ApiProblem, is_api, problem_response, sentence
from studio.engine.errors import DataProblem
from studio.htmx import is_partial

logger = logging.getLogger(__name__)
Handler = Callable[[HttpRequest], HttpResponse]

FORM_BYTES = 1024 * 1024  # what a form needs around its file
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)


def content_security_policy(get_response: Handler) -> Handler:
    """Allow nothing that is not served from here: no inline script, no other host."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.setdefault("Content-Security-Policy", POLICY)
        return response

    return middleware


def api_errors(get_response: Handler) -> Handler:
    """Answer a program that failed in JSON, also where no view was reached: 404, 405, 413, 500."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if (
            response.status_code < 400
            or not is_api(request)
            or response["Content-Type"].startswith("application/json")
        ):
            return response
        answer = problem_response(
            ApiProblem(sentence(response.status_code), status=response.status_code)
        )
        if "Allow" in response:
            answer["Allow"] = response["Allow"]
        return answer

    return middleware


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say what is wrong with a request that Django refuses; a name that is not the studio's own is
    the usual case.
    """
    problem = ""
    if isinstance(exception, DisallowedHost):
        host = request.META.get("HTTP_HOST", "")[:100]
        logger.warning("Host refused host=%s; if it is right, add it to STUDIO_ALLOWED_HOSTS", host)
        problem = (
            f"This studio does not answer to the name “{host}”. Whoever runs it can add the name to"
            " STUDIO_ALLOWED_HOSTS, or set STUDIO_PUBLIC_URL to the address that people use."
        )
    if is_api(request):
        return problem_response(ApiProblem(problem or sentence(400), status=400))
    return HttpResponse(render_to_string("400.html", {"problem": problem}), status=400)


def upload_limit(get_response: Handler) -> Handler:
    """Refuse a body that is too large before any of it is read."""

    def middleware(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > settings.MAX_UPLOAD_BYTES + FORM_BYTES:
            problem = (
                f"This upload has {filesizeformat(int(length))}; at most"
                f" {filesizeformat(settings.MAX_UPLOAD_BYTES)} are accepted. Split the file,"
                " or compress it with gzip."
            )
            if is_api(request):
                return problem_response(ApiProblem(problem, status=413))
            return render(request, "422.html", {"problem": problem}, status=413)
        return get_response(request)

    return middleware


class DataProblemPage:
    """Show a `DataProblem` that a view let through as a page with its sentence and status 422."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer an anticipated failure; leave every other exception alone."""
        if not isinstance(exception, DataProblem):
            return None
        if not is_partial(request):
            return render(request, "422.html", {"problem": str(exception)}, status=422)
        response = render(
            request, "components/toast.html", {"kind": "bad", "text": str(exception)}, status=422
        )
        response["HX-Retarget"], response["HX-Reswap"] = "#toasts", "innerHTML"
        return response
