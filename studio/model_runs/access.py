"""The model runs that a request may access. Those of other accounts raise 404."""

from __future__ import annotations

import uuid

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from studio.accounts.access import account
from studio.model_runs.models import ModelRun, Projection, SavedConfiguration
from studio.unready import refuse_unready


def model_run_or_404(request: HttpRequest, run_id: uuid.UUID) -> ModelRun:
    """Return the run with its project and dataset version, or raise Http404."""
    mine = ModelRun.objects.filter(project__owner=account(request))
    return get_object_or_404(
        mine.select_related("project__version__dataset", "cleanset__version", "deployed_model"),
        pk=run_id,
    )


def measured_run_or_404(request: HttpRequest, run_id: uuid.UUID) -> ModelRun:
    """Return a run whose evaluation has finished."""
    run = model_run_or_404(request, run_id)
    refuse_unready(run, "The evaluation")
    return run


def projection_or_404(request: HttpRequest, projection_id: uuid.UUID) -> Projection:
    """Return a projection with its run and project, or raise Http404."""
    mine = Projection.objects.filter(model_run__project__owner=account(request))
    related = mine.select_related("model_run__project__version__dataset", "model_run__cleanset")
    return get_object_or_404(related, pk=projection_id)


def ready_projection_or_404(request: HttpRequest, projection_id: uuid.UUID) -> Projection:
    """Return a projection that is done."""
    projection = projection_or_404(request, projection_id)
    refuse_unready(projection, "The map")
    return projection


def saved_configuration_or_404(
    request: HttpRequest, configuration_id: uuid.UUID
) -> SavedConfiguration:
    """Return a saved configuration with its project, or raise Http404."""
    mine = SavedConfiguration.objects.filter(project__owner=account(request))
    return get_object_or_404(mine.select_related("project__version__dataset"), pk=configuration_id)
