"""The JSON body and identifiers of a call, with a sentence for whatever is wrong with them."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.http import HttpRequest

from studio.api.problems import ApiProblem
from studio.api.schemas import is_storable

Body = dict[str, Any]


def json_object(request: HttpRequest) -> Body:
    """Return the JSON object in the body, {} if it is empty. Raises ApiProblem otherwise."""
    if not request.body:
        return {}
    try:
        content = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise ApiProblem("The body of this request is not valid JSON.") from error
    if not isinstance(content, dict):
        raise ApiProblem("The body of this request has to be a JSON object.")
    return content


def text(body: Body, name: str, *, default: str | None = None) -> str:
    """Return a text of the body, or the default for null. Raises ApiProblem for anything else."""
    value = body.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or not is_storable(value):
        raise ApiProblem(f"The field '{name}' has to be a text.")
    return value


def identifier(value: object, what: str) -> uuid.UUID:
    """Return an ID. Raises ApiProblem if it is not one."""
    try:
        return uuid.UUID(str(value))
    except ValueError as error:
        raise ApiProblem(f"'{str(value)[:80]}' is not a {what} ID.", status=404) from error
