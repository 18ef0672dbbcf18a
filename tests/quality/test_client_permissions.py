"""Every address of the public client against everybody: no key, a key that only reads, strangers,
the owner.

A new address fails `test_table_has_every_address` until it is listed here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.quality.conftest import changes
from tests.world import World

pytestmark = pytest.mark.django_db

OK, BAD_REQUEST, BAD_KEY, REFUSED, NOT_FOUND, CONFLICT, UNPROCESSABLE, ABSENT = (
    200,
    400,
    401,
    403,
    404,
    409,
    422,
    501,
)


@dataclass(frozen=True, slots=True)
class Call:
    """What the owner gets; `of` are things in the address, `query` and `body` bring their IDs
    elsewhere.
    """

    method: str
    owner: int = OK
    of: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_about_a_thing(self) -> bool:
        """Whether it names a thing of somebody's."""
        return bool(self.of or self.query or self.body)


OPEN = {"client-version": OK, "client-validate": OK, "client-telemetry": OK}  # without a key
SIGNED = {
    "client-upload-part": "put",
    "client-batch": "post",
    "client-results": "get",
}  # by a token in the address
OF_NOBODY = {
    "client-dataset-limit": Call("post"),
    "client-upload-initialize": Call("post", BAD_REQUEST),
    "client-url-initialize": Call("post", BAD_REQUEST),
    "client-dataset-named": Call("get"),
    "client-bigquery": Call("get", ABSENT, arguments={"rest": "x"}),
    "client-enrichment": Call("get", ABSENT, arguments={"rest": "x"}),
    "client-tlm": Call("get", ABSENT, arguments={"rest": "x"}),
    "client-media": Call("get", ABSENT, arguments={"rest": "x"}),
}
CALLS = {
    "client-upload-complete": Call(
        "post", BAD_REQUEST, body={"upload_id": "upload"}
    ),  # without parts
    "client-upload-confirm": Call(
        "post", UNPROCESSABLE, body={"upload_id": "upload"}
    ),  # not complete
    "client-upload-progress": Call("get", CONFLICT, query={"upload_id": "upload"}),  # not confirmed
    "client-upload-dataset": Call("get", CONFLICT, query={"upload_id": "upload"}),
    "client-schema-update": Call("patch", body={"dataset_id": "dataset"}),
    "client-diversity": Call(
        "get", NOT_FOUND, ("dataset",), arguments={"column": "x"}
    ),  # there is no such column
    "client-multilabel": Call("get", NOT_FOUND, ("dataset",), arguments={"column": "x"}),
    "client-dataset-delete": Call("delete", OK, ("dataset",)),
    "client-dataset-details": Call("get", OK, ("dataset",)),
    "client-dataset-schema": Call("get", OK, ("dataset",)),
    "client-dataset-complete": Call("get", OK, ("dataset",)),
    "client-project-clean": Call(
        "post", UNPROCESSABLE, body={"dataset_id": "dataset"}
    ),  # without a choice
    "client-project-delete": Call("delete", OK, ("project",)),
    "client-latest-cleanset": Call("get", OK, ("project",)),
    "client-label-column": Call("get", OK, ("project",)),
    "client-project-dataset": Call("get", OK, ("project",)),
    "client-cleanset-status": Call("get", OK, ("cleanset",)),
    "client-columns": Call("get", OK, ("cleanset",)),
    "client-id-column": Call("get", OK, ("cleanset",)),
    "client-cleanset-project": Call("get", OK, ("cleanset",)),
    "client-pred-probs": Call("get", OK, ("cleanset",)),
    "client-embeddings": Call("get", UNPROCESSABLE, ("cleanset",)),  # it has none
    "client-model-deploy": Call(
        "post", BAD_REQUEST, body={"cleanset_id": "cleanset"}
    ),  # without a name
    "client-model": Call("get", OK, ("model",)),
    "client-batch-announce": Call("post", OK, ("model",)),
    "client-batch-predict": Call("post", UNPROCESSABLE, ("model", "query")),  # no rows came
    "client-batch-status": Call("get", OK, ("batch",)),
}


def names_of(patterns: list[URLPattern | URLResolver]) -> set[str]:
    """Return the names of the client's addresses."""
    names: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            names |= names_of(pattern.url_patterns)
        elif str(pattern.name).startswith("client-"):
            names.add(str(pattern.name))
    return names


def path_of(name: str, call: Call, ids: Mapping[str, Any]) -> str:
    """Return the address with alice's things in it."""
    parameters = {"batch": "query_id"}
    arguments = {parameters.get(thing, f"{thing}_id"): ids[thing] for thing in call.of}
    return reverse(name, kwargs=arguments | call.arguments)


def ask(name: str, call: Call, ids: Mapping[str, Any], client: Client) -> int:
    """Return the status of the answer, which is JSON whatever it says."""
    body = (
        json.dumps({key: str(ids[thing]) for key, thing in call.body.items()}) if call.body else ""
    )
    response = client.generic(
        call.method.upper(),
        path_of(name, call, ids),
        body,
        content_type="application/json",
        query_params={key: str(ids[thing]) for key, thing in call.query.items()},
    )
    assert response["Content-Type"].startswith("application/json")
    response.getvalue()
    return response.status_code


def test_table_has_every_address() -> None:
    assert (
        names_of(get_resolver().url_patterns)
        == OPEN.keys() | SIGNED.keys() | OF_NOBODY.keys() | CALLS.keys()
    )


@pytest.mark.parametrize("name", OPEN)
def test_what_needs_no_key(name: str) -> None:
    method = "GET" if name == "client-validate" else "POST"
    response = Client().generic(method, reverse(name), "{}", content_type="application/json")
    assert response.status_code == OPEN[name]


@pytest.mark.parametrize("name", OF_NOBODY)
def test_what_any_key_may_ask(name: str, world: World) -> None:
    call = OF_NOBODY[name]
    for client in (Client(), world.charlie.browser(enforce_csrf_checks=True)):
        assert ask(name, call, {}, client) == BAD_KEY
    assert ask(name, call, {}, world.charlie.program()) == call.owner


@pytest.mark.parametrize("name", CALLS)
def test_each_call_with_each_key(name: str, world: World) -> None:
    call, alice = CALLS[name], world.alice
    assert call.is_about_a_thing
    for client in (Client(), alice.browser(enforce_csrf_checks=True)):
        assert ask(name, call, alice.ids, client) == BAD_KEY
    for stranger in (world.bob, world.charlie):
        assert ask(name, call, alice.ids, stranger.program()) == NOT_FOUND
    is_write = call.method != "get"
    assert ask(name, call, alice.ids, alice.program("read")) == (
        REFUSED if is_write else call.owner
    )
    assert ask(name, call, alice.ids, alice.program()) == call.owner


@pytest.mark.parametrize("name", [name for name, call in CALLS.items() if call.method == "get"])
def test_reading_changes_nothing(name: str, world: World) -> None:
    with changes() as changed:
        ask(name, CALLS[name], world.alice.ids, world.alice.program())
    assert changed == []


@pytest.mark.parametrize("name", SIGNED)
def test_signed_address_needs_its_token_whoever_asks(name: str, world: World) -> None:
    arguments: dict[str, Any] = {"query_id": world.alice.ids["query"]}
    if name == "client-upload-part":
        arguments = {"upload_id": world.alice.ids["upload"], "number": 1}
    path = reverse(name, kwargs=arguments)
    for client in (world.alice.browser(enforce_csrf_checks=True), world.alice.program()):
        assert client.generic(SIGNED[name].upper(), path).status_code == REFUSED
