"""Celery tasks that call the pipeline."""

from __future__ import annotations

from celery import shared_task

from cleansets.models import ActionRun, Cleanset
from studio.runs import run_tracked


@shared_task(name=Cleanset.task_name)
def build_cleanset(*, run_id: str, **_: object) -> None:
    """Analyse a dataset version."""
    from cleansets.pipeline import build

    run_tracked(Cleanset, run_id, build)


@shared_task(name=ActionRun.task_name)
def apply_action(*, run_id: str, **_: object) -> None:
    """Carry out an action on many rows."""
    from cleansets.action_runs import carry_out

    run_tracked(ActionRun, run_id, carry_out)
