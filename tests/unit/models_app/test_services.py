"""Deploying, starting again, deleting."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from models_app import services
from models_app.models import DeployedModel
from models_app.selectors import current_model
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.runs import Status
from tests.factories import make_cleanset, make_model, make_prediction


def test_model_waits_in_the_training_queue(alice: User) -> None:
    cleanset = make_cleanset(alice)
    model = services.model_deploy(cleanset=cleanset, user=alice, name="First")
    assert (model.status, model.name, model.cleanset, model.queue) == (
        Status.QUEUED,
        "First",
        cleanset,
        "training",
    )


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING, Status.FAILED, Status.CANCELLED])
def test_cleanset_without_results_is_not_deployed(alice: User, status: Status) -> None:
    with pytest.raises(DataProblem, match="has not finished"):
        services.model_deploy(
            cleanset=make_cleanset(alice, status=status), user=alice, name="Early"
        )
    assert not DeployedModel.objects.exists()


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING])
def test_second_training_of_a_cleanset_is_refused_while_one_is_under_way(
    alice: User, status: Status
) -> None:
    model = make_model(alice, status=status)
    with pytest.raises(DataProblem, match="being trained"):
        services.model_deploy(cleanset=model.cleanset, user=alice, name="Second")


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED])
def test_new_run_takes_the_place_of_one_that_ended_badly(alice: User, status: Status) -> None:
    model = make_model(alice, status=status, name="Mine")
    again = services.model_retry(model=model, user=alice)
    assert (again.name, again.cleanset_id, again.status) == (
        "Mine",
        model.cleanset_id,
        Status.QUEUED,
    )
    assert list(DeployedModel.objects.all()) == [again]


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING, Status.SUCCEEDED])
def test_training_that_did_not_fail_is_not_started_again(alice: User, status: Status) -> None:
    model = make_model(alice, status=status)
    with pytest.raises(DataProblem, match="not failed"):
        services.model_retry(model=model, user=alice)


def test_deleted_model_leaves_no_file_behind(transactional_db: None, alice: User) -> None:
    model = make_model(alice, artifact_key="models/m/1/model.tar")
    make_prediction(
        alice,
        model=model,
        source_key="predictions/p/source",
        table_key="predictions/p/1/rows.parquet",
    )
    keys = ["models/m/1/model.tar", "predictions/p/source", "predictions/p/1/rows.parquet"]
    for key in keys:
        default_storage.save(key, ContentFile(b"x"))
    services.model_delete(model=model)
    assert [key for key in keys if default_storage.exists(key)] == []
    assert not DeployedModel.objects.exists()


CANDIDATES = [
    {"key": "words", "name": "Words", "accuracy": 0.9},
    {"key": "ensemble", "name": "Ensemble Predictor", "accuracy": 0.8},
]


def test_a_candidate_that_was_not_tried_is_refused(alice: User) -> None:
    cleanset = make_cleanset(alice, candidates=CANDIDATES)
    with pytest.raises(DataProblem, match="did not try “forest”"):
        services.model_deploy(cleanset=cleanset, user=alice, name="One", candidate="forest")
    model = services.model_deploy(cleanset=cleanset, user=alice, name="One", candidate="words")
    assert model.candidate == "words"


def test_the_newest_model_is_current_until_another_one_is_chosen_or_it_is_retired(
    alice: User,
) -> None:
    first = make_model(alice, made_current_at=timezone.now())
    project = first.cleanset.project
    second = make_model(alice, cleanset=first.cleanset, made_current_at=timezone.now())
    make_model(alice, cleanset=first.cleanset, status=Status.FAILED)
    assert current_model(project) == second
    services.model_make_current(model=first)
    assert current_model(project) == first
    services.model_retire(model=first, is_retired=True)
    assert current_model(project) == second
    with pytest.raises(DataProblem, match="Bring it back first"):
        services.model_make_current(model=first)
    services.model_retire(model=first, is_retired=False)
    assert current_model(project) == first


@pytest.mark.parametrize("status", [Status.QUEUED, Status.FAILED])
def test_only_a_trained_model_is_current_or_retired(alice: User, status: Status) -> None:
    model = make_model(alice, status=status)
    with pytest.raises(DataProblem, match="Only a trained model"):
        services.model_make_current(model=model)
    with pytest.raises(DataProblem, match="Only a trained model"):
        services.model_retire(model=model, is_retired=True)
    assert current_model(model.cleanset.project) is None
