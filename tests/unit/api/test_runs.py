"""`/api/v1/runs`: long work of every kind, how far it is, and stopping it."""

from __future__ import annotations

import pytest
from django.test import Client

from studio.accounts.models import User
from studio.runs import Status
from tests.factories import make_cleanset, make_dataset, make_model, make_prediction

pytestmark = pytest.mark.django_db


def test_runs_of_every_kind_are_one_list(program: Client, alice: User) -> None:
    make_prediction(alice)  # with its model, cleanset and dataset
    runs = program.get("/api/v1/runs").json()
    assert runs["count"] == 4
    assert [run["kind"] for run in runs["results"]] == [
        "prediction",
        "model",
        "cleanset",
        "dataset",
    ]


def test_parts_of_the_list_follow_each_other(program: Client, alice: User) -> None:
    make_prediction(alice)
    first = program.get("/api/v1/runs?limit=3").json()
    second = program.get(first["next"]).json()
    assert [run["kind"] for run in first["results"] + second["results"]] == [
        "prediction",
        "model",
        "cleanset",
        "dataset",
    ]


def test_list_is_filtered(program: Client, alice: User) -> None:
    make_cleanset(alice, status=Status.RUNNING)
    make_dataset(alice, status=Status.FAILED)
    assert program.get("/api/v1/runs?status=running&status=failed").json()["count"] == 2
    assert program.get("/api/v1/runs?kind=cleanset").json()["count"] == 1


def test_run_leads_to_what_it_makes(program: Client, alice: User) -> None:
    dataset = make_dataset(alice)
    run = program.get("/api/v1/runs").json()["results"][0]
    assert run["resource_id"] == str(dataset.pk)
    assert program.get(f"/api/v1/runs/{run['id']}").json() == run


def test_waiting_run_is_cancelled_at_once_and_a_running_one_is_asked_to_stop(
    program: Client, alice: User
) -> None:
    waiting, running = (
        make_cleanset(alice, status=Status.QUEUED),
        make_model(alice, status=Status.RUNNING),
    )
    assert program.post(f"/api/v1/runs/{waiting.pk}/cancel").json()["status"] == "cancelled"
    answer = program.post(f"/api/v1/runs/{running.pk}/cancel").json()
    assert (answer["status"], answer["is_cancelling"]) == ("running", True)


def test_run_that_has_ended_cannot_be_cancelled(program: Client, alice: User) -> None:
    response = program.post(f"/api/v1/runs/{make_cleanset(alice).pk}/cancel")
    assert (response.status_code, response.json()["error"][:29]) == (
        422,
        "This run has already finished",
    )


def test_run_of_somebody_else_does_not_exist(program: Client, bob: User) -> None:
    cleanset = make_cleanset(bob, status=Status.RUNNING)
    assert program.get(f"/api/v1/runs/{cleanset.pk}").status_code == 404
    assert program.post(f"/api/v1/runs/{cleanset.pk}/cancel").status_code == 404
    assert program.get("/api/v1/runs").json()["count"] == 0
