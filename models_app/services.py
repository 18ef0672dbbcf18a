"""Writes of the app: deploying a model, retrying its training, deleting it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from cleansets.models import Cleanset
from models_app.models import DeployedModel
from models_app.selectors import candidate_choices, model_in_training
from projects.services import delete_with_files
from studio import runs
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask


def check_deployable(cleanset: Cleanset) -> None:
    """Raise DataProblem if no model can be trained on the cleanset."""
    if not cleanset.is_succeeded:
        raise DataProblem(
            "The analysis of this cleanset has not finished. Wait until it has, then deploy the"
            " model."
        )
    if cleanset.task is MLTask.UNSUPERVISED:
        raise DataProblem(
            "This project has no labels, so there is nothing for a model to learn. To deploy a"
            " model, create a project with a label column."
        )


@transaction.atomic
def model_deploy(
    *, cleanset: Cleanset, user: User, name: str, candidate: str = ""
) -> DeployedModel:
    """Create a model of the cleanset, and queue its training on the labels as corrected by then.

    `candidate` is the key of one that the analysis tried, or of the ensemble; empty for the best.
    """
    check_deployable(cleanset)
    known = [key for key, _ in candidate_choices(cleanset)]
    if candidate and candidate not in known:
        raise DataProblem(
            f"candidate: this analysis did not try “{candidate[:40]}”. Choose among:"
            f" {', '.join(known)}; or leave it out for the best."
        )
    if model_in_training(cleanset) is not None:
        raise DataProblem(
            "A model of this cleanset is already being trained. Wait until it has finished, or"
            " cancel it first."
        )
    model = DeployedModel.objects.create(
        cleanset=cleanset, created_by=user, name=name, candidate=candidate
    )
    runs.enqueue(model)
    return model


@transaction.atomic
def model_retry(*, model: DeployedModel, user: User) -> DeployedModel:
    """Replace a model whose training failed or was cancelled by a new one, and queue it."""
    if model.is_active or model.is_succeeded:
        raise DataProblem("This training has not failed, so there is nothing to retry.")
    # A run is never reset: the new one has a log and results of its own.
    replacement = model_deploy(
        cleanset=model.cleanset, user=user, name=model.name, candidate=model.candidate
    )
    model_delete(model=model)
    return replacement


def model_rename(*, model: DeployedModel, name: str) -> None:
    """Give a model another name."""
    model.name = name
    model.save(update_fields=["name"])


def model_make_current(*, model: DeployedModel) -> None:
    """Make a trained model the current one of its project."""
    if not model.is_succeeded:
        raise DataProblem("Only a trained model can be the current one.")
    if model.retired_at is not None:
        raise DataProblem("A retired model is not the current one. Bring it back first.")
    model.made_current_at = timezone.now()
    model.save(update_fields=["made_current_at"])


def model_retire(*, model: DeployedModel, is_retired: bool) -> None:
    """Retire a model, or bring it back.

    A retired model is never the current one, and pages no longer offer to predict with it. Programs
    that name it go on.
    """
    if not model.is_succeeded:
        raise DataProblem("Only a trained model can be retired. Cancel or delete this one.")
    model.retired_at = timezone.now() if is_retired else None
    model.save(update_fields=["retired_at"])


def intended_use_set(*, model: DeployedModel, text: str) -> None:
    """Say on the card what the model is for; an empty text brings the usual sentence back."""
    model.intended_use = text.strip()
    model.save(update_fields=["intended_use"])


def model_delete(*, model: DeployedModel) -> None:
    """Delete a model, its predictions and all their files; a training under way stops."""
    delete_with_files(model)
