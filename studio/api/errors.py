"""The wrapper of plain API views: checks method and key, and answers failures in JSON."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from studio.accounts.throttling import client_address
from studio.api.auth import request_key
from studio.api.limits import count_call, count_call_from
from studio.api.problems import ApiProblem, problem_response, sentence
from studio.engine.errors import DataProblem
from studio.unready import NotReady

__all__ = ["ANTICIPATED", "ApiProblem", "client_view", "problem_of"]

View = Callable[..., HttpResponseBase]
# Anything else is a bug: logged, then 500.
ANTICIPATED = (ApiProblem, DataProblem, Http404, SuspiciousOperation)


def client_view(*methods: str, scope: str | None) -> Callable[[View], View]:
    """Turn a function into an API view; with `scope` None it needs no key."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @login_not_required
        @wraps(view)
        def answered(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if request.method not in methods:
                response = problem_response(ApiProblem(sentence(405), status=405))
                response["Allow"] = ", ".join(methods)
                return response
            try:
                if scope is None:
                    count_call_from(client_address(request))
                    request.user = AnonymousUser()
                else:
                    key = request_key(request, scope=scope)
                    count_call(key)
                    request.user = key.owner
                return view(request, *args, **kwargs)
            except ANTICIPATED as error:
                return problem_response(problem_of(error))

        return answered

    return decorate


def problem_of(error: Exception) -> ApiProblem:
    """Return the answer to an anticipated exception."""
    if isinstance(error, ApiProblem):
        return error
    if isinstance(error, DataProblem):
        return ApiProblem(str(error), status=422)
    if isinstance(error, NotReady):
        return ApiProblem(str(error), status=404)
    if isinstance(error, Http404):
        return ApiProblem(sentence(404), status=404)
    if isinstance(error, RequestDataTooBig):
        return ApiProblem(sentence(413), status=413)
    return ApiProblem(sentence(400))
