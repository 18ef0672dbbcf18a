"""Failures of API calls, and the one form in which they are answered."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, JsonResponse

API_PREFIX = "/api"
_SENTENCES = {
    HTTPStatus.BAD_REQUEST: (
        "This request cannot be understood. Check its address, headers and body."
    ),
    HTTPStatus.FORBIDDEN: "This is not allowed.",
    HTTPStatus.NOT_FOUND: (
        "There is nothing at this address, or it belongs to another account. Check the address."
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        "This address does not accept this method. The Allow header lists those it accepts."
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body of this request is too large.",
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        "Something went wrong in the studio itself. Its log has the details."
    ),
}


class ApiProblem(Exception):
    """An anticipated failure of a call: a sentence, the status, and a code for programs."""

    def __init__(
        self, message: str, status: int = 400, code: str = "", *, retry_after_s: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s


def is_api(request: HttpRequest) -> bool:
    """Return whether the request is a call of the API, to be answered in JSON."""
    return request.path_info == API_PREFIX or request.path_info.startswith(f"{API_PREFIX}/")


def sentence(status: int) -> str:
    """Return the sentence for a status of which nothing more is known."""
    return _SENTENCES.get(HTTPStatus(status), f"{HTTPStatus(status).phrase}.")


def problem_response(problem: ApiProblem) -> JsonResponse:
    """Return the answer: `error` is a sentence, `code` a word for programs, if there is one."""
    content = {"error": str(problem)}
    if problem.code:
        content["code"] = problem.code
    response = JsonResponse(content, status=problem.status)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    if problem.retry_after_s is not None:
        response["Retry-After"] = str(problem.retry_after_s)
    return response
