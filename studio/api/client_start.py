"""The public client's first calls, its telemetry, and what only the hosted studio has."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse

from studio.accounts.services import api_key_used
from studio.api.body import json_object, text
from studio.api.errors import ApiProblem, client_view
from studio.api.problems import problem_response

_ABSENT = {
    "bigquery": (
        "This studio cannot read from BigQuery. Export the table as CSV, JSON or Parquet and upload"
        " that."
    ),
    "enrichment": (
        "This studio has no data enrichment: it needs a language model, which is not part of it."
    ),
    "trustworthy_llm": (
        "This studio has no Trustworthy Language Model: no language model is part of it."
    ),
    "media": "This studio does not read images. Upload a table with text, numbers or categories.",
}
ALL_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@client_view("POST", scope=None)
def check_client_version(request: HttpRequest) -> JsonResponse:
    """Accept every version of the client."""
    return JsonResponse({"valid": True})


@client_view("GET", scope=None)
def validate(request: HttpRequest) -> JsonResponse:
    """Return whether a key is valid, from the header or, as proxies may drop it, from the body."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        secret = text(json_object(request), "api_key", default="")
    return JsonResponse({"valid": api_key_used(secret.strip()) is not None})


@client_view("POST", scope=None)
def telemetry(request: HttpRequest) -> JsonResponse:
    """Discard the client's error reports unread: they contain the API key."""
    return JsonResponse({})


@client_view(*ALL_METHODS, scope="read")
def absent(request: HttpRequest, what: str, rest: str = "") -> JsonResponse:
    """Say what this studio does not have."""
    return problem_response(ApiProblem(_ABSENT[what], status=501, code="not_available"))


@client_view("POST", scope="read")
def check_dataset_limit(request: HttpRequest) -> JsonResponse:
    """Accept any number of rows."""
    return JsonResponse({"eligible": True})
