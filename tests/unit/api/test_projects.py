"""`/api/v1/projects`: a project of guesses, or of what a program chooses."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
from django.test import Client

from cleansets.models import Cleanset
from projects.models import Dataset, Project
from projects.readers.profile import profile_table
from studio import storage, tables
from studio.accounts.models import User
from studio.runs import Status
from tests.factories import make_cleanset, make_dataset, make_project

pytestmark = pytest.mark.django_db

JSON = "application/json"


@pytest.fixture
def dataset(alice: User) -> Dataset:
    """Return a dataset of texts with labels, and a column of amounts."""
    frame = pd.DataFrame(
        {
            "message": [
                f"please help me with my order number {i} as soon as you can" for i in range(60)
            ],
            "amount": [str(i % 7 + 0.5) for i in range(60)],
            "topic": ["login" if i % 2 else "billing" for i in range(60)],
        }
    )
    return dataset_of(frame, alice)


def test_dataset_that_could_not_be_read_says_why_it_has_no_project(
    program: Client, alice: User
) -> None:
    failed = make_dataset(alice, status=Status.FAILED)
    response = program.post(
        "/api/v1/projects", json.dumps({"dataset_id": str(failed.pk)}), content_type=JSON
    )
    assert response.status_code == 404
    problem = response.json()["error"]
    assert problem.startswith("The dataset is not ready: its run failed. The file is empty.")


def dataset_of(frame: pd.DataFrame, owner: User) -> Dataset:
    frame.insert(0, "__row_id", range(len(frame)))
    dataset = make_dataset(owner, n_rows=len(frame))
    version = dataset.versions.get()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        frame.to_parquet(path, index=False)
        version.columns = [profile.to_dict() for profile in profile_table(path)]
        version.table_key = tables.publish(path, storage.dataset_table(version.pk, 1))
    version.save()
    return dataset


def create(program: Client, **body: object) -> Any:
    return program.post("/api/v1/projects", json.dumps(body, default=str), content_type=JSON)


def test_project_of_guesses_starts_its_analysis(program: Client, dataset: Dataset) -> None:
    response = create(program, dataset_id=dataset.pk)
    assert response.status_code == 201
    project = response.json()
    assert (project["name"], project["task"], project["modality"]) == (
        "requests",
        "multi-class",
        "text",
    )
    assert (project["label_column"], project["feature_columns"]) == ("topic", ["message"])
    assert project["cleanset"]["run"]["status"] == "queued"
    assert Cleanset.objects.get().pk.hex == project["cleanset"]["id"].replace("-", "")


def test_what_a_program_chooses_is_not_guessed(program: Client, dataset: Dataset) -> None:
    chosen = {
        "modality": "tabular",
        "feature_columns": ["amount"],
        "mode": "fast",
        "name": "Amounts",
    }
    project = create(program, dataset_id=dataset.pk, **chosen).json()
    assert {name: project[name] for name in chosen} == chosen


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"label_column": "nothing"}, "label_column: "),
        ({"task": "ranking"}, "task: Input should be"),
        ({"modality": "tabular", "feature_columns": []}, "column"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
        ({"name": " "}, "name: "),
    ],
)
def test_choice_that_cannot_be_learned_from_is_refused(
    program: Client, dataset: Dataset, chosen: dict[str, object], message: str
) -> None:
    response = create(program, dataset_id=dataset.pk, **chosen)
    assert response.status_code == 422
    assert message in response.json()["error"]
    assert not Project.objects.exists()


def test_label_column_with_too_many_classes_is_refused_and_not_passed_over(
    program: Client, alice: User
) -> None:
    words = [f"word{row % 1100}" for row in range(2300)]
    dataset = dataset_of(
        pd.DataFrame({"amount": [str(row % 70) for row in range(2300)], "word": words}), alice
    )
    response = create(program, dataset_id=dataset.pk, label_column="word")
    assert response.status_code == 422
    assert "“word” has 1,100 classes, but at most 1,000 can be analysed" in response.json()["error"]
    assert not Project.objects.exists()


def test_label_column_of_an_unsupervised_project_is_refused(
    program: Client, dataset: Dataset
) -> None:
    response = create(program, dataset_id=dataset.pk, label_column="topic", task="unsupervised")
    assert response.status_code == 422
    assert (
        "An unsupervised project has no label column, but “topic” was given"
        in response.json()["error"]
    )


def test_no_label_column_at_all_is_an_unsupervised_project(
    program: Client, dataset: Dataset
) -> None:
    project = create(program, dataset_id=dataset.pk, label_column="").json()
    assert (project["task"], project["label_column"]) == ("unsupervised", None)


def test_file_of_one_row_is_refused_as_too_short(program: Client, alice: User) -> None:
    dataset = dataset_of(
        pd.DataFrame({"text": ["please help me with my order"], "label": ["login"]}), alice
    )
    response = create(program, dataset_id=dataset.pk)
    assert response.status_code == 422
    assert (
        "The table has one row, so there is nothing to compare it with" in response.json()["error"]
    )


def test_features_are_guessed_for_the_label_column_that_was_chosen(
    program: Client, alice: User
) -> None:
    numbers = [str(row * 7 % 61 + 0.25) for row in range(60)]
    frame = pd.DataFrame(
        {
            "index": [str(row) for row in range(0, 120, 2)],
            "speed": numbers,
            "cost": [f"{3 * float(number) + row % 5}" for row, number in enumerate(numbers)],
            "cost_in_cents": [
                f"{300 * float(number) + 100 * (row % 5)}" for row, number in enumerate(numbers)
            ],
            "topic": ["login" if row % 2 else "billing" for row in range(60)],
        }
    )
    project = create(program, dataset_id=dataset_of(frame, alice).pk, label_column="cost").json()
    assert (project["task"], project["feature_columns"]) == ("regression", ["speed", "topic"])
    (note,) = project["notes"]
    assert "“index” (its numbers only say where in the file a row stood)" in note
    assert "“cost_in_cents” (it is the label column cost, on another scale)" in note


def test_dataset_of_somebody_else_cannot_be_used(program: Client, bob: User) -> None:
    assert create(program, dataset_id=make_dataset(bob).pk).status_code == 404


def test_project_is_renamed_listed_and_deleted(program: Client, alice: User) -> None:
    project = make_project(alice)
    make_cleanset(alice, project=project)
    address = f"/api/v1/projects/{project.pk}"
    program.patch(address, {"name": "June"}, content_type=JSON)
    assert [found["name"] for found in program.get("/api/v1/projects").json()["results"]] == [
        "June"
    ]
    assert program.get(f"{address}/cleansets").json()["count"] == 1
    assert program.delete(address).status_code == 204
    assert program.get(address).status_code == 404


def test_list_asks_as_many_questions_for_many_projects_as_for_one(
    program: Client, alice: User, django_assert_num_queries: Any
) -> None:
    make_cleanset(alice)
    program.get("/api/v1/projects")
    for _ in range(5):
        make_cleanset(alice)
    with django_assert_num_queries(4):  # the key, the projects, their cleansets, how many there are
        assert program.get("/api/v1/projects").json()["count"] == 6


def test_failed_analysis_is_started_again(program: Client, alice: User) -> None:
    cleanset = make_cleanset(alice, status="failed")
    response = program.post(f"/api/v1/cleansets/{cleanset.pk}/rerun")
    assert (response.status_code, response.json()["number"]) == (201, 2)


@pytest.fixture
def divided(alice: User) -> Dataset:
    """Return a dataset of amounts with a column that says which rows are for testing."""
    usage = [("hold-out", "Training", "dev", "Training", None)[i % 5] for i in range(60)]
    topic = ["login" if i % 2 else "billing" for i in range(60)]
    amount = [str(i % 7 + 0.5) for i in range(60)]
    group = [f"g{i % 3}" for i in range(60)]
    frame = pd.DataFrame({"amount": amount, "group": group, "usage": usage, "topic": topic})
    return dataset_of(frame, alice)


def test_column_that_clearly_says_which_rows_are_for_testing_is_taken(
    program: Client, divided: Dataset
) -> None:
    project = create(program, dataset_id=divided.pk).json()
    parts = {"hold-out": "test", "Training": "training", "dev": "validation"}
    assert project["split"] == {"column": "usage", "values": parts}
    assert "usage" not in project["feature_columns"]
    assert any(
        note.startswith("usage says which rows are for testing") for note in project["notes"]
    )


@pytest.mark.parametrize(
    ("split", "stored"),
    [
        ({}, None),
        ({"test_percent": 30}, {"test_percent": 30}),
        (
            {"column": "group", "values": {"g0": "training", "g1": "test", "g2": "training"}},
            {"column": "group", "values": {"g0": "training", "g1": "test", "g2": "training"}},
        ),
    ],
)
def test_program_chooses_the_rows_for_testing(
    program: Client, divided: Dataset, split: object, stored: object
) -> None:
    assert create(program, dataset_id=divided.pk, split=split).json()["split"] == stored


@pytest.mark.parametrize(
    ("split", "sentence"),
    [
        ({"column": "nothing"}, "split_column: "),
        ({"column": "group"}, "It is not known what “g0”, “g1”, “g2” in group mean."),
        ({"column": "usage", "values": {"hold-out": "training"}}, "No row is for testing"),
        ({"column": "usage", "values": {"other": "test"}}, "“other” is no value of the column"),
        ({"column": "topic"}, "topic is learned from"),
        ({"column": "usage", "test_percent": 20}, "Give either column or test_percent"),
        ({"test_percent": 0}, "greater than or equal to 1"),
    ],
)
def test_split_that_cannot_be_is_refused_with_a_sentence(
    program: Client, divided: Dataset, split: object, sentence: str
) -> None:
    response = create(program, dataset_id=divided.pk, split=split)
    assert response.status_code == 422
    assert sentence in json.dumps(response.json(), ensure_ascii=False)
    assert not Project.objects.exists()
