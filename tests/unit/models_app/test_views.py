"""The deploy form, the button that leads to it, and the model page in each of its states."""

from __future__ import annotations

import csv
from collections.abc import Callable

import pytest
from django.template import Context, Template
from django.test import Client
from django.urls import reverse

from models_app.models import DeployedModel
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
