"""Configurations: shown, changed, saved, exported, and used for the next analysis."""

from __future__ import annotations

import json
from collections.abc import Callable

import pandas as pd
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from cleansets import analyses, pipeline
from cleansets import services as cleanset_services
from cleansets.models import Cleanset
from cleansets.reanalysis import analyse_again, checked_configuration
from cleansets.row_parts import kept_parts
from studio import runs, tables
from studio.accounts.models import User
from studio.accounts.services import api_key_create
from studio.engine.errors import DataProblem
from studio.engine.progress import Silent
from studio.engine.schema import CleansetSpec, SplitChoice
from studio.engine.schema.class_weights import ClassWeights
from studio.model_runs import services
from studio.model_runs.models import SavedConfiguration
from studio.model_runs.selectors import differing_settings
from studio.runs import Status
from tests.factories import run_fields
from tests.measured import make_measured
from tests.reviewable import make_reviewable, publish_table

ClientOf = Callable[[User], Client]
pytestmark = pytest.mark.django_db
CHANGED = {"mode": "regular", "candidates": ["words"], "n_folds": 3, "seed": 7}


@pytest.fixture
def cleanset(alice: User) -> Cleanset:
    return make_reviewable(alice)


def started(alice: User, cleanset: Cleanset, values: dict[str, object]) -> Cleanset:
    project = cleanset.project
    configuration = checked_configuration(project, values)
    return analyse_again(project=project, user=alice, configuration=configuration)


def given_spec(monkeypatch: pytest.MonkeyPatch, cleanset: Cleanset) -> CleansetSpec:
    """Return the spec and the previous labels that the engine is called with."""
    found: list[tuple[CleansetSpec, object]] = []

    def stop(table: object, spec: CleansetSpec, **options: object) -> None:
        found.append((spec, options["previous"]))
        raise DataProblem("far enough")

    monkeypatch.setattr(pipeline, "analyse_table", stop)
    with pytest.raises(DataProblem, match="far enough"):
        pipeline.build(cleanset, Silent())
    return found[0]


def test_a_new_analysis_is_made_with_the_changes_and_keeps_all_decisions(
    alice: User, cleanset: Cleanset, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleanset_services.row_decide(cleanset=cleanset, user=alice, row_id=0, choice="auto-fix")
    again = started(alice, cleanset, CHANGED)
    assert (again.number, again.base, again.status) == (2, cleanset, Status.QUEUED)
    assert again.reviews.get().row_id == 0
    spec, previous = given_spec(monkeypatch, again)
    assert (spec.mode, spec.only_candidates, spec.n_folds, spec.seed) == (
        "regular",
        ("words",),
        3,
        7,
    )
    assert spec.feature_columns == ("message",)
    assert previous is None  # models are fitted anew


def test_improving_keeps_the_configuration_and_may_start_warm(
    alice: User, cleanset: Cleanset, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = started(alice, cleanset, CHANGED)
    done = {"base": None, "issues_key": cleanset.issues_key, **run_fields(Status.SUCCEEDED)}
    Cleanset.objects.filter(pk=again.pk).update(**done)
    again.refresh_from_db()
    cleanset_services.row_decide(cleanset=again, user=alice, row_id=0, choice="auto-fix")
    improved = analyses.cleanset_improve(cleanset=again, user=alice)
    spec, previous = given_spec(monkeypatch, improved)
    assert (spec.n_folds, spec.only_candidates) == (3, ("words",))
    assert previous is not None


def test_a_restarted_analysis_keeps_the_configuration(alice: User, cleanset: Cleanset) -> None:
    again = started(alice, cleanset, CHANGED)
    assert runs.cancel(again)
    restarted = analyses.cleanset_restart(cleanset=Cleanset.objects.get(pk=again.pk), user=alice)
    assert restarted.configuration == again.configuration


def test_its_run_has_the_configuration_that_it_was_made_with(
    alice: User, cleanset: Cleanset
) -> None:
    again = started(alice, cleanset, CHANGED)
    run = services.analysis_record(again)
    assert (run.configuration["mode"], run.configuration["n_folds"]) == ("regular", 3)
    assert run.configuration["only_candidates"] == ["words"]


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"feature_columns": ["nothing"]}, "no column “nothing”"),
        ({"feature_columns": ["message", "channel"]}, "exactly one text column"),
        ({"feature_columns": ["topic"]}, "also among the features"),
        ({"feature_columns": "message"}, "a list of names"),
        ({"mode": "slow"}, "not a mode"),
        ({"n_folds": 1}, "from 2 to 20"),
        ({"n_folds": True}, "from 2 to 20"),
        ({"seed": -1}, "from 0"),
        ({"candidates": ["A B"]}, "not the key of a model"),
        ({"weights": "balanced"}, "“weights” is not a setting"),
        ({"class_weights": "even"}, "“none”, “balanced” or a weight by class"),
        ({"class_weights": {"bills": 2}}, "no class “bills” in “topic”"),
        ({"split": {"test_percent": 99}}, "from 1 to 80"),
        ({"split": {"column": "topic"}}, "topic is learned from"),
        ({"split": {"column": "nothing"}}, "no column nothing"),
        ({"split": {"column": "channel"}}, "not known what"),
        ({"split": {"column": "channel", "test_percent": 3}}, "not both"),
        ({"split": ["channel"]}, "an object with"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_refused(
    cleanset: Cleanset, values: dict[str, object], problem: str
) -> None:
    with pytest.raises(DataProblem, match=problem):
        checked_configuration(cleanset.project, values)


def test_a_model_that_is_not_for_this_data_fails_the_run_with_those_that_are(
    alice: User, cleanset: Cleanset
) -> None:
    again = started(alice, cleanset, {"candidates": ["ridge"]})
    with pytest.raises(DataProblem, match="no model “ridge” for text data"):
        pipeline.build(again, Silent())


def test_one_analysis_of_a_project_at_a_time(alice: User, cleanset: Cleanset) -> None:
    started(alice, cleanset, CHANGED)
    with pytest.raises(DataProblem, match="Analysis 2 of this project is not done yet"):
        started(alice, cleanset, CHANGED)


def test_run_again_with_changes_begins_with_the_configuration_of_the_run(
    alice: User, client_of: ClientOf, cleanset: Cleanset
) -> None:
    run = make_measured(cleanset)
    browser = client_of(alice)
    page = browser.get(run.get_absolute_url()).content.decode()
    address = f"{reverse('analysis-new', args=[run.project_id])}?like={run.pk}"
    assert address in page
    form = browser.get(address).context["form"]
    assert form.initial["feature_columns"] == "message"
    posted = {
        "feature_columns": "message",
        "mode": "fast",
        "n_folds": "4",
        "seed": "1",
        "name": "",
        "action": "start",
    }
    response = browser.post(address, posted)
    again = Cleanset.objects.get(number=2)
    assert response["Location"] == again.get_absolute_url()
    assert again.spec().n_folds == 4
    refused = browser.post(address, posted)
    assert refused.status_code == 422
    assert "Analysis 2 of this project is not done yet" in refused.content.decode()


def test_a_configuration_is_saved_edited_exported_imported_and_deleted(
    alice: User, client_of: ClientOf, cleanset: Cleanset
) -> None:
    browser = client_of(alice)
    address = reverse("analysis-new", args=[cleanset.project_id])
    posted = {"feature_columns": "message", "mode": "fast", "n_folds": "3", "seed": "2"}
    nameless = browser.post(address, {**posted, "action": "save"})
    assert "Give the configuration a name" in nameless.content.decode()
    edit = browser.post(address, {**posted, "name": "Three", "action": "save"})["Location"]
    browser.post(edit, {**posted, "n_folds": "4", "name": "Four", "action": "save"})
    saved = SavedConfiguration.objects.get()
    assert (saved.name, saved.values["n_folds"]) == ("Four", 4)

    exported = browser.get(reverse("configuration-export", args=[saved.pk]))
    assert exported["Content-Disposition"] == 'attachment; filename="Four.json"'
    values = json.loads(exported.content)
    target = reverse("configuration-import", args=[cleanset.project_id])
    same_name = browser.post(target, {"file": SimpleUploadedFile("f.json", exported.content)})
    assert same_name.status_code == 422
    file = SimpleUploadedFile("f.json", json.dumps({**values, "name": "Five"}).encode())
    browser.post(target, {"file": file})
    listed = browser.get(reverse("evaluations", args=[cleanset.project_id])).content.decode()
    assert "fast mode, message, all suitable models, 4 folds, seed 2" in listed
    assert SavedConfiguration.objects.get(name="Five").values == saved.values

    browser.post(reverse("configuration-delete", args=[saved.pk]))
    assert SavedConfiguration.objects.get().name == "Five"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[1]",
        b'{"n_folds": 99}',
        b'{"name": 3}\xff',
        b'{"name": ' + b"[" * 100_000,
        b'{"name": "\\ud800"}',
        b'{"name": "\\u0000"}',
        b'{"seed": ' + b"9" * 5_000 + b"}",
    ],
)
def test_a_file_that_is_no_configuration_is_refused(
    alice: User, client_of: ClientOf, cleanset: Cleanset, content: bytes
) -> None:
    response = client_of(alice).post(
        reverse("configuration-import", args=[cleanset.project_id]),
        {"file": SimpleUploadedFile("f.json", content)},
    )
    assert response.status_code == 422
    assert not SavedConfiguration.objects.exists()


def test_configuration_of_a_run_is_downloaded(
    alice: User, client_of: ClientOf, cleanset: Cleanset
) -> None:
    run = make_measured(cleanset)
    values = client_of(alice).get(reverse("evaluation-configuration", args=[run.pk])).json()
    assert values["name"] == run.name
    assert values["feature_columns"] == ["message"]


WEIGHED = {"class_weights": {"login": 3.0}, "split": {"test_percent": 25}}


def test_class_weights_and_the_split_reach_the_engine_and_the_run(
    alice: User, cleanset: Cleanset, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_measured(cleanset)
    again = started(alice, cleanset, WEIGHED)
    run = services.analysis_record(again)
    assert run.configuration["class_weights"] == {"login": 3.0}
    assert run.configuration["split"] == {"test_percent": 25}
    spec, previous = given_spec(monkeypatch, again)
    assert spec.class_weights is not None
    assert (spec.class_weights.by_class, spec.split) == (
        {"login": 3.0},
        SplitChoice(test_percent=25),
    )
    assert previous is None
    found = {one["name"]: one for one in differing_settings(first, run)}
    assert found["class_weights"]["first"] == "none"
    assert cleanset.project.spec().split is None


def test_another_split_is_drawn_anew_and_the_same_one_is_kept(
    alice: User, cleanset: Cleanset
) -> None:
    again = started(alice, cleanset, WEIGHED)
    assert kept_parts(again) is None
    results = pd.read_parquet(tables.local_path(cleanset.issues_key))
    results["split"] = ["test", *["training"] * (len(results) - 1)]
    publish_table(results, cleanset.issues_key)
    same = Cleanset(project=cleanset.project, base=again, configuration=again.configuration)
    again.issues_key = cleanset.issues_key
    parts = kept_parts(same)
    assert parts is not None
    assert parts[:2].tolist() == ["test", "training"]
    without = Cleanset(project=cleanset.project, base=again)
    assert kept_parts(without) is None


def test_class_weights_and_the_split_are_chosen_on_the_page_exported_and_imported(
    alice: User, client_of: ClientOf, cleanset: Cleanset
) -> None:
    browser = client_of(alice)
    address = reverse("analysis-new", args=[cleanset.project_id])
    posted = {
        "feature_columns": "message", "mode": "fast", "n_folds": "3", "seed": "2", "name": "W",
        "weighing": "by-hand", "weights": "login: 3\n billing : 0,5\n", "split": "made",
        "test_percent": "10", "action": "save",
    }  # fmt: skip
    edit = browser.post(address, posted)["Location"]
    saved = SavedConfiguration.objects.get()
    assert saved.values["class_weights"] == {"login": 3.0, "billing": 0.5}
    assert saved.values["split"] == {"test_percent": 10}
    page = browser.get(edit)
    assert "login: 3\nbilling: 0.5" in page.content.decode()
    assert page.context["form"].initial["test_percent"] == 10
    exported = browser.get(reverse("configuration-export", args=[saved.pk])).json()
    file = SimpleUploadedFile("f.json", json.dumps({**exported, "name": "Again"}).encode())
    browser.post(reverse("configuration-import", args=[cleanset.project_id]), {"file": file})
    assert SavedConfiguration.objects.get(name="Again").values == saved.values
    listed = browser.get(reverse("evaluations", args=[cleanset.project_id])).content.decode()
    assert "class weights login 3.0, billing 0.5, rows for testing 10%" in listed

    for changed, problem in [
        ({"weights": "login 3"}, "is not a class with a weight"),
        ({"weights": "login: x"}, "is not a class with a weight"),
        ({"weights": ""}, "Give the weight of at least one class"),
        ({"weights": "logon: 3"}, "no class “logon”"),
        ({"split": "column"}, "Choose the column that says which rows are for testing"),
    ]:
        refused = browser.post(address, {**posted, **changed, "name": "Bad"})
        assert refused.status_code == 422
        assert problem in refused.content.decode()


def test_class_weights_and_the_split_are_given_by_the_api(alice: User, cleanset: Cleanset) -> None:
    url = f"/api/v1/projects/{cleanset.project_id}/analyses"
    _, secret = api_key_create(owner=alice, name="a program", scope="write")
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    for changes in ({"class_weights": {"login": 0}}, {"class_weights": "even"}):
        refused = program.post(url, {"changes": changes}, content_type="application/json")
        assert refused.status_code == 422
    changes = {"class_weights": "balanced", "split": {"test_percent": 30}}
    answer = program.post(url, {"changes": changes}, content_type="application/json")
    assert answer.status_code == 201
    spec = Cleanset.objects.get(number=2).spec()
    assert spec.class_weights == ClassWeights(is_balanced=True)
    assert spec.split == SplitChoice(test_percent=30)
