"""What every call of `/api/v1` passes: limits, repeated writes, unchanged answers."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.cache import caches
from django.db import OperationalError
from django.test import Client
from redis.exceptions import ConnectionError as RedisDown

from cleansets.models import Cleanset, ReviewAction
from projects.models import Dataset
from studio.accounts.models import User
from studio.api.models import IdempotentCall
from tests.factories import make_dataset, make_model

pytestmark = pytest.mark.django_db

JSON = "application/json"


@pytest.fixture(autouse=True)
def _no_calls_yet() -> None:
    """Keys of different tests have the same number, and a minute is longer than a test."""
    caches["calls"].clear()


def upload(
    program: Client, content: bytes = b"a,b\n1,2\n", key: str = "k1", name: str = "new.csv"
) -> Any:
    file = io.BytesIO(content)
    file.name = name
    return program.post("/api/v1/datasets", {"file": file}, headers={"Idempotency-Key": key})


def test_log_in_of_a_browser_is_not_accepted(alice: User, client: Client) -> None:
    client.force_login(alice)
    response = client.get("/api/v1/datasets")
    assert (response.status_code, response.json()["code"]) == (401, "no_key")


def test_call_sets_no_cookie(program: Client) -> None:
    assert not program.get("/api/v1/account").cookies


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("POST", "/api/cli/v0/check_dataset_limit"),
        ("POST", "/api/cli/v0/check_client_version"),
        ("GET", "/api/cli/v0/validate"),
    ],
)
def test_calls_of_the_public_client_are_limited_too(
    method: str, address: str, program: Client, settings: Any
) -> None:
    settings.API_CALLS_PER_MINUTE = 2
    answers = [program.generic(method, address) for _ in range(6)]  # a minute may end in between
    assert 429 in [answer.status_code for answer in answers]
    assert "calls of this minute" in answers[-1].json()["error"]


def test_calls_above_the_limit_of_a_minute_are_refused(program: Client, settings: Any) -> None:
    settings.API_CALLS_PER_MINUTE = 2
    statuses = [program.get("/api/v1/account").status_code for _ in range(3)]
    if statuses != [200, 200, 429]:  # a minute may have ended in between
        statuses = [program.get("/api/v1/account").status_code for _ in range(3)]
    assert statuses[-1] == 429
    response = program.get("/api/v1/account")
    assert 1 <= int(response["Retry-After"]) <= 60
    assert response.json()["code"] == "too_many_calls"


def test_limit_counts_each_key_on_its_own(
    program_of: Any, alice: User, bob: User, settings: Any
) -> None:
    settings.API_CALLS_PER_MINUTE = 1
    assert program_of(alice).get("/api/v1/account").status_code == 200
    assert program_of(alice).get("/api/v1/account").status_code == 200
    assert program_of(bob).get("/api/v1/account").status_code == 200


def test_no_limit_by_setting_nought(program: Client, settings: Any) -> None:
    settings.API_CALLS_PER_MINUTE = 0
    assert {program.get("/api/v1/account").status_code for _ in range(3)} == {200}


def test_counter_that_cannot_be_reached_turns_nobody_away(
    program: Client, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    def fail(*_: object) -> int:
        raise RedisDown

    settings.API_CALLS_PER_MINUTE = 1
    monkeypatch.setattr(type(caches["calls"]), "incr", fail)
    assert {program.get("/api/v1/account").status_code for _ in range(3)} == {200}


def test_write_that_is_sent_twice_is_carried_out_once(program: Client) -> None:
    first, second = upload(program), upload(program)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert second["Idempotent-Replayed"] == "true"
    assert Dataset.objects.count() == 1


def test_other_keys_and_no_key_are_other_writes(program: Client) -> None:
    upload(program, key="k1")
    upload(program, key="k2")
    upload(program, key="")
    upload(program, key="")
    assert Dataset.objects.count() == 4


@pytest.mark.parametrize("change", [{"content": b"a,b\n1,3\n"}, {"name": "other.csv"}])
def test_key_of_another_write_is_a_conflict(program: Client, change: Any) -> None:
    upload(program)
    response = upload(program, **change)
    assert (response.status_code, response.json()["code"]) == (409, "idempotency_key_reused")
    assert Dataset.objects.count() == 1


def test_write_whose_web_process_was_killed_leaves_no_key_behind(
    program: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Nothing in the studio catches it, as nothing catches SIGKILL."""

    def kill(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr("studio.api.idempotency._keep", kill)
        with pytest.raises(Killed):
            upload(program)
    assert (Dataset.objects.count(), IdempotentCall.objects.count()) == (0, 0)
    response = upload(program)
    assert (response.status_code, "Idempotent-Replayed" in response) == (201, False)
    assert Dataset.objects.count() == 1


def test_key_that_an_earlier_version_left_open_is_carried_out(program: Client) -> None:
    upload(program)
    Dataset.objects.all().delete()
    IdempotentCall.objects.update(status=None)
    assert upload(program).status_code == 201
    assert Dataset.objects.count() == 1


def test_reading_goes_on_while_another_write_keeps_the_database_busy(
    program: Client, monkeypatch: pytest.MonkeyPatch, alice: User
) -> None:
    def locked(*_: object, **__: object) -> int:
        raise OperationalError("database is locked")

    monkeypatch.setattr("django.db.models.query.QuerySet.update", locked)
    assert program.get("/api/v1/account").status_code == 200


def test_write_to_a_busy_database_is_to_be_sent_again(
    program: Client, monkeypatch: pytest.MonkeyPatch, cleanset: Cleanset
) -> None:
    def locked(**_: object) -> None:
        raise OperationalError("database is locked")

    program.raise_request_exception = False
    monkeypatch.setattr("cleansets.services.last_action_undo", locked)
    response = program.post(f"/api/v1/cleansets/{cleanset.pk}/undo")
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert "busy" in response.json()["error"]


def test_keys_of_accounts_do_not_meet(program: Client, program_of: Any, bob: User) -> None:
    assert upload(program).status_code == 201
    response = upload(program_of(bob))
    assert (response.status_code, "Idempotent-Replayed" in response) == (201, False)


def test_refusal_is_replayed_too(program: Client, cleanset: Cleanset) -> None:
    address, headers = f"/api/v1/cleansets/{cleanset.pk}/undo", {"Idempotency-Key": "k"}
    assert program.post(address, headers=headers).status_code == 422
    program.put(
        f"/api/v1/cleansets/{cleanset.pk}/rows/1/decision", {"action": "keep"}, content_type=JSON
    )
    assert program.post(address, headers=headers).status_code == 422
    assert ReviewAction.objects.count() == 1


def test_delete_that_is_sent_twice_is_answered_twice(program: Client, alice: User) -> None:
    address = f"/api/v1/datasets/{make_dataset(alice).pk}"
    statuses = [
        program.delete(address, headers={"Idempotency-Key": "d"}).status_code for _ in range(2)
    ]
    assert statuses == [204, 204]


def test_fault_of_the_studio_may_be_tried_again(
    program: Client, monkeypatch: pytest.MonkeyPatch, cleanset: Cleanset
) -> None:
    program.raise_request_exception = False
    address, headers = f"/api/v1/cleansets/{cleanset.pk}/undo", {"Idempotency-Key": "k"}
    with monkeypatch.context() as broken:
        broken.setattr("cleansets.services.last_action_undo", lambda **_: 1 / 0)
        response = program.post(address, headers=headers)
        assert (response.status_code, response["Content-Type"]) == (500, "application/json")
    assert not IdempotentCall.objects.exists()
    assert program.post(address, headers=headers).status_code == 422


def test_answer_that_did_not_change_is_not_sent_again(program: Client, alice: User) -> None:
    make_dataset(alice)
    first = program.get("/api/v1/datasets")
    again = program.get("/api/v1/datasets", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    make_dataset(alice)
    assert (
        program.get("/api/v1/datasets", headers={"If-None-Match": first["ETag"]}).status_code == 200
    )


def test_json_body_that_is_too_large_is_refused_before_it_is_read(
    program: Client, cleanset: Cleanset
) -> None:
    body = json.dumps({"decisions": [{"row_id": i, "action": "keep"} for i in range(100_000)]})
    response = program.post(f"/api/v1/cleansets/{cleanset.pk}/decisions", body, content_type=JSON)
    assert response.status_code == 413
    assert "Send it as a file" in response.json()["error"]


@pytest.mark.parametrize("body", [b"{", b"\xff", b'"text"', b"null", b"[1]"])
def test_body_that_is_not_an_object_is_refused(program: Client, body: bytes) -> None:
    response = program.post("/api/v1/projects", body, content_type=JSON)
    assert response.status_code in (400, 422)
    assert response.json()["error"].endswith(".")


def test_half_a_character_is_refused(program: Client, alice: User) -> None:
    address = f"/api/v1/cleansets/{make_model(alice).cleanset_id}/models"
    response = program.post(address, b'{"name": "\\ud800"}', content_type=JSON)
    assert response.status_code == 422
    assert "cannot be stored" in response.json()["error"]
