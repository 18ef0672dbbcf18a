"""What becomes a model run, what is measured of it, and what people do with it."""

from __future__ import annotations

import numpy as np
import pytest

from cleansets import services as cleanset_services
from models_app.models import DeployedModel
from studio import runs
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask
from studio.model_runs import services
from studio.model_runs.evaluation_file import measured_ways, read_evaluation
from studio.model_runs.models import ModelRun, Origin
from studio.model_runs.rows_file import stored_rows
from studio.runs import Status
from tests.factories import make_cleanset, make_model, make_project
from tests.measured import make_measured
from tests.reviewable import make_reviewable

pytestmark = pytest.mark.django_db


def test_a_finished_analysis_becomes_a_run(alice: User) -> None:
    cleanset = make_cleanset(alice, status=Status.RUNNING)
    assert runs.finish(cleanset, candidates=[{"name": "A"}], classes=["x", "y"])
    run = ModelRun.objects.get()
    assert (run.origin, run.name, run.status) == (Origin.ANALYSIS, "Analysis 1", Status.QUEUED)
    assert run.configuration["candidates"] == ["A"]


def test_a_failed_analysis_and_one_without_labels_become_none(alice: User) -> None:
    runs.fail(make_cleanset(alice, status=Status.RUNNING), "It failed.")
    project = make_project(alice, task=MLTask.UNSUPERVISED, label_column="")
    assert runs.finish(make_cleanset(alice, project=project, status=Status.RUNNING))
    assert not ModelRun.objects.exists()


def test_a_model_that_kept_its_predictions_becomes_a_run(alice: User) -> None:
    cleanset = make_cleanset(alice)
    for key in ("", "models/1/1/predictions.npz"):
        model = make_model(alice, cleanset=cleanset, status=Status.RUNNING)
        assert runs.finish(model, predictions_key=key, manifest={"classes": ["b", "a"]})
    run = ModelRun.objects.get()
    assert run.deployed_model == DeployedModel.objects.get(predictions_key=key)
    assert run.configuration["classes"] == ["a", "b"]


@pytest.mark.parametrize(
    ("task", "main", "value"),
    [
        (MLTask.MULTI_CLASS, "accuracy", 107 / 119),  # rows 0, 10, … are wrong, row 7 unlabeled
        (MLTask.MULTI_LABEL, "subset_accuracy", 0.9),
        (MLTask.REGRESSION, "r2", None),
    ],
)
def test_each_task_is_measured_by_its_own_metrics(
    alice: User, task: MLTask, main: str, value: float | None
) -> None:
    run = make_measured(make_reviewable(alice, task=task))
    assert run.main_metric["key"] == main
    assert run.main_metric["low"] < run.main_metric["value"] < run.main_metric["high"]
    if value is not None:
        assert run.main_metric["value"] == pytest.approx(value, abs=0.02)


def test_corrections_and_verified_rows_are_measured_apart(alice: User) -> None:
    cleanset = make_reviewable(alice)
    for row_id in (0, 10, 20):
        cleanset_services.row_decide(
            cleanset=cleanset, user=alice, row_id=row_id, choice="auto-fix"
        )
    cleanset_services.row_decide(cleanset=cleanset, user=alice, row_id=1, choice="keep")
    run = make_measured(cleanset)

    ways = measured_ways(run.evaluation_key)
    assert ways == [("used", "all"), ("clean", "all"), ("verified", "all")]
    used, clean, verified = (
        read_evaluation(run.evaluation_key, *way)["metrics"]["accuracy"]["value"] for way in ways
    )
    assert clean == pytest.approx(used + 3 / 119)
    assert verified == 1.0


def test_rows_are_kept_with_all_their_labels(alice: User) -> None:
    cleanset = make_reviewable(alice)
    cleanset_services.row_decide(cleanset=cleanset, user=alice, row_id=0, choice="auto-fix")
    run = make_measured(cleanset)
    rows = stored_rows(run.rows_key, run.task, tuple(run.classes))
    assert 7 not in rows.run.row_id  # it has no label
    names = np.array(run.classes)
    assert names[rows.run.measures.labels[:2]].tolist() == ["billing", "delivery"]
    assert names[rows.other_labels["clean"][:2]].tolist() == ["delivery", "delivery"]
    assert rows.is_verified[:2].tolist() == [True, False]
    assert rows.by("clean").is_right[0]


def test_a_run_is_described(alice: User) -> None:
    run = make_measured(make_reviewable(alice))
    services.run_describe(
        run=run, name="June", notes="With the new shop", tags=["a", "b", "a", " "]
    )
    run.refresh_from_db()
    assert (run.name, run.notes, run.tags) == ("June", "With the new shop", ["a", "b"])
    with pytest.raises(DataProblem, match="longer than 50 characters"):
        services.run_describe(run=run, tags=["x" * 51])


def test_custom_metrics_are_kept_beside_ours(alice: User) -> None:
    run = make_measured(make_reviewable(alice))
    services.custom_metrics_set(run=run, metrics={"cost": 1.5})
    services.custom_metrics_set(run=run, metrics={"cost": 2.5, "gain": 1.0})
    run.refresh_from_db()
    assert run.custom_metrics == {"cost": 2.5, "gain": 1.0}
    with pytest.raises(DataProblem, match="accuracy is a metric of the studio"):
        services.custom_metrics_set(run=run, metrics={"accuracy": 1.0})


def test_custom_metrics_that_others_add_meanwhile_are_kept(alice: User) -> None:
    run = make_measured(make_reviewable(alice))
    same = ModelRun.objects.get(pk=run.pk)
    services.custom_metrics_set(run=run, metrics={"cost": 1.5})
    services.custom_metrics_set(run=same, metrics={"gain": 1.0})
    run.refresh_from_db()
    assert run.custom_metrics == {"cost": 1.5, "gain": 1.0}


def test_custom_metric_cannot_take_a_name_of_ours_before_the_evaluation(alice: User) -> None:
    run = services.analysis_record(make_reviewable(alice))
    with pytest.raises(DataProblem, match="accuracy is a metric of the studio"):
        services.custom_metrics_set(run=run, metrics={"accuracy": 1.0})


def test_measuring_again_sees_the_labels_of_now_and_leaves_the_run(alice: User) -> None:
    cleanset = make_reviewable(alice)
    first = make_measured(cleanset)
    cleanset_services.row_decide(cleanset=cleanset, user=alice, row_id=0, choice="auto-fix")
    again = services.run_measure_again(run=first, user=alice)
    assert again.status == Status.QUEUED
    first.refresh_from_db()
    assert measured_ways(first.evaluation_key) == [("used", "all")]


def test_deleting_a_run_keeps_the_cleanset_and_its_decisions(alice: User) -> None:
    cleanset = make_reviewable(alice)
    run = make_measured(cleanset)
    services.run_delete(run=run)
    cleanset.refresh_from_db()
    assert not ModelRun.objects.exists()
