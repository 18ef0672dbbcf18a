"""What cleaning brought, by labels that are the same for before and after."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from cleansets import services as cleanset_services
from cleansets.models import Cleanset
from models_app.models import DeployedModel
from studio.accounts.models import User
from studio.engine.schema.configuration import Configuration
from studio.model_runs import services
from studio.model_runs.evaluation_file import read_evaluation
from studio.model_runs.honest_gain import ClassGain, honest_gain
from studio.model_runs.pages.class_gain import class_gain_chart
from studio.model_runs.tasks import evaluate_run
from tests.deployed import make_deployed
from tests.factories import make_model
from tests.measured import make_measured
from tests.reviewable import make_reviewable

ClientOf = Callable[[User], Client]
pytestmark = pytest.mark.django_db


@pytest.fixture
def model(alice: User, tmp_path: Path) -> DeployedModel:
    cleanset = make_reviewable(alice)
    make_measured(cleanset)
    for row_id in range(0, 120, 10):
        cleanset_services.row_decide(
            cleanset=cleanset, user=alice, row_id=row_id, choice="auto-fix"
        )
    for row_id in range(21, 30):
        cleanset_services.row_decide(cleanset=cleanset, user=alice, row_id=row_id, choice="keep")
    return make_deployed(alice, cleanset, tmp_path)


def test_gain_is_told_by_uploaded_and_by_verified_labels(model: DeployedModel) -> None:
    gain = honest_gain(model)
    assert gain is not None
    by = {one.by: one for one in gain.gains}
    # both say the same of each row, since the first analysis suggested what people took
    assert by["the labels as they were uploaded"].pair.difference.value == 0
    assert by["the labels that a person verified"].n_rows == 21
    assert by["the labels that a person verified"].pair.second == 1.0
    assert gain.n_fixed_test_rows == 0


def test_model_page_says_it(alice: User, client_of: ClientOf, model: DeployedModel) -> None:
    text = client_of(alice).get(f"{model.get_absolute_url()}?tab=details").content.decode()
    assert "Honest gain" in text
    assert "By the labels that a person verified (21 rows), Accuracy is 100.0% before" in text
    assert "No class is predicted better or worse than before" in text


def test_classes_are_compared_side_by_side_where_they_have_enough_rows() -> None:
    classes = (
        ClassGain("billing", 40, 0.8, 0.75),
        ClassGain("log in", 50, 0.6, 0.9),
        ClassGain("rare", 3, 0.0, 1.0),
    )
    chart = class_gain_chart(classes, "the uploaded labels", "/cleansets/1")
    assert chart is not None
    assert chart.title.startswith("90.0% of the “log in” rows are predicted as such, 60.0% before")
    assert [row[0] for row in chart.table] == ["log in", "billing"]
    assert chart.table[1][-1] == "\N{MINUS SIGN}5.0"
    assert chart.rectangles[0].url == "/cleansets/1?issue=all&given=log+in"


def test_measuring_a_model_again_sees_the_labels_of_now(alice: User, model: DeployedModel) -> None:
    first = model.model_runs.get()
    cleanset_services.row_decide(
        cleanset=model.cleanset, user=alice, row_id=1, choice="label", label="login"
    )
    again = services.run_measure_again(run=first, user=alice)
    evaluate_run(run_id=str(again.pk))
    again.refresh_from_db()
    assert first.metrics == again.metrics  # by the labels that were learned from
    clean, verified = (
        read_evaluation(again.evaluation_key, labels, "all") for labels in ("clean", "verified")
    )
    assert clean["metrics"]["accuracy"]["value"] < first.metrics["accuracy"]["value"]
    assert verified["measured_on"]["n_rows"] == 22


def test_nothing_is_said_of_a_model_that_kept_no_predictions(
    alice: User, client_of: ClientOf
) -> None:
    cleanset = make_reviewable(alice)
    manifest = {"model": "a", "python": "3", "library_versions": {}, "files": {}}
    model = make_model(alice, cleanset=cleanset, manifest=manifest, candidates=cleanset.candidates)
    text = client_of(alice).get(f"{model.get_absolute_url()}?tab=details").content.decode()
    assert "Honest gain" not in text
    assert "so it is no model run. Deploy again to measure it." in text


def test_threshold_is_chosen_saved_with_the_model_and_removed(
    alice: User, client_of: ClientOf, model: DeployedModel
) -> None:
    run = model.model_runs.get()
    browser = client_of(alice)
    chosen = browser.get(f"{run.get_absolute_url()}?threshold_class=login&aim=recall&target=0.5")
    panel = chosen.context["threshold"]
    assert (panel.name, panel.choice.recall) == ("login", 1.0)
    url = reverse("evaluation-threshold", args=[run.pk])
    browser.post(url, {"name": "login", "threshold": "0.3"})
    model.refresh_from_db()
    assert model.thresholds == {"login": 0.3}
    text = browser.get(f"{run.get_absolute_url()}?threshold_class=login").content.decode()
    assert "New predictions of the model use 0.300 for login." in text
    browser.post(url, {"name": "login", "threshold": "0.3", "remove": "1"})
    model.refresh_from_db()
    assert model.thresholds == {}


@pytest.mark.parametrize(("name", "threshold"), [("login", "1.5"), ("nothing", "0.5"), ("", "0.5")])
def test_threshold_that_makes_no_sense_is_refused(
    alice: User, client_of: ClientOf, model: DeployedModel, name: str, threshold: str
) -> None:
    url = reverse("evaluation-threshold", args=[model.model_runs.get().pk])
    response = client_of(alice).post(url, {"name": name, "threshold": threshold})
    assert response.status_code == 422
    model.refresh_from_db()
    assert model.thresholds == {}


def test_settings_that_differ_from_the_first_analysis_are_named(
    alice: User, client_of: ClientOf, tmp_path: Path
) -> None:
    first = make_reviewable(alice)
    make_measured(first)
    second = make_reviewable(alice, name="again")
    configuration = {
        **Configuration.of(first.spec()).to_dict(),
        "class_weights": "balanced",
        "n_folds": 3,
        "column_kinds": {"message": "text"},
        "conventions": {},
    }
    fields = {"project": first.project, "base": first, "number": 2, "configuration": configuration}
    Cleanset.objects.filter(pk=second.pk).update(**fields)
    second.refresh_from_db()
    # its labels are corrected, so it is no analysis of the uploaded ones
    cleanset_services.row_decide(cleanset=first, user=alice, row_id=0, choice="auto-fix")
    model = make_deployed(alice, second, tmp_path)
    gain = honest_gain(model)
    assert gain is not None
    assert gain.before.cleanset == first
    assert {name for name, _, _ in gain.other_settings} == {"class_weights", "n_folds"}
    text = client_of(alice).get(f"{model.get_absolute_url()}?tab=details").content.decode()
    assert "not all of the difference is due to cleaning" in text
    assert "Class weights: none before, balanced after" in text
