"""`/api/v1/datasets`: a program uploads a file and reads what was found in it."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.test import Client

from projects.models import Dataset
from studio.accounts.models import User
from tests.factories import make_dataset

pytestmark = pytest.mark.django_db

ROWS = "message,topic\n" + "".join(f"please help {i},{'ab'[i % 2]}\n" for i in range(60))
JSON = "application/json"


def upload(program: Client, content: str = ROWS, name: str = "requests.csv", **fields: str) -> Any:
    file = io.BytesIO(content.encode())
    file.name = name
    return program.post("/api/v1/datasets", {"file": file, **fields})


def test_uploaded_file_is_read_and_described(eager_runs: None, program: Client) -> None:
    response = upload(program)
    assert response.status_code == 201
    dataset = program.get(f"/api/v1/datasets/{response.json()['id']}").json()
    assert (dataset["name"], dataset["n_rows"], dataset["file_format"]) == ("requests", 60, "csv")
    assert dataset["run"]["status"] == "succeeded"


def test_dataset_gets_the_name_that_is_asked_for(program: Client) -> None:
    assert upload(program, name="requests.csv", **{}).json()["name"] == "requests"
    file = io.BytesIO(ROWS.encode())
    file.name = "requests.csv"
    assert (
        program.post("/api/v1/datasets", {"file": file, "name": " June "}).json()["name"] == "June"
    )


def test_dataset_uploaded_by_a_program_is_in_the_dashboard(
    eager_runs: None, program: Client, alice: User
) -> None:
    upload(program)
    browser = Client()
    browser.force_login(alice)
    assert "requests" in browser.get("/").content.decode()


def test_file_that_cannot_be_read_says_why_and_may_be_replaced(
    eager_runs: None, program: Client
) -> None:
    dataset = upload(program, content="").json()["id"]
    run = program.get(f"/api/v1/datasets/{dataset}").json()["run"]
    assert run["status"] == "failed"
    assert "empty" in run["error_message"]
    better = io.BytesIO(ROWS.encode())
    better.name = "better.csv"
    assert program.post(f"/api/v1/datasets/{dataset}/file", {"file": better}).status_code == 200
    assert program.get(f"/api/v1/datasets/{dataset}").json()["n_rows"] == 60


def test_upload_without_a_file_is_refused(program: Client) -> None:
    response = program.post("/api/v1/datasets", {"name": "x"})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
    assert "file: Field required" in response.json()["error"]


def test_rows_come_in_parts_with_every_cell_in_full(eager_runs: None, program: Client) -> None:
    long = "x" * 5000
    dataset = upload(program, content=f"{ROWS}{long},\n").json()["id"]
    first = program.get(f"/api/v1/datasets/{dataset}/rows?limit=40").json()
    assert (first["count"], len(first["results"]), first["previous"]) == (61, 40, None)
    second = program.get(first["next"]).json()
    assert (len(second["results"]), second["next"]) == (21, None)
    assert second["results"][-1] == {"row_id": 60, "cells": {"message": long, "topic": None}}
    assert program.get(second["previous"]).json()["results"] == first["results"]


def test_kinds_of_columns_are_found_and_can_be_chosen(eager_runs: None, program: Client) -> None:
    address = f"/api/v1/datasets/{upload(program).json()['id']}"
    found = {column["name"]: column for column in program.get(f"{address}/columns").json()}
    assert found["topic"]["top_values"][0]["count"] == 30
    response = program.put(
        f"{address}/kinds", {"kinds": {"message": "identifier"}}, content_type=JSON
    )
    chosen = {column["name"]: column["kind"] for column in response.json()}
    assert chosen == {"message": "identifier", "topic": found["topic"]["kind"]}


@pytest.mark.parametrize("kinds", [{"nothing": "text"}, {"topic": "colour"}, "text"])
def test_kinds_that_make_no_sense_are_refused(
    eager_runs: None, program: Client, kinds: object
) -> None:
    address = f"/api/v1/datasets/{upload(program).json()['id']}/kinds"
    assert program.put(address, {"kinds": kinds}, content_type=JSON).status_code == 422


def test_rows_do_not_exist_before_the_file_is_read(program: Client, alice: User) -> None:
    dataset = make_dataset(alice, status="running")
    assert program.get(f"/api/v1/datasets/{dataset.pk}/rows").status_code == 404


def test_deleted_dataset_is_gone(eager_runs: None, program: Client) -> None:
    address = f"/api/v1/datasets/{upload(program).json()['id']}"
    assert program.delete(address).status_code == 204
    assert program.get(address).status_code == 404
    assert not Dataset.objects.exists()


def test_list_has_ones_own_datasets_only(program: Client, alice: User, bob: User) -> None:
    make_dataset(alice, name="of alice")
    make_dataset(bob, name="of bob")
    assert [found["name"] for found in program.get("/api/v1/datasets").json()["results"]] == [
        "of alice"
    ]


def test_list_asks_as_many_questions_for_many_datasets_as_for_one(
    program: Client, alice: User, django_assert_num_queries: Any
) -> None:
    make_dataset(alice)
    program.get("/api/v1/datasets")
    for _ in range(5):
        make_dataset(alice)
    with django_assert_num_queries(3):  # the key, the datasets, how many there are
        assert program.get("/api/v1/datasets").json()["count"] == 6


def test_address_within_the_network_is_not_fetched(program: Client) -> None:
    response = program.post(
        "/api/v1/datasets/fetch", {"url": "file:///etc/passwd"}, content_type=JSON
    )
    assert response.status_code == 422
    assert not Dataset.objects.exists()


def test_a_dataset_is_renamed(program: Client, alice: User) -> None:
    address = f"/api/v1/datasets/{make_dataset(alice).pk}"
    assert program.patch(address, {"name": "June"}, content_type=JSON).json()["name"] == "June"
    assert program.patch(address, {"name": " "}, content_type=JSON).status_code == 422


def test_a_program_says_how_a_file_is_read(eager_runs: None, program: Client) -> None:
    told = {"has_header": "false", "delimiter": "tab", "quotes": "none", "encoding": "latin1"}
    dataset = upload(program, content='a\t"b\n1\t2\n', **told).json()["id"]
    found = program.get(f"/api/v1/datasets/{dataset}").json()
    assert found["n_rows"] == 2
    reading = {name: value for name, value in found["reading"].items() if value is not None}
    assert reading == {
        "encoding": "iso8859-1",
        "delimiter": "\t",
        "quotes": "none",
        "has_header": False,
    }


def test_a_program_sees_what_may_be_wrong_and_reads_again(
    eager_runs: None, program: Client
) -> None:
    headless = "".join(f"{'ab'[i % 2]},please help {i}\n" for i in range(60))
    address = f"/api/v1/datasets/{upload(program, content=headless).json()['id']}"
    doubts = program.get(address).json()["doubts"]
    assert "taken as column names" in doubts["has_header"]
    again = program.post(f"{address}/read", {"has_header": False}, content_type=JSON)
    assert (again.status_code, again.json()["version"]) == (201, 2)
    assert (program.get(address).json()["n_rows"], program.get(address).json()["doubts"]) == (
        60,
        {},
    )
    assert [version["n_rows"] for version in program.get(f"{address}/versions").json()] == [60, 59]


@pytest.mark.parametrize(
    ("field", "value"),
    [("encoding", "rot13"), ("delimiter", "::"), ("quotes", "odd"), ("orient", "x"), ("more", "1")],
)
def test_an_invalid_way_to_read_is_refused(
    eager_runs: None, program: Client, alice: User, field: str, value: str
) -> None:
    dataset = upload(program).json()["id"]
    assert (
        program.post(
            f"/api/v1/datasets/{dataset}/read", {field: value}, content_type=JSON
        ).status_code
        == 422
    )
    assert Dataset.objects.get().versions.count() == 1


def test_rows_of_the_last_good_version_are_listed_while_a_later_one_failed(
    eager_runs: None, program: Client
) -> None:
    dataset = upload(program).json()["id"]
    empty = io.BytesIO(b"")
    empty.name = "empty.csv"
    assert program.post(f"/api/v1/datasets/{dataset}/file", {"file": empty}).json()["version"] == 2
    assert program.get(f"/api/v1/datasets/{dataset}").json()["run"]["status"] == "failed"
    assert program.get(f"/api/v1/datasets/{dataset}/rows").json()["count"] == 60


@pytest.mark.parametrize(
    "rows",
    [
        [{"message": "\ud800"}],
        [{"\udfff": "x"}],
        [{"message": "a\0b"}],
        [{f"column {number}": number} for number in range(2_001)],
    ],
)
def test_rows_that_cannot_be_stored_are_refused(
    rows: list[dict[str, object]], program: Client, alice: User
) -> None:
    dataset = make_dataset(alice)
    answer = program.post(
        f"/api/v1/datasets/{dataset.pk}/append", json.dumps({"rows": rows}), content_type=JSON
    )
    assert answer.status_code == 422
