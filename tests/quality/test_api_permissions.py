"""Every call of the API against everybody: no key, invalid keys, keys that can only read,
strangers, the owner.

A new call fails `test_table_has_every_call` until it is listed here.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from studio.accounts.models import User
from studio.accounts.services import api_key_create, api_key_revoke
from studio.api_urls import api
from tests.factories import make_dataset
from tests.things import Things, make_things

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


@pytest.fixture
def alices(alice: User) -> Things:
    return make_things(alice)


def path_of(things: Things, place: Place) -> str:
    """Return the address with alice's thing in it."""
    names = {"batch_id": "batch", "run_id": "cleanset"}
    ids = {f"{name}_id": value for name, value in things.ids.items()}
    ids |= {name: things.ids[of] for name, of in names.items()} | {"row_id": 0, "number": 1}
    return place.path.format(**ids)


def ask(things: Things, name: str, call: Call, secret: str | None) -> Any:
    """Make the call with a key, or without one."""
    place = PLACES[name]
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    client = Client(enforce_csrf_checks=True, headers=headers)
    if call.file:
        file = io.BytesIO(call.file.encode())
        file.name = "data.csv"
        return client.post(path_of(things, place), {"file": file})
    body = json.dumps(call.body) if place.is_write else ""
    path = path_of(things, place)
    if call.query:
        path += "?" + urlencode({name: things.ids[of] for name, of in call.query.items()})
    return client.generic(place.method.upper(), path, body, content_type="application/json")


def key_of(user: User, scope: str = "write") -> str:
    return api_key_create(owner=user, name="test", scope=scope)[1]


def test_table_has_every_call() -> None:
    assert PLACES.keys() == CALLS.keys() | OF_A_BODY.keys()


def test_nobody_comes_in_without_a_key_that_holds(alices: Things, alice: User) -> None:
    revoked, secret = api_key_create(owner=alice, name="old", scope="write")
    api_key_revoke(key=revoked)
    for name, call in (CALLS | OF_A_BODY).items():
        statuses = [
            ask(alices, name, call, key).status_code for key in (None, "cs_unknown", secret)
        ]
        assert statuses == [BAD_KEY] * 3, name


@pytest.mark.parametrize("name", CALLS)
def test_each_call_with_each_key(
    name: str, alices: Things, alice: User, bob: User, charlie: User
) -> None:
    make_dataset(bob)
    call, place = CALLS[name], PLACES[name]
    if place.is_about_a_thing:
        assert [ask(alices, name, call, key_of(user)).status_code for user in (bob, charlie)] == [
            NOT_FOUND
        ] * 2
    else:
        assert ask(alices, name, call, key_of(charlie)).status_code == call.owner
    assert ask(alices, name, call, key_of(alice, "read")).status_code == (
        READ_ONLY if place.is_write else call.owner
    )
    assert ask(alices, name, call, key_of(alice)).status_code == call.owner


@pytest.mark.parametrize("name", [name for name, place in PLACES.items() if name.endswith("_list")])
def test_list_has_nothing_of_others(name: str, alices: Things, charlie: User) -> None:
    if not PLACES[name].is_about_a_thing:
        assert ask(alices, name, CALLS[name], key_of(charlie)).json()["count"] == 0


def test_project_is_made_of_ones_own_dataset(alices: Things, alice: User, bob: User) -> None:
    call = Call(CREATED, {"dataset_id": str(alices.ids["dataset"])})
    assert ask(alices, "project_create", call, key_of(bob)).status_code == NOT_FOUND
    assert ask(alices, "project_create", call, key_of(alice, "read")).status_code == READ_ONLY
    assert ask(alices, "project_create", call, key_of(alice)).status_code == CREATED


@pytest.mark.parametrize("name", ["openapi-json", "openapi-view"])
def test_documentation_is_for_everybody(name: str, db: None) -> None:
    assert Client().get(reverse(f"api-v1:{name}")).status_code == OK
