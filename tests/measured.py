"""A model run that is measured, of a cleanset whose files exist."""

from __future__ import annotations

from cleansets.models import Cleanset
from studio.model_runs import services
from studio.model_runs.models import ModelRun
from studio.model_runs.tasks import evaluate_run
from studio.runs import Status


def make_measured(cleanset: Cleanset) -> ModelRun:
    """Return the run of a cleanset's analysis, measured in this process."""
    run = services.analysis_record(cleanset)
    evaluate_run(run_id=str(run.pk))
    run = ModelRun.objects.get(pk=run.pk)
    assert run.status == Status.SUCCEEDED, run.error_detail or run.error_message
    return run
