"""The prediction batches that a request may touch. To other accounts they do not exist: 404."""

from __future__ import annotations

import uuid

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from inference.models import PredictionBatch
from studio.accounts.access import account
from studio.unready import NotReady, refuse_unready


def batch_or_404(request: HttpRequest, batch_id: uuid.UUID) -> PredictionBatch:
    """Return the batch with its model, or end in 404."""
    mine = PredictionBatch.objects.filter(deployed_model__cleanset__project__owner=account(request))
    return get_object_or_404(
        mine.select_related("deployed_model__cleanset__project", "created_by"), pk=batch_id
    )


def ready_batch_or_404(request: HttpRequest, batch_id: uuid.UUID) -> PredictionBatch:
    """Return a batch whose rows are predicted, or end in 404."""
    batch = batch_or_404(request, batch_id)
    refuse_unready(batch, "The prediction")
    return batch


def reported_batch_or_404(request: HttpRequest, batch_id: uuid.UUID) -> PredictionBatch:
    """Return a batch that was predicted with the guard, or end in 404."""
    batch = ready_batch_or_404(request, batch_id)
    if not batch.report:
        raise NotReady(
            "These rows were predicted without the guard, which makes the report. Predict the file"
            " again with it."
        )
    return batch
