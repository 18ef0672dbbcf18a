"""The deploy form, the button that leads to it, and the model page in each of its states."""

from __future__ import annotations

import csv
from collections.abc import Callable

import pytest
from django.template import Context, Template
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from models_app.models import DeployedModel
from models_app.selectors import analyses_to_deploy, candidate_choices, current_model
from studio.accounts.models import User
from studio.runs import Status
from tests.factories import make_cleanset, make_model, make_prediction, make_project
from tests.reviewable import make_reviewable

ClientOf = Callable[[User], Client]


def test_deploy_form_suggests_the_name_of_the_project(alice: User, client_of: ClientOf) -> None:
    cleanset = make_reviewable(alice, name="support requests")
    page = client_of(alice).get(reverse("model-deploy", args=[cleanset.pk]))
    assert 'value="Support Requests"' in page.content.decode()


def test_deploying_leads_to_the_page_of_the_training(alice: User, client_of: ClientOf) -> None:
    cleanset = make_cleanset(alice)
    response = client_of(alice).post(
        reverse("model-deploy", args=[cleanset.pk]), {"name": "First"}, follow=True
    )
    model = DeployedModel.objects.get(cleanset=cleanset)
    assert response.redirect_chain == [(model.get_absolute_url(), 302)]
    assert "Waiting for a free worker" in response.content.decode()


def test_model_without_a_name_is_asked_for_one(alice: User, client_of: ClientOf) -> None:
    response = client_of(alice).post(
        reverse("model-deploy", args=[make_reviewable(alice).pk]), {"name": " "}
    )
    assert "This field is required" in response.content.decode()
    assert not DeployedModel.objects.exists()


def test_second_click_on_deploy_leads_to_the_training_under_way(
    alice: User, client_of: ClientOf
) -> None:
    model = make_model(alice, status=Status.RUNNING)
    response = client_of(alice).post(
        reverse("model-deploy", args=[model.cleanset_id]), {"name": "Again"}
    )
    assert response["Location"] == model.get_absolute_url()
    assert DeployedModel.objects.count() == 1


def button(cleanset: object) -> str:
    return (
        Template("{% load deploy %}{% deploy_button cleanset %}")
        .render(Context({"cleanset": cleanset}))
        .strip()
    )


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (None, "Deploy Model"),
        (Status.QUEUED, "Training model"),
        (Status.RUNNING, "Training model"),
        (Status.SUCCEEDED, "View model"),
        (Status.FAILED, "Training failed"),
        (Status.CANCELLED, "Deploy Model"),
    ],
)
def test_button_shows_the_state_of_the_model(
    alice: User, status: Status | None, words: str
) -> None:
    cleanset = make_cleanset(alice)
    if status:
        make_model(alice, cleanset=cleanset, status=status)
    assert words in button(cleanset)


def test_cleanset_under_way_has_no_deploy_button(alice: User) -> None:
    assert button(make_cleanset(alice, status=Status.RUNNING)) == ""


def test_failed_training_shows_its_sentence_and_can_start_again(
    alice: User, client_of: ClientOf
) -> None:
    model = make_model(
        alice, status=Status.FAILED, error_message="Only one class is left.", name="Mine"
    )
    page = client_of(alice).get(model.get_absolute_url()).content.decode()
    assert "Only one class is left." in page
    assert reverse("model-retry", args=[model.pk]) in page
    client_of(alice).post(reverse("model-retry", args=[model.pk]))
    assert DeployedModel.objects.get().status == Status.QUEUED


def test_page_reloads_when_the_training_has_ended(alice: User, client_of: ClientOf) -> None:
    for status, reloads in ((Status.RUNNING, False), (Status.SUCCEEDED, True)):
        model = make_model(alice, status=status)
        url = reverse("model-run", args=[model.pk])
        response = client_of(alice).get(url, headers={"HX-Request": "true"})
        assert ("HX-Refresh" in response) is reloads


def test_waiting_training_is_cancelled_at_once(alice: User, client_of: ClientOf) -> None:
    model = make_model(alice, status=Status.QUEUED)
    client_of(alice).post(reverse("model-cancel", args=[model.pk]))
    model.refresh_from_db()
    assert model.status == Status.CANCELLED


def test_results_tab_lists_every_batch_with_its_actions(alice: User, client_of: ClientOf) -> None:
    model = make_model(alice)
    ready = make_prediction(alice, model=model, filename="ready.csv", n_rows=2)
    failed = make_prediction(alice, model=model, filename="bad.csv", status=Status.FAILED)
    page = client_of(alice).get(f"{model.get_absolute_url()}?tab=results").content.decode()
    assert reverse("prediction-export", args=[ready.pk]) in page
    assert reverse("prediction-export", args=[failed.pk]) not in page
    for batch in (ready, failed):
        assert batch.filename in page
        assert reverse("prediction-delete", args=[batch.pk]) in page


def test_number_of_queries_of_the_results_tab_does_not_grow_with_batches(
    alice: User, client_of: ClientOf, django_assert_max_num_queries: Callable[..., object]
) -> None:
    model = make_model(alice)
    for _ in range(12):
        make_prediction(alice, model=model)
    client = client_of(alice)
    with django_assert_max_num_queries(8):
        client.get(f"{model.get_absolute_url()}?tab=results")


def test_template_has_the_columns_that_the_model_reads(alice: User, client_of: ClientOf) -> None:
    columns = {"a,b": "number", 'say "x"': "text"}
    project = make_project(alice, feature_columns=list(columns), column_kinds=columns)
    model = make_model(alice, cleanset=make_cleanset(alice, project=project))
    response = client_of(alice).get(reverse("model-template", args=[model.pk]))
    assert list(csv.reader(response.content.decode().splitlines())) == [list(columns)]


@pytest.mark.parametrize("name", ["model", "model-run", "model-template"])
def test_model_of_somebody_else_does_not_exist(
    alice: User, bob: User, client_of: ClientOf, name: str
) -> None:
    model = make_model(alice)
    assert client_of(bob).get(reverse(name, args=[model.pk])).status_code == 404


@pytest.mark.parametrize(
    "name", ["model-cancel", "model-retry", "model-delete", "prediction-upload"]
)
def test_model_of_somebody_else_cannot_be_changed(
    alice: User, bob: User, client_of: ClientOf, name: str
) -> None:
    model = make_model(alice)
    assert client_of(bob).post(reverse(name, args=[model.pk])).status_code == 404
    assert DeployedModel.objects.filter(pk=model.pk).exists()


def test_cleanset_of_somebody_else_cannot_be_deployed(
    alice: User, bob: User, client_of: ClientOf
) -> None:
    cleanset = make_cleanset(alice)
    response = client_of(bob).post(
        reverse("model-deploy", args=[cleanset.pk]), {"name": "Mine now"}
    )
    assert response.status_code == 404
    assert not DeployedModel.objects.exists()


def test_trained_analyses_are_offered_and_the_best_is_marked(alice: User) -> None:
    project = make_project(alice)
    tried = [
        {"key": "words", "name": "Words", "accuracy": 0.93},
        {"key": "ensemble", "name": "Ensemble Predictor", "accuracy": 0.9},
    ]
    worse = [{**one, "accuracy": one["accuracy"] - 0.2} for one in tried]
    first = make_cleanset(alice, project=project, candidates=tried)
    second = make_cleanset(alice, project=project, number=2, candidates=worse)
    imported = make_cleanset(
        alice, project=project, number=3, candidates=tried, provided_key="p.npz"
    )
    found = analyses_to_deploy(project)
    assert [(one.cleanset, one.is_best) for one in found] == [(second, False), (first, True)]
    assert imported not in [one.cleanset for one in found]


def test_a_model_is_renamed_made_current_and_retired_on_its_page(
    alice: User, client_of: ClientOf
) -> None:
    manifest = {"model": "a", "python": "3", "library_versions": {}, "files": {}}
    cleanset = make_reviewable(alice)
    old, new = (
        make_model(
            alice, cleanset=cleanset, manifest=manifest, candidates=cleanset.candidates,
            made_current_at=timezone.now(),
        )
        for _ in range(2)
    )  # fmt: skip
    browser = client_of(alice)
    assert "Current model" in browser.get(new.get_absolute_url()).content.decode()
    page = browser.get(old.get_absolute_url()).content.decode()
    assert "Make it the current model" in page
    browser.post(reverse("model-current", args=[old.pk]))
    assert current_model(cleanset.project) == old
    browser.post(reverse("model-rename", args=[old.pk]), {"name": "June"})
    listed = browser.get(reverse("evaluations", args=[cleanset.project_id])).content.decode()
    assert f'Current model: <a href="{old.get_absolute_url()}">June</a>' in listed
    browser.post(reverse("model-retire", args=[old.pk]))
    retired = browser.get(old.get_absolute_url()).content.decode()
    assert "This model is retired" in retired
    assert 'type="file"' not in retired
    browser.post(reverse("model-retire", args=[old.pk]), {"back": "1"})
    assert 'type="file"' in browser.get(old.get_absolute_url()).content.decode()
    too_long = browser.post(
        reverse("model-rename", args=[old.pk]), {"name": "x" * 201}, follow=True
    )
    assert "at most 200 characters" in too_long.content.decode()


def test_the_dialog_offers_the_models_that_were_tried(alice: User, client_of: ClientOf) -> None:
    cleanset = make_reviewable(alice)
    key, name = candidate_choices(cleanset)[0]
    browser = client_of(alice)
    address = reverse("model-deploy", args=[cleanset.pk])
    assert f'<option value="{key}">{name}</option>' in browser.get(address).content.decode()
    refused = browser.post(address, {"name": "One", "candidate": "nothing"})
    assert "Select a valid choice" in refused.content.decode()
    browser.post(address, {"name": "One", "candidate": key})
    assert DeployedModel.objects.get().candidate == key
