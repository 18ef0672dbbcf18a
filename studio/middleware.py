"""Middleware: content security policy, limits of bodies, and pages or JSON for failures."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve

from studio import database, quotas
from studio.accounts.models import User
from studio.accounts.sessions import SessionStore
from studio.api.auth import READ, request_key
from studio.api.problems import ApiProblem, is_api, problem_response, sentence
from studio.api.signing import check_token
from studio.engine.errors import DataProblem
from studio.htmx import is_partial
from studio.unready import NotReady

logger = logging.getLogger(__name__)
Handler = Callable[[HttpRequest], HttpResponse]

FORM_BYTES = 1024 * 1024  # what a form needs around its file
_MAX_DIGITS = 18  # of a length; Python refuses to read thousands of them
DECISIONS = "/decisions/file"  # reviewing goes on when the disk is nearly full
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)


def content_security_policy(get_response: Handler) -> Handler:
    """Allow only what this host serves: nothing inline, nothing from other hosts."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.setdefault("Content-Security-Policy", POLICY)
        return response

    return middleware


def api_errors(get_response: Handler) -> Handler:
    """Answer a program's failed call in JSON, even if no view was reached: 404, 405, 413, 500."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        status = response.status_code
        is_json = response.get("Content-Type", "").startswith("application/json")
        if status < 400 or not is_api(request) or is_json:
            return response
        answer = problem_response(ApiProblem(sentence(status), status=status))
        if "Allow" in response:
            answer["Allow"] = response["Allow"]
        return answer

    return middleware


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say what is wrong with a request that Django refuses, most often a foreign host name."""
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


def never_stored(get_response: Handler) -> Handler:
    """Keep pages of somebody who is logged in out of every cache, the browser's too."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        # The cookie, since asking for the user would cost a query on every page.
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            response.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def sessions_noted(get_response: Handler) -> Handler:
    """Note when a browser was last seen, so that its session can end if it is idle."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and isinstance(request.session, SessionStore):
            request.session.note_use()
        return get_response(request)

    return middleware


def second_factor_first(get_response: Handler) -> Handler:
    """Lead an account that lacks a required second factor to the page that sets it up."""
    open_pages = {"second-factor", "logout"}

    def middleware(request: HttpRequest) -> HttpResponse:
        lacks_it = isinstance(request.user, User) and request.user.lacks_second_factor
        if lacks_it and not is_api(request) and resolve_name(request) not in open_pages:
            return redirect("second-factor")
        return get_response(request)

    return middleware


def resolve_name(request: HttpRequest) -> str | None:
    """Return the name of the address, or None if there is none."""
    try:
        return resolve(request.path_info).url_name
    except Resolver404:
        return None


def upload_limit(get_response: Handler) -> Handler:
    """Refuse a body that is too large before any of it is read."""

    def middleware(request: HttpRequest) -> HttpResponse:
        n_bytes = _body_bytes(request)
        if n_bytes <= settings.MAX_UPLOAD_BYTES + FORM_BYTES:
            return get_response(request)
        problem = (
            f"This upload has {filesizeformat(n_bytes)}; at most"
            f" {filesizeformat(settings.MAX_UPLOAD_BYTES)} are accepted. Split the file, or"
            " compress it with gzip."
        )
        return _refusal(request, ApiProblem(problem, status=413))

    return middleware


def strangers_limit(get_response: Handler) -> Handler:
    """Refuse a large body from a stranger, or without room for it, before any of it is stored.

    Django keeps uploaded files on the disk while it reads a form, which happens before a view asks
    who sent it.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        n_bytes = _body_bytes(request)
        if n_bytes <= FORM_BYTES:
            return get_response(request)
        try:
            sender = _sender(request)
            if not request.path.endswith(DECISIONS):
                quotas.check_upload(sender, n_bytes - FORM_BYTES)
        except ApiProblem as problem:
            return _refusal(request, problem)
        except DataProblem as problem:
            return _refusal(request, ApiProblem(str(problem), status=507))
        return get_response(request)

    return middleware


def _sender(request: HttpRequest) -> User | None:
    """Return the account that sends a large body, or None for a signed address.

    Raises ApiProblem for a stranger.
    """
    if isinstance(request.user, User):
        return request.user
    if "token" in request.GET:
        check_token(request)
        return None
    if is_api(request):
        return request_key(request, scope=READ).owner
    raise ApiProblem(
        f"This request has {filesizeformat(_body_bytes(request))}; at most"
        f" {filesizeformat(FORM_BYTES)} are accepted from visitors. Log in, then try again.",
        status=413,
    )


def _body_bytes(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal():
        return 0
    return int(length[:_MAX_DIGITS])


def _refusal(request: HttpRequest, problem: ApiProblem) -> HttpResponse:
    """Answer a program in JSON, and a person with a page."""
    if is_api(request):
        return problem_response(problem)
    return render(request, "422.html", {"problem": str(problem)}, status=problem.status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that there is nothing at the address, or why its run has not made it."""
    if isinstance(exception, NotReady):
        return render(request, "not_ready.html", {"problem": str(exception)}, status=404)
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a failure outside the views: of the database while it is busy, or of the studio."""
    error = sys.exc_info()[1]
    if isinstance(error, Exception):
        response = database_response(request, error)
        if response is not None:
            return response
    return HttpResponseServerError(render_to_string("500.html"))


def database_response(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """Return the answer to a write that the database could not take now; None for other errors."""
    found = database.problem_of(error)
    if found is None:
        return None
    problem, status = found
    logger.warning("Answered %s path=%s: %s", status.value, request.path, error)
    if is_api(request):
        return problem_response(
            ApiProblem(problem, status=status, retry_after_s=database.RETRY_AFTER_S)
        )
    # Rendered without the request, whose context would ask the database who is logged in.
    response = HttpResponse(render_to_string("503.html", {"problem": problem}), status=status)
    response["Retry-After"] = str(database.RETRY_AFTER_S)
    return response


class DataProblemPage:
    """Show a `DataProblem` that a view raised as a page with its sentence and status 422."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer an anticipated failure; leave other exceptions alone."""
        if not isinstance(exception, DataProblem):
            return database_response(request, exception)
        if not is_partial(request):
            return render(request, "422.html", {"problem": str(exception)}, status=422)
        response = render(
            request, "components/toast.html", {"kind": "bad", "text": str(exception)}, status=422
        )
        response["HX-Retarget"] = "#toasts"
        response["HX-Reswap"] = "innerHTML"
        return response
