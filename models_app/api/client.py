"""Deployments for the public client: training, progress and description."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, JsonResponse

from cleansets.api.client_cleansets import ready_cleanset
from models_app import services
from models_app.access import model_or_404
from models_app.forms import DeployForm
from models_app.models import DeployedModel
from studio.accounts.access import account
from studio.api.body import identifier, json_object, text
from studio.api.errors import ApiProblem, client_view
from studio.runs import Status

STATES = {
    Status.QUEUED: "INITIALIZING",
    Status.RUNNING: "TRAINING",
    Status.SUCCEEDED: "TRAINED",
    Status.FAILED: "FAILED",
    Status.CANCELLED: "FAILED",
}


@client_view("POST", scope="write")
def model_deploy(request: HttpRequest) -> JsonResponse:
    """Train a model on a cleanset's corrected data."""
    body = json_object(request)
    cleanset = ready_cleanset(request, identifier(body.get("cleanset_id"), "cleanset"))
    form = DeployForm({"name": text(body, "deployment_name")})
    if not form.is_valid():
        raise ApiProblem(f"The name of the model cannot be used: {form.errors['name'][0]}")
    name = form.cleaned_data["name"]
    model = services.model_deploy(cleanset=cleanset, user=account(request), name=name)
    return JsonResponse({"id": str(model.pk)})


@client_view("GET", scope="read")
def model(request: HttpRequest, model_id: uuid.UUID) -> JsonResponse:
    """Describe a model; `error_message` says why its training failed, if it did."""
    model = model_or_404(request, model_id)
    project = model.cleanset.project
    return JsonResponse(
        {
            "id": str(model.pk),
            "name": model.name,
            "status": STATES[Status(model.status)],
            "tasktype": project.task,
            "cleanset_id": str(model.cleanset_id),
            "project_id": str(project.pk),
            "dataset_id": str(project.version.dataset_id),
            "updated_at": (model.finished_at or model.started_at or model.queued_at).isoformat(),
            "error_message": model.error_message or None,
        }
    )


def ready_model(request: HttpRequest, model_id: uuid.UUID) -> DeployedModel:
    """Return a trained model. Raises ApiProblem with the reason if it cannot predict."""
    model = model_or_404(request, model_id)
    if model.is_active:
        raise ApiProblem(
            "This model is still being trained. Wait until it is ready, then predict.", status=409
        )
    if model.status == Status.CANCELLED:
        raise ApiProblem(
            "The training of this model was cancelled. Deploy the cleanset again.", status=409
        )
    if not model.is_succeeded:
        raise ApiProblem(
            f"This model cannot predict because its training failed: {model.error_message}",
            status=409,
        )
    return model
