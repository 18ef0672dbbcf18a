"""Celery tasks that call the pipeline."""

from __future__ import annotations

from celery import shared_task

from studio.model_runs.models import ModelRun, Projection
from studio.runs import run_tracked


@shared_task(name=ModelRun.task_name)
def evaluate_run(*, run_id: str, **_: object) -> None:
    """Evaluate a model run."""
    from studio.model_runs.pipeline import evaluate

    run_tracked(ModelRun, run_id, evaluate)


@shared_task(name=Projection.task_name)
def project_rows(*, run_id: str, **_: object) -> None:
    """Place the rows of a model run in two dimensions."""
    from studio.model_runs.projecting import project_run

    run_tracked(Projection, run_id, project_run)
