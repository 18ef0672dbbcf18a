"""The models that a request may touch. To other accounts they do not exist: 404."""

from __future__ import annotations

import uuid

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from models_app.models import DeployedModel
from studio.accounts.access import account
from studio.unready import refuse_unready


def model_or_404(request: HttpRequest, model_id: uuid.UUID) -> DeployedModel:
    """Return the model with its cleanset, project and dataset version, or end in 404."""
    mine = DeployedModel.objects.filter(cleanset__project__owner=account(request))
    return get_object_or_404(
        mine.select_related("cleanset__project__version__dataset", "created_by"), pk=model_id
    )


def ready_model_or_404(request: HttpRequest, model_id: uuid.UUID) -> DeployedModel:
    """Return a trained model; one in training cannot predict, so it ends in 404."""
    model = model_or_404(request, model_id)
    refuse_unready(model, "The model")
    return model
