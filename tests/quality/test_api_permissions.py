"""Every call of the API against everybody: no key, invalid keys, keys that can only read,
strangers, the owner.

A new call fails `test_table_has_every_call` until it is listed here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from studio.accounts.services import api_key_create, api_key_revoke
from studio.api_urls import api
from tests.quality.conftest import changes
from tests.world import World, csv_file, program

pytestmark = pytest.mark.django_db

OK, CREATED, GONE, UNPROCESSABLE = 200, 201, 204, 422
BAD_KEY, READ_ONLY, NOT_FOUND = 401, 403, 404
FILE = "message,topic\nhello,billing\n"


@dataclass(frozen=True, slots=True)
class Call:
    """What the owner gets; `body` is JSON, `file` the content of an uploaded file.

    `query` says whose id stands in which parameter of the address.
    """

    owner: int = OK
    body: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""
    query: Mapping[str, str] = field(default_factory=dict)


DECISIONS = {"decisions": [{"row_id": 0, "action": "keep"}]}
NEW_ROW = {"message": "hello", "topic": "billing", "channel": "mail"}
TOP_K = {"k": 1, "action": "exclude"}
CALLS = {
    "account_get": Call(),
    "dataset_list": Call(),
    "dataset_create": Call(CREATED, file=FILE),
    "dataset_create_sample": Call(CREATED),
    "dataset_fetch": Call(CREATED, {"url": "https://example.org/data.csv"}),
    "dataset_get": Call(),
    "dataset_delete": Call(GONE),
    "dataset_update": Call(body={"name": "June"}),
    "dataset_versions": Call(),
    "dataset_version_remove": Call(UNPROCESSABLE),  # it has rows
    "dataset_upload_version": Call(file=FILE),
    "dataset_append": Call(CREATED, {"rows": [NEW_ROW]}),
    "dataset_append_file": Call(CREATED, file=FILE),
    "dataset_read_again": Call(UNPROCESSABLE),  # its file was never stored
    "dataset_columns": Call(),
    "dataset_kinds_choose": Call(body={"kinds": {}}),
    "dataset_rows": Call(),
    "project_list": Call(),
    "project_get": Call(),
    "project_update": Call(body={"name": "June"}),
    "project_delete": Call(GONE),
    "project_cleansets": Call(),
    "cleanset_get": Call(),
    "cleanset_rerun": Call(UNPROCESSABLE),  # it has not failed
    "cleanset_improve": Call(UNPROCESSABLE),  # no row is decided yet
    "cleanset_manifest": Call(),
    "cleanset_review": Call(),
    "cleanset_stopping": Call(),
    "cleanset_class_list": Call(),
    "cleanset_issue_rates": Call(),
    "cleanset_noise_matrix": Call(),
    "cleanset_rows": Call(),
    "cleanset_row": Call(),
    "cleanset_row_why": Call(),
    "row_decide": Call(body={"action": "keep"}),
    "decision_list": Call(),
    "decisions_apply": Call(body=DECISIONS),
    "decisions_upload": Call(file="row_id,action\n0,keep\n"),
    "tag_list": Call(),
    "rows_tag": Call(body={"name": "ask legal", "row_ids": [0]}),
    "top_k_preview": Call(body=TOP_K),
    "top_k_apply": Call(body=TOP_K),
    "action_list": Call(),
    "last_action_undo": Call(UNPROCESSABLE),  # nothing was done yet
    "cleanset_export": Call(),
    "model_list": Call(),
    "model_deploy": Call(CREATED, {"name": "June"}),
    "model_get": Call(),
    "model_update": Call(body={"name": "June"}),
    "model_retry": Call(UNPROCESSABLE),  # it has not failed
    "model_delete": Call(GONE),
    "model_card_get": Call(),
    "model_download": Call(),
    "model_onnx": Call(UNPROCESSABLE),  # it was not exported
    "evaluation_list": Call(),
    "project_evaluations": Call(),
    "evaluation_import": Call(CREATED, file="row_id,prediction\n0,billing\n"),
    "evaluation_get": Call(),
    "evaluation_update": Call(body={"name": "June"}),
    "evaluation_report": Call(),
    "evaluation_again": Call(CREATED),
    "custom_metrics_set": Call(body={"metrics": {"cost": 1.5}}),
    "evaluation_row_list": Call(),
    "evaluation_issues": Call(UNPROCESSABLE),  # it is no import
    "evaluation_predictions": Call(),
    "evaluation_compare": Call(query={"other": "evaluation"}),
    "auto_label_estimate": Call(UNPROCESSABLE),  # one row is unlabeled
    "auto_label_apply": Call(UNPROCESSABLE, {"threshold": 0.9}),
    "cleanset_update": Call(body={"name": "June"}),
    "cleanset_restore": Call(UNPROCESSABLE),  # it is the current version
    "cleanset_changes": Call(),
    "project_grow": Call(UNPROCESSABLE),  # it has all rows
    "evaluation_delete": Call(GONE),
    "projection_create": Call(CREATED, {"method": "pca"}),
    "projection_get": Call(),
    "projection_coordinates": Call(),
    "configuration_list": Call(),
    "configuration_create": Call(CREATED, {"name": "Other"}),
    "configuration_get": Call(),
    "configuration_replace": Call(body={"name": "Mine"}),
    "configuration_delete": Call(GONE),
    "analysis_start": Call(CREATED, {"changes": {"seed": 1}}),
    "prediction_list": Call(),
    "prediction_start": Call(CREATED, file=FILE),
    "prediction_row": Call(CREATED, {"cells": {"message": "hello"}}),
    "prediction_get": Call(),
    "prediction_retry": Call(UNPROCESSABLE),  # it has not failed
    "prediction_export": Call(),
    "prediction_report": Call(),
    "prediction_uncertain": Call(),
    "prediction_review": Call(CREATED, {"n": 1}),
    "prediction_delete": Call(GONE),
    "run_list": Call(),
    "run_get": Call(),
    "run_cancel": Call(UNPROCESSABLE),  # it has ended
    "webhook_list": Call(),
    "webhook_create": Call(CREATED, {"url": "https://example.org/hook"}),
    "webhook_get": Call(),
    "webhook_delete": Call(GONE),
    "webhook_ping": Call(CREATED),
    "delivery_list": Call(),
}
OF_A_BODY = {"project_create": Call(CREATED)}  # the id of the thing stands in the body


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call goes."""

    method: str
    path: str

    @property
    def is_write(self) -> bool:
        """Whether a key that only reads is refused."""
        return self.method != "get"

    @property
    def is_about_a_thing(self) -> bool:
        """Whether the address names a thing of somebody's."""
        return "{" in self.path


PLACES = {
    operation["operationId"]: Place(method, path)
    for path, operations in api.get_openapi_schema()["paths"].items()
    for method, operation in operations.items()
}


def path_of(ids: Mapping[str, Any], name: str, call: Call) -> str:
    """Return the address with these things in it."""
    nouns = {f"{noun}_id": value for noun, value in ids.items()}
    others = {"batch_id": ids["batch"], "run_id": ids["cleanset"], "row_id": 0, "number": 1}
    path = PLACES[name].path.format(**(nouns | others))
    if call.query:
        path += "?" + urlencode({parameter: ids[of] for parameter, of in call.query.items()})
    return path


def ask(ids: Mapping[str, Any], name: str, call: Call, client: Client) -> Any:
    """Make the call."""
    place = PLACES[name]
    path = path_of(ids, name, call)
    if call.file:
        return client.post(path, {"file": csv_file(call.file)})
    body = json.dumps(call.body) if place.is_write else ""
    return client.generic(place.method.upper(), path, body, content_type="application/json")


def test_table_has_every_call() -> None:
    assert PLACES.keys() == CALLS.keys() | OF_A_BODY.keys()


@pytest.mark.parametrize("name", CALLS | OF_A_BODY)
def test_nobody_comes_in_without_a_key_that_holds(name: str, world: World) -> None:
    revoked, secret = api_key_create(owner=world.alice.user, name="old", scope="write")
    api_key_revoke(key=revoked)
    call = (CALLS | OF_A_BODY)[name]
    session = world.alice.browser(enforce_csrf_checks=True)
    for client in (Client(), session, program("cs_unknown"), program(secret)):
        assert ask(world.alice.ids, name, call, client).status_code == BAD_KEY


@pytest.mark.parametrize("name", CALLS)
def test_each_call_with_each_key(name: str, world: World) -> None:
    call, place, alice = CALLS[name], PLACES[name], world.alice

    def status(client: Client) -> int:
        answer: int = ask(alice.ids, name, call, client).status_code
        return answer

    if place.is_about_a_thing:
        assert status(world.bob.program()) == NOT_FOUND
        assert status(world.charlie.program()) == NOT_FOUND
    else:
        assert status(world.charlie.program()) == call.owner
    assert status(alice.program("read")) == (READ_ONLY if place.is_write else call.owner)
    assert status(alice.program()) == call.owner


@pytest.mark.parametrize("name", [name for name, place in PLACES.items() if not place.is_write])
def test_reading_changes_nothing(name: str, world: World) -> None:
    with changes() as changed:
        ask(world.alice.ids, name, CALLS[name], world.alice.program()).getvalue()
    assert changed == []


LISTS = [
    name for name, place in PLACES.items() if name.endswith("_list") and not place.is_about_a_thing
]


@pytest.mark.parametrize("name", LISTS)
def test_list_has_nothing_of_others(name: str, world: World) -> None:
    answer = ask(world.alice.ids, name, CALLS[name], world.charlie.program())
    assert answer.json()["count"] == 0


def test_project_is_made_of_ones_own_dataset(world: World) -> None:
    alice = world.alice
    call = Call(CREATED, {"dataset_id": str(alice.ids["dataset"])})
    for client, status in (
        (world.bob.program(), NOT_FOUND),
        (alice.program("read"), READ_ONLY),
        (alice.program(), CREATED),
    ):
        assert ask(alice.ids, "project_create", call, client).status_code == status


@pytest.mark.parametrize("name", ["openapi-json", "openapi-view"])
def test_documentation_is_for_everybody(name: str) -> None:
    assert Client().get(reverse(f"api-v1:{name}")).status_code == OK
