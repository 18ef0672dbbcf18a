"""Writes of the app: deploying a model, starting it again, deleting it."""

from __future__ import annotations

from django.db import transaction

from cleansets.models import Cleanset
from models_app.models import DeployedModel
from models_app.selectors import model_in_training
from projects.services import delete_with_files
from studio import runs
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask


def check_deployable(cleanset: Cleanset) -> None:
    """Raise DataProblem for a cleanset that no model can be trained on."""
    if not cleanset.is_succeeded:
        raise DataProblem(
            "The analysis of this cleanset has not finished. Wait until it has, then deploy the"
            " model."
        )
    if cleanset.task is MLTask.UNSUPERVISED:
        raise DataProblem(
            "This project has no labels, so there is nothing that a model could learn to predict. "
            "To deploy a model, create a project with a label column."
        )


@transaction.atomic
def model_deploy(*, cleanset: Cleanset, user: User, name: str) -> DeployedModel:
    """Create a model of the cleanset as it is corrected now, and queue its training."""
    check_deployable(cleanset)
    if model_in_training(cleanset) is not None:
        raise DataProblem(
            "A model of this cleanset is already being trained. Wait until it is done, or cancel it"
            " first."
        )
    model = DeployedModel.objects.create(cleanset=cleanset, created_by=user, name=name)
    runs.enqueue(model)
    return model


@transaction.atomic
def model_retry(*, model: DeployedModel, user: User) -> DeployedModel:
    """Train a model again that failed or was cancelled; the new run takes its place."""
    if model.is_active or model.is_succeeded:
        raise DataProblem("This training has not failed, so there is nothing to start again.")
    again = model_deploy(cleanset=model.cleanset, user=user, name=model.name)
    model_delete(model=model)
    return again


def model_delete(*, model: DeployedModel) -> None:
    """Delete a model with its predictions and every file of theirs; a training that is under way
    ends.
    """
    delete_with_files(model)
