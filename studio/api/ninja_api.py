"""django-ninja with one form of failure, a guard before each call, and a complete schema."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.security.base import AuthBase

from studio.accounts.models import User
from studio.api.errors import ANTICIPATED, problem_of
from studio.api.guard import guarded
from studio.api.problems import ApiProblem, problem_response
from studio.api.schemas import Problem

_REFUSALS = {
    400: "The request cannot be understood.",
    401: "No API key, or an invalid or revoked one.",
    403: "The API key can only read.",
    404: "Not found in this account.",
    409: "The Idempotency-Key is in use for another call.",
    413: "The body is too large.",
    422: "The request cannot be carried out; the sentence says why.",
    429: "Too many calls in this minute; Retry-After says when to try again.",
}
_IDEMPOTENCY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": (
        "Any text. A call sent again with it gets the first answer and is not carried out twice."
    ),
    "schema": {"type": "string", "maxLength": 255},
}
_SHOWN_ERRORS = 3  # of a body with many faults, how many the sentence names


class ApiKeyAuth(AuthBase):
    """Documents the key in the schema; the guard has already checked it.

    ninja's own class would log keys.
    """

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> User | None:
        """Return the account that the guard found."""
        return request.user if isinstance(request.user, User) else None


class StudioAPI(NinjaAPI):
    """The API with its failures and its schema."""

    def __init__(self, **options: Any) -> None:
        super().__init__(auth=ApiKeyAuth(), **options)
        self.add_decorator(guarded, mode="view")

    def on_exception(self, request: HttpRequest, exc: Exception | type[Exception]) -> HttpResponse:
        """Answer each anticipated failure in the same form; Django logs and answers others."""
        if isinstance(exc, ANTICIPATED):
            return problem_response(problem_of(exc))
        if isinstance(exc, HttpError):
            return problem_response(ApiProblem(f"{str(exc).rstrip('.')}.", status=exc.status_code))
        if isinstance(exc, ValidationError):
            return problem_response(_wrong_request(exc))
        raise exc

    def get_root_path(self, path_params: dict[str, Any]) -> str:
        """Return the root of the API, which has no view of its own."""
        return reverse(f"{self.urls_namespace}:openapi-json").removesuffix("openapi.json")

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Name an operation by its function."""
        return operation.view_func.__name__

    def get_openapi_schema(self, **where: Any) -> OpenAPISchema:
        """Return the schema with the failures that every operation may answer."""
        schema = super().get_openapi_schema(**where)
        schema["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        schema["components"]["responses"] = {
            f"Problem{status}": {
                "description": text,
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                },
            }
            for status, text in _REFUSALS.items()
        }
        for path, operations in schema["paths"].items():
            for method, operation in operations.items():
                _complete(path, method, operation)
        return schema


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    is_read = method == "get"
    statuses = [401, 422, 429]
    if "{" in path:
        statuses.append(404)
    if not is_read:
        statuses += [400, 403, 409, 413]
    for status in sorted(statuses):
        operation["responses"].setdefault(
            status, {"$ref": f"#/components/responses/Problem{status}"}
        )
    if is_read:
        operation["responses"].setdefault(
            304, {"description": "Nothing changed since If-None-Match."}
        )
    else:
        operation["parameters"] = [*operation["parameters"], _IDEMPOTENCY_HEADER]


def _wrong_request(error: ValidationError) -> ApiProblem:
    """Say in a sentence what is wrong with the request."""
    found = []
    for each in error.errors:
        place = each["loc"][1:] or each["loc"]
        found.append(f"{'.'.join(str(part) for part in place)}: {each['msg']}")
    message = f"The request is not valid. {'; '.join(found[:_SHOWN_ERRORS])}."
    if len(found) > _SHOWN_ERRORS:
        message += f" And {len(found) - _SHOWN_ERRORS:,} more."
    return ApiProblem(message, status=422, code="invalid_request")
