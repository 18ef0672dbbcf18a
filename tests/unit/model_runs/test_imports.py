"""Predictions of a model that was trained elsewhere, as a run like any other."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from cleansets.analyses import cleanset_improve
from cleansets.models import Cleanset
from cleansets.overlay import given_labels
from cleansets.services import row_decide
from cleansets.tasks import build_cleanset
from studio import tables
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask
from studio.model_runs import services
from studio.model_runs.models import ModelRun
from studio.model_runs.tasks import evaluate_run
from studio.runs import Status
from tests.reviewable import CLASSES, make_reviewable

ClientOf = Callable[[User], Client]
pytestmark = pytest.mark.django_db


def imported(alice: User, cleanset: Cleanset, frame: pd.DataFrame, name: str = "p.csv") -> ModelRun:
    buffer = io.BytesIO()
    if name.endswith(".parquet"):
        frame.to_parquet(buffer, index=False)
    elif name.endswith(".json"):
        buffer.write(frame.to_json(orient="records").encode())
    else:
        frame.to_csv(buffer, index=False)
    file = SimpleUploadedFile(name, buffer.getvalue())
    run = services.predictions_import(cleanset=cleanset, user=alice, name="theirs", file=file)
    evaluate_run(run_id=str(run.pk))
    return ModelRun.objects.get(pk=run.pk)


def their_probabilities(n_rows: int = 120) -> pd.DataFrame:
    """Return probabilities of the uploaded label of every row but each tenth."""
    rows = np.arange(n_rows)
    stated = np.where(rows % 10 == 0, (rows + 1) % 3, rows % 3)
    return pd.DataFrame(0.05 + 0.85 * np.eye(3)[stated], columns=CLASSES).assign(row_id=rows)


@pytest.mark.parametrize("name", ["p.csv", "p.json", "p.parquet"])
def test_probabilities_are_matched_by_row_id(alice: User, name: str) -> None:
    shuffled = their_probabilities().sample(frac=1, random_state=0)
    run = imported(alice, make_reviewable(alice), shuffled, name)
    assert run.status == Status.SUCCEEDED, run.error_message
    assert run.metrics["accuracy"]["value"] == pytest.approx(107 / 119)
    assert "log_loss" in run.metrics
    assert run.configuration["has_probabilities"] is True


def test_labels_alone_have_the_metrics_that_need_no_probabilities(
    alice: User, client_of: ClientOf
) -> None:
    frame = pd.DataFrame(
        {"cleanlab_row_ID": [1, 2, 3], "prediction": ["billing", "login", "login"]}
    )
    run = imported(alice, make_reviewable(alice), frame)
    assert run.status == Status.SUCCEEDED, run.error_message
    assert (run.n_rows, run.metrics["accuracy"]["value"]) == (3, pytest.approx(2 / 3))
    assert "log_loss" not in run.metrics
    page = client_of(alice).get(run.get_absolute_url())
    assert "The predictions were imported" in page.content.decode()


def test_numbers_are_imported_too(alice: User) -> None:
    frame = pd.DataFrame({"prediction": 100.0 + np.arange(120)})
    run = imported(alice, make_reviewable(alice, task=MLTask.REGRESSION), frame)
    assert run.metrics["r2"]["value"] == pytest.approx(1)


def test_a_file_without_predictions_fails_with_one_sentence(alice: User) -> None:
    run = imported(alice, make_reviewable(alice), pd.DataFrame({"row_id": [1], "text": ["a"]}))
    assert run.status == Status.FAILED
    assert "hold no predictions" in run.error_message


def test_predictions_are_imported_from_the_page(alice: User, client_of: ClientOf) -> None:
    cleanset = make_reviewable(alice)
    file = SimpleUploadedFile("theirs.csv", b"row_id,prediction\n0,billing\n")
    url = reverse("evaluation-import", args=[cleanset.project_id])
    response = client_of(alice).post(url, {"file": file, "name": ""})
    run = ModelRun.objects.get()
    assert response["Location"] == run.get_absolute_url()
    assert run.name == "theirs.csv"


def found_with(alice: User, run: ModelRun) -> Cleanset:
    cleanset = services.label_issues_find(run=run, user=alice)
    build_cleanset(run_id=str(cleanset.pk))
    found = Cleanset.objects.get(pk=cleanset.pk)
    assert found.status == Status.SUCCEEDED, found.error_detail or found.error_message
    return found


@pytest.fixture
def nothing_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a model is trained")

    monkeypatch.setattr("studio.engine.recipes.build.cross_validate", refuse)
    monkeypatch.setattr("studio.engine.model_selection.error_bars.cross_validate", refuse)


@pytest.mark.usefixtures("nothing_is_trained")
def test_label_issues_are_found_with_imported_probabilities(
    alice: User, client_of: ClientOf
) -> None:
    cleanset = make_reviewable(alice)
    row_decide(cleanset=cleanset, user=alice, row_id=1, choice="keep")
    run = imported(alice, cleanset, their_probabilities().drop(index=119))
    found = found_with(alice, run)
    assert (found.number, found.base, found.provided["name"]) == (2, cleanset, "theirs")
    issues = pq.read_table(tables.local_path(found.issues_key)).to_pandas()
    flagged = set(issues.row_id[issues.is_label_issue])
    assert flagged == set(range(0, 120, 10))
    assert issues.is_not_analyzed[119]
    assert found.reviews.get().row_id == 1  # decisions are kept
    page = client_of(alice).get(reverse("cleanset-details", args=[found.pk])).content.decode()
    assert "Nothing was trained: label issues were found with the imported predictions" in page
    assert "1 row has no prediction or is excluded and was not analysed" in page
    assert found.provided_key != run.predictions_key  # the run may be deleted


@pytest.mark.usefixtures("nothing_is_trained")
def test_label_issues_are_found_with_imported_numbers(alice: User) -> None:
    cleanset = make_reviewable(alice, task=MLTask.REGRESSION)
    given = [float(label or "nan") for label in given_labels(cleanset)]
    frame = pd.DataFrame({"prediction": np.nan_to_num(given, nan=100.0)})
    frame.loc[30, "prediction"] += 500
    found = found_with(alice, imported(alice, cleanset, frame))
    issues = pq.read_table(tables.local_path(found.issues_key)).to_pandas()
    assert issues.label_issue_score.idxmax() == 30


def test_an_analysis_with_imported_predictions_is_improved_by_training(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = found_with(alice, imported(alice, make_reviewable(alice), their_probabilities()))
    row_decide(cleanset=found, user=alice, row_id=0, choice="auto-fix")
    improved = cleanset_improve(cleanset=found, user=alice)
    assert improved.provided_key == ""
    calls: list[dict[str, object]] = []

    def stop(table: object, spec: object, **options: object) -> None:
        calls.append({**options, "spec": spec})
        raise DataProblem("far enough")

    monkeypatch.setattr("cleansets.pipeline.analyse_table", stop)
    build_cleanset(run_id=str(improved.pk))
    (call,) = calls
    assert call["provided"] is None
    assert call["previous"] is None
    assert call["spec"].only_candidates == ()


def test_labels_alone_do_not_say_how_sure_their_model_is(alice: User, client_of: ClientOf) -> None:
    frame = pd.DataFrame({"row_id": [0, 1, 2], "prediction": ["billing", "login", "login"]})
    run = imported(alice, make_reviewable(alice), frame)
    with pytest.raises(DataProblem, match="without probabilities"):
        services.label_issues_find(run=run, user=alice)
    page = client_of(alice).get(run.get_absolute_url()).content.decode()
    assert "Find label issues" not in page
