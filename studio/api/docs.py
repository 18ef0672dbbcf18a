"""The API's documentation page, rendered from the schema, without scripts.

Why not Swagger UI: docs/decisions/api-page.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase

from studio.api.signing import public_url

Schema = Mapping[str, Any]
_REF = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a body or response; `model` names its schema, if any."""

    name: str
    where: str
    type: str
    model: str
    is_required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful response of an operation."""

    status: int
    phrase: str
    type: str
    model: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One call."""

    id: str
    method: str
    path: str
    title: str
    text: str
    fields: list[Field]
    body_type: str
    answers: list[Answer]


@dataclass(frozen=True, slots=True)
class Model:
    """One schema of requests or responses."""

    name: str
    title: str
    description: str
    fields: list[Field]


class DocsPage(DocsBase):
    """Renders `templates/api/docs.html`."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **path: Any) -> HttpResponse:
        """Show every call, grouped by topic."""
        schema = api.get_openapi_schema(path_params=path)
        context = {
            "sections": _sections(schema),
            "models": [
                _model(name, model)
                for name, model in sorted(schema["components"]["schemas"].items())
            ],
            "schema_url": self.get_openapi_url(api, path),
            "base_url": public_url(request, ""),
        }
        return render(request, "api/docs.html", context)


def _sections(schema: Schema) -> list[tuple[str, list[Operation]]]:
    """Group the calls by tag, in the order of the tags."""
    sections: dict[str, list[Operation]] = {}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            sections.setdefault(operation["tags"][0], []).append(
                _operation(path, method, operation)
            )
    return list(sections.items())


def _operation(path: str, method: str, operation: Schema) -> Operation:
    title, _, text = (
        operation.get("description", operation["summary"]).replace("`", "").partition("\n")
    )
    content = operation.get("requestBody", {}).get("content", {})
    body_type, body = next(iter(content.items()), ("", {"schema": {}}))
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        title=title,
        text=text.strip(),
        fields=[*_parameters(operation), *_fields(body["schema"], "body")],
        body_type=body_type,
        answers=list(_answers(operation)),
    )


def _parameters(operation: Schema) -> Iterator[Field]:
    for parameter in operation["parameters"]:
        type_text, model = _type(parameter["schema"])
        about = parameter.get("description", "")
        yield Field(
            parameter["name"], parameter["in"], type_text, model, parameter["required"], about
        )


def _fields(schema: Schema, where: str) -> Iterator[Field]:
    if "$ref" in schema:
        type_text, model = _type(schema)
        yield Field("", where, type_text, model, is_required=True, description="")
    required = schema.get("required", [])
    for name, details in schema.get("properties", {}).items():
        type_text, model = _type(details)
        yield Field(name, where, type_text, model, name in required, details.get("description", ""))


def _answers(operation: Schema) -> Iterator[Answer]:
    for status, answer in operation["responses"].items():
        if "$ref" not in answer and int(status) < HTTPStatus.MULTIPLE_CHOICES:
            content = answer.get("content", {})
            kinds = [kind for kind in content if kind != "application/json"]
            type_text, model = _type(content.get("application/json", {}).get("schema", {}))
            shown = ", ".join(kinds) or type_text
            yield Answer(
                int(status), HTTPStatus(int(status)).phrase, shown if content else "", model
            )


def _model(name: str, schema: Schema) -> Model:
    return Model(name, _title(name), schema.get("description", ""), list(_fields(schema, "")))


def _title(name: str) -> str:
    """Return the readable name of a schema: Page_RunOut_ is a page of RunOut."""
    return f"Page of {name[5:-1]}" if name.startswith("Page_") else name


def _type(schema: Schema) -> tuple[str, str]:
    """Return the type in words, and the name of the schema that it leads to."""
    if "$ref" in schema:
        name = str(schema["$ref"]).removeprefix(_REF)
        return _title(name), name
    if parts := schema.get("anyOf"):
        found = [_type(part) for part in parts]
        return " or ".join(text for text, _ in found), next(
            (model for _, model in found if model), ""
        )
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"]), ""
    if schema.get("type") == "array":
        text, model = _type(schema.get("items", {}))
        return f"list of {text}", model
    if isinstance(values := schema.get("additionalProperties"), Mapping):
        text, model = _type(values)
        return f"object of {text}", model
    return str(schema.get("format") or schema.get("const") or schema.get("type") or "any"), ""
