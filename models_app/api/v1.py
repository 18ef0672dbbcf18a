"""`/api/v1/models`, and deploying a cleanset."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from ninja import Router, Status

from cleansets.access import ready_cleanset_or_404
from models_app import selectors, services
from models_app.access import model_or_404
from models_app.api.schemas import ModelDetailOut, ModelIn, ModelOut, ModelPatch
from models_app.models import DeployedModel
from studio.accounts.access import account
from studio.api.pages import page_of
from studio.api.schemas import Page, Paged

router = Router(tags=["Models"])


@router.get("/models", response=Page[ModelOut])
def model_list(request: HttpRequest, params: Paged) -> dict[str, Any]:
    """List your models, newest first."""
    return page_of(request, params, selectors.models_of(account(request)))


@router.post("/cleansets/{uuid:cleanset_id}/models", response={201: ModelOut})
def model_deploy(request: HttpRequest, cleanset_id: UUID, body: ModelIn) -> Status[DeployedModel]:
    """Train the best model on a cleanset's corrected data."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    name = body.name or cleanset.project.name
    model = services.model_deploy(
        cleanset=cleanset, user=account(request), name=name, candidate=body.candidate
    )
    return Status(201, model)


@router.get("/models/{uuid:model_id}", response=ModelDetailOut)
def model_get(request: HttpRequest, model_id: UUID) -> DeployedModel:
    """Return a model; `run` is its training."""
    return model_or_404(request, model_id)


@router.patch("/models/{uuid:model_id}", response=ModelDetailOut)
def model_update(request: HttpRequest, model_id: UUID, body: ModelPatch) -> DeployedModel:
    """Rename a model, make it the current one of its project, retire it or bring it back."""
    model = model_or_404(request, model_id)
    with transaction.atomic():
        if body.name is not None:
            services.model_rename(model=model, name=body.name)
        if body.is_retired is not None:
            services.model_retire(model=model, is_retired=body.is_retired)
        if body.is_current:
            services.model_make_current(model=model)
    return model


@router.post("/models/{uuid:model_id}/retry", response={201: ModelOut})
def model_retry(request: HttpRequest, model_id: UUID) -> Status[DeployedModel]:
    """Train a model again after a failure or a cancellation; the new one replaces the old one."""
    model = model_or_404(request, model_id)
    return Status(201, services.model_retry(model=model, user=account(request)))


@router.delete("/models/{uuid:model_id}", response={204: None})
def model_delete(request: HttpRequest, model_id: UUID) -> Status[None]:
    """Delete a model with its predictions; a training that is running is stopped."""
    services.model_delete(model=model_or_404(request, model_id))
    return Status(204, None)
