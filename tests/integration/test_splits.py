"""Rows for testing, from the new project to the evaluation of the deployed model."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest
from django.test import Client
from django.urls import reverse

from cleansets.models import Cleanset
from models_app.models import DeployedModel
from projects.models import Dataset, Project
from studio import tables
from studio.accounts.models import User
from studio.accounts.services import api_key_create
from studio.model_runs.models import ModelRun, Origin
from studio.runs import Status
from tests.data_builders import csv_file, planted_table
from tests.integration.test_improve import issues_of, ready, rerun

pytestmark = pytest.mark.usefixtures("eager_runs")
N_ROWS = 160
CHOICE: dict[str, object] = {
    "name": "Shapes",
    "modality": "tabular",
    "task": "multi-class",
    "mode": "fast",
    "label_column": "label",
    "feature_columns": ["height", "weight", "colour"],
}


@pytest.fixture
def program(alice: User) -> Client:
    _, secret = api_key_create(owner=alice, name="test", scope="write")
    return Client(headers={"Authorization": f"Bearer {secret}"})


def uploaded(browser: Client, frame: pd.DataFrame) -> Dataset:
    browser.post(reverse("dataset-upload"), {"file": csv_file(frame)})
    return Dataset.objects.get()


def with_parts() -> pd.DataFrame:
    frame = planted_table(N_ROWS, n_wrong=16).frame
    part = np.where(np.arange(N_ROWS) % 4 == 0, "holdout", "fit")
    return frame.assign(usage=part.astype(object))


def started(browser: Client, dataset: Dataset, **choice: object) -> Cleanset:
    address = f"{reverse('project-create')}?dataset={dataset.pk}"
    answer = browser.post(address, CHOICE | choice)
    assert answer.status_code == 302, answer.content.decode()
    return ready(Cleanset.objects.get())


def test_column_that_names_the_rows_for_testing_is_proposed_with_what_its_values_mean(
    browser: Client,
) -> None:
    dataset = uploaded(browser, with_parts())
    page = browser.get(f"{reverse('project-create')}?dataset={dataset.pk}").content.decode()
    assert "What the values of usage mean" in page
    assert '<option value="test:holdout" selected>' in " ".join(page.split())
    assert "it says which rows are for testing" in page


def test_values_that_nobody_knows_are_asked_for_and_then_taken(browser: Client) -> None:
    frame = with_parts()
    frame["usage"] = frame["usage"].map({"fit": "north", "holdout": "south"})
    dataset = uploaded(browser, frame)
    address = f"{reverse('project-create')}?dataset={dataset.pk}"
    posted = {**CHOICE, "split": "column", "split_column": "usage"}
    page = browser.post(address, posted, headers={"HX-Request": "true"}).content.decode()
    assert "It is not known what “north”, “south” in usage mean." in page
    assert "What the values of usage mean" in page
    assert 'name="split_of" value="usage"' in page
    parts = {"split_of": "usage", "split_part": ["training:north", "test:south"]}
    page = browser.post(address, posted | parts, headers={"HX-Request": "true"}).content.decode()
    assert "It is not known" not in page
    assert "<dt>Test rows</dt>" in page


def test_test_rows_are_kept_from_training_to_the_end(browser: Client, alice: User) -> None:
    dataset = uploaded(browser, with_parts())
    cleanset = started(browser, dataset, split="column", split_column="usage")
    issues = issues_of(cleanset)
    is_test = (np.arange(N_ROWS) % 4 == 0).tolist()
    assert (issues["split"] == "test").tolist() == is_test
    folds = np.load(tables.local_path(cleanset.fold_id_key))
    assert (folds[is_test] == -1).all()
    assert cleanset.manifest["split"]["n_rows"] == {"training": 120, "test": 40}

    details = browser.get(reverse("cleanset-details", args=[cleanset.pk])).content.decode()
    assert "Rows for testing are not counted here" in details

    # One click on the review page fixes the rows for training alone.
    review = reverse("cleanset", args=[cleanset.pk])
    page = browser.get(f"{review}?split=test")
    lines = page.context["table"].lines
    assert lines
    assert all(line.row_id % 4 == 0 for line in lines)
    browser.post(
        reverse("cleanset-top-k-apply", args=[cleanset.pk]),
        {"view": page.context["training_params"], "k": "10000000", "choice": "auto-fix"},
    )
    fixed = list(cleanset.reviews.values_list("row_id", flat=True))
    assert fixed
    assert all(row_id % 4 for row_id in fixed)

    # What an analysis improves, it improves with the same rows for testing.
    browser.post(reverse("cleanset-improve", args=[cleanset.pk]))
    improved = ready(Cleanset.objects.get(number=2))
    assert issues_of(improved)["split"].tolist() == issues["split"].tolist()
    status, output = rerun(improved.pk)
    assert status == 0, output
    assert "split  the same" in output

    browser.post(reverse("model-deploy", args=[improved.pk]), {"name": "Shapes"})
    model = DeployedModel.objects.get()
    assert model.status == Status.SUCCEEDED, model.error_detail or model.error_message
    assert (model.n_rows, model.n_test, model.n_unlabeled) == (120, 40, 0)
    page = browser.get(f"{model.get_absolute_url()}?tab=details").content.decode()
    assert "40 rows for testing" in page
    run = ModelRun.objects.get(origin=Origin.MODEL)
    assert run.status == Status.SUCCEEDED
    assert run.main_metric["rows"] == "test"
    assert run.n_rows == N_ROWS
    page = browser.get(run.get_absolute_url()).content.decode()
    assert "Measured on 40 rows: rows for testing" in page


def test_split_that_is_made_survives_exclusions_and_is_exported(
    browser: Client, program: Client, alice: User
) -> None:
    frame = planted_table(N_ROWS, n_wrong=16).frame
    cleanset = started(browser, uploaded(browser, frame), split="made", test_percent="25")
    parts = issues_of(cleanset)["split"]
    assert parts.value_counts().to_dict() == {"training": 120, "test": 40}
    tested = [int(row) for row in np.flatnonzero(parts == "test")]
    decide = reverse("cleanset-decide", args=[cleanset.pk, tested[0]])
    browser.post(decide, {"choice": "exclude"})
    browser.post(reverse("cleanset-improve", args=[cleanset.pk]))
    improved = ready(Cleanset.objects.get(number=2))
    assert issues_of(improved)["split"].tolist() == parts.tolist()

    rows = program.get(f"/api/v1/cleansets/{improved.pk}/rows", {"split": "test", "limit": "100"})
    assert sorted(row["row_id"] for row in rows.json()["results"]) == tested
    refused = program.get(f"/api/v1/cleansets/{improved.pk}/rows", {"split": "tests"})
    assert refused.status_code == 422
    assert "a split has the parts training, validation, test" in json.dumps(refused.json())
    export = reverse("cleanset-export", args=[improved.pk])
    answer = browser.get(export, {"file_format": "csv", "mode": "everything"})
    exported = csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    assert [row["split"] for row in exported] == parts.tolist()
    assert Project.objects.get().split == {"test_percent": 25}
