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

from inference.models import PredictionUpload
from projects.models import Upload
from studio.accounts.models import User
from studio.accounts.services import api_key_create
from tests.factories import make_dataset
from tests.things import Things, make_things

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


@pytest.fixture
def alices(alice: User) -> dict[str, Any]:
    """Return the IDs of what alice has."""
    things: Things = make_things(alice)
    upload = Upload.objects.create(owner=alice, filename="a.csv", size_bytes=1, part_bytes=10)
    query = PredictionUpload.objects.create(deployed_model=things.model, created_by=alice)
    return things.ids | {"upload": upload.pk, "query": query.pk}


def path_of(name: str, call: Call, ids: Mapping[str, Any]) -> str:
    """Return the address with alice's things in it."""
    parameters = {"batch": "query_id"}
    arguments = {parameters.get(thing, f"{thing}_id"): ids[thing] for thing in call.of}
    return reverse(name, kwargs=arguments | call.arguments)


def ask(
    name: str, call: Call, ids: Mapping[str, Any], user: User | None, scope: str = "write"
) -> int:
    """Return the status of the answer, which is JSON whatever it says."""
    headers = {}
    if user is not None:
        headers["Authorization"] = (
            f"bearer {api_key_create(owner=user, name='test', scope=scope)[1]}"
        )
    body = (
        json.dumps({key: str(ids[thing]) for key, thing in call.body.items()}) if call.body else ""
    )
    query = {key: str(ids[thing]) for key, thing in call.query.items()}
    client = Client(enforce_csrf_checks=True, headers=headers)
    response = client.generic(
        call.method.upper(),
        path_of(name, call, ids),
        body,
        content_type="application/json",
        query_params=query,
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
def test_what_any_key_may_ask(name: str, charlie: User) -> None:
    assert ask(name, OF_NOBODY[name], {}, None) == BAD_KEY
    assert ask(name, OF_NOBODY[name], {}, charlie) == OF_NOBODY[name].owner


@pytest.mark.parametrize("name", CALLS)
def test_each_call_with_each_key(
    name: str, alices: Mapping[str, Any], alice: User, bob: User, charlie: User
) -> None:
    make_dataset(bob)
    call = CALLS[name]
    assert call.is_about_a_thing
    assert ask(name, call, alices, None) == BAD_KEY
    assert [ask(name, call, alices, user) for user in (bob, charlie)] == [NOT_FOUND] * 2
    is_write = call.method != "get"
    assert ask(name, call, alices, alice, "read") == (REFUSED if is_write else call.owner)
    assert ask(name, call, alices, alice) == call.owner


@pytest.mark.parametrize("name", SIGNED)
def test_signed_address_needs_its_token_whoever_asks(
    name: str, alices: Mapping[str, Any], alice: User
) -> None:
    arguments: dict[str, Any] = {"query_id": alices["query"]}
    if name == "client-upload-part":
        arguments = {"upload_id": alices["upload"], "number": 1}
    _, secret = api_key_create(owner=alice, name="test", scope="write")
    client = Client(headers={"Authorization": f"bearer {secret}"})
    assert (
        client.generic(SIGNED[name].upper(), reverse(name, kwargs=arguments)).status_code == REFUSED
    )
