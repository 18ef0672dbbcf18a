"""Requests about one's own things that name a thing of somebody else: as if it did not exist.

Alice asks with bob's ids. What is refused writes nothing, and no answer holds a word of bob's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django import DjangoDbBlocker

from cleansets.models import Cleanset
from cleansets.services import row_decide
from studio.api_urls import api as api_schema
from tests.cast import make_user
from tests.planted import plant_texts
from tests.quality import test_api_permissions as api
from tests.quality.conftest import changes
from tests.world import World, account_of, make_ids

pytestmark = pytest.mark.django_db

OK, NOT_FOUND, UNPROCESSABLE = 200, 404, 422
NUMBERS = {"row_id", "number", "column", "rest"}  # of an address; they name nothing by themselves
BY_TOKENS = {"password-reset-confirm"}
SECRET = "nobody-but-bob"  # in each text of bob's


def secret(text: str) -> str:
    return f"{text} {SECRET}"


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Make alice's and bob's things, and an action of bob's."""
    with django_db_blocker.unblock(), transaction.atomic():
        bob = make_user("bob")
        ids = make_ids(bob, rename=secret)
        cleanset = Cleanset.objects.get(pk=ids["cleanset"])
        action = row_decide(cleanset=cleanset, user=bob, row_id=10, choice="keep")
        plant_texts((table._base_manager.all() for table in apps.get_models()), secret)
        alice = make_user("alice", is_owner=True)
        yield World(
            account_of(alice, make_ids(alice)),
            account_of(bob, ids | {"action": action.pk}),
            account_of(make_user("charlie"), {}),
        )
        transaction.set_rollback(True)


@dataclass(frozen=True, slots=True)
class Mixed:
    """A request of alice's: `mine` and `other` are the nouns of her thing and of bob's.

    `data` is the query of a GET, or the body of a POST; `{other}` stands for bob's id, `{mine}` for
    hers. Without it, both ids are in the address.
    """

    method: str
    name: str
    mine: str
    other: str
    status: int
    data: str = ""
    row_id: int | None = None


PAGES = [
    Mixed("post", "cleanset-action-revert", "cleanset", "action", NOT_FOUND),
    Mixed("get", "project-create", "", "dataset", NOT_FOUND, "dataset={other}"),
    Mixed("get", "dataset-append", "dataset", "project", NOT_FOUND, "project={other}"),
    Mixed("post", "dataset-append-apply", "appended", "project", UNPROCESSABLE,
          "recognise=content&known=skip&projects={other}"),
    Mixed("get", "analysis-new", "project", "evaluation", NOT_FOUND, "like={other}"),
    Mixed("get", "analysis-new", "project", "configuration", NOT_FOUND, "saved={other}"),
    Mixed("get", "evaluation-compare", "evaluation", "evaluation", NOT_FOUND, "with={other}"),
    Mixed("get", "evaluation-gallery", "evaluation", "evaluation", OK,
          "with={other}&change=gained"),
    Mixed("get", "evaluation-gallery", "evaluation", "evaluation", OK,
          "among=run:{other}.cell,0,0"),
    Mixed("get", "evaluation-map", "evaluation", "projection", OK, "by={other}"),
    Mixed("get", "cleanset", "cleanset", "evaluation", OK, "issue=all&among=run:{other}.cell,0,0"),
    Mixed("get", "cleanset-history", "cleanset", "id", OK, "person={other}"),
    Mixed("get", "cleanset-top-k", "cleanset", "evaluation", OK,
          "k=1&among=run:{other}.cell,0,0"),
    Mixed("get", "cleanset-export", "cleanset", "evaluation", OK,
          "mode=default&file_format=csv&view=among%3Drun%3A{other}.cell%2C0%2C0"),
    Mixed("post", "cleanset-decide", "cleanset", "action", UNPROCESSABLE,
          "choice=keep&action_id={other}", row_id=0),
    Mixed("post", "cleanset-selection-decide", "cleanset", "action", UNPROCESSABLE,
          "choice=keep&rows=0&action_id={other}"),
]  # fmt: skip
CALLS = [
    Mixed("post", "project_create", "", "dataset", NOT_FOUND, '{"dataset_id": "{other}"}'),
    Mixed("get", "evaluation_compare", "evaluation", "evaluation", NOT_FOUND, "other={other}"),
    Mixed("get", "evaluation_compare", "evaluation", "evaluation", NOT_FOUND,
          "other={mine}&thresholds={other}"),
    Mixed("get", "evaluation_row_list", "evaluation", "evaluation", UNPROCESSABLE,
          "other={other}&change=gained"),
    Mixed("get", "evaluation_row_list", "evaluation", "evaluation", UNPROCESSABLE,
          "among=run:{other}.cell,0,0"),
    Mixed("get", "cleanset_rows", "cleanset", "evaluation", UNPROCESSABLE,
          "among=run:{other}.cell,0,0"),
    Mixed("get", "cleanset_export", "cleanset", "evaluation", UNPROCESSABLE,
          "among=run:{other}.cell,0,0"),
    Mixed("post", "analysis_start", "project", "evaluation", NOT_FOUND, '{"like": "{other}"}'),
    Mixed("post", "analysis_start", "project", "configuration", NOT_FOUND, '{"saved": "{other}"}'),
    Mixed("post", "dataset_append", "dataset", "project", NOT_FOUND,
          '{"rows": [{"message": "a"}], "project_ids": ["{other}"]}'),
]  # fmt: skip


def sent(request: Mixed, world: World) -> str:
    ids = world.bob.ids | {"id": world.bob.user.pk}
    mine = str(world.alice.ids.get(request.mine, ""))
    return request.data.replace("{mine}", mine).replace("{other}", str(ids[request.other]))


def names(requests: list[Mixed]) -> list[str]:
    return [f"{request.name}-{request.other}-{place}" for place, request in enumerate(requests)]


def check(request: Mixed, ask: Callable[[], Any]) -> None:
    with changes() as changed:
        response = ask()
        answer = response.getvalue().decode()
    assert response.status_code == request.status, answer[-2000:]
    assert SECRET not in answer
    assert changed == []


def test_bob_reads_what_is_his(world: World) -> None:
    page = world.bob.browser().get(reverse("cleanset", args=[world.bob.ids["cleanset"]]))
    assert SECRET in page.content.decode()


@pytest.mark.parametrize("request_", PAGES, ids=names(PAGES))
def test_page_knows_nothing_of_others(request_: Mixed, world: World) -> None:
    arguments = [world.alice.ids[request_.mine]] if request_.mine else []
    data = sent(request_, world)
    if request_.row_id is not None:
        arguments.append(request_.row_id)
    if not request_.data:
        arguments.append(world.bob.ids[request_.other])
    path = reverse(request_.name, args=arguments)
    client = world.alice.browser()
    form = "application/x-www-form-urlencoded"
    if request_.method == "get":
        check(request_, lambda: client.get(f"{path}?{data}"))
    else:
        check(request_, lambda: client.post(path, data, content_type=form))


@pytest.mark.parametrize("call", CALLS, ids=names(CALLS))
def test_call_knows_nothing_of_others(call: Mixed, world: World) -> None:
    place = api.PLACES[call.name]
    path = api.path_of(world.alice.ids, call.name, api.Call())
    client = world.alice.program()
    data = sent(call, world)
    if place.is_write:
        check(call, lambda: client.post(path, data, content_type="application/json"))
    else:
        check(call, lambda: client.get(f"{path}?{data}"))


def test_client_predicts_no_rows_that_others_sent(world: World) -> None:
    ids = {"model_id": world.alice.ids["model"], "query_id": world.bob.ids["query"]}
    path = reverse("client-batch-predict", kwargs=ids)
    call = Mixed("post", "client-batch-predict", "model", "query", NOT_FOUND)
    check(call, lambda: world.alice.program().post(path, "{}", content_type="application/json"))


def test_every_address_with_two_things_is_asked() -> None:
    two = {
        pattern.name
        for pattern in patterns_of(get_resolver().url_patterns)
        if len([name for name in pattern.pattern.converters if name not in NUMBERS]) > 1
    }
    assert two == {request.name for request in PAGES if not request.data} | BY_TOKENS | {
        "client-batch-predict"
    }


def test_every_id_that_a_call_takes_is_asked() -> None:
    schema = api_schema.get_openapi_schema()
    bodies = schema["components"]["schemas"]
    found = set()
    for operations in schema["paths"].values():
        for operation in operations.values():
            name = operation["operationId"]
            parameters = [one for one in operation.get("parameters", []) if one["in"] == "query"]
            found |= {(name, one["name"]) for one in parameters if is_id(one["schema"])}
            for body in re.findall(r"schemas/(\w+)", json.dumps(operation.get("requestBody", {}))):
                fields = bodies[body].get("properties", {})
                found |= {(name, field) for field, value in fields.items() if is_id(value)}
    asked = {
        (call.name, field)
        for call in CALLS
        for field in re.findall(r'(\w+)"?(?:: \[?")?=?\{other\}', call.data)
    }
    assert found - asked == set()


def is_id(schema: dict[str, Any]) -> bool:
    """Whether a field holds ids of things."""
    return '"format": "uuid"' in json.dumps(schema)


def patterns_of(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from patterns_of(pattern.url_patterns)
        else:
            yield pattern
