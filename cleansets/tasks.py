"""Celery tasks that call the pipeline."""

from __future__ import annotations

from celery import shared_task

from cleansets.models import ActionRun, Cleanset, CorrectionsFile
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


@shared_task(name=CorrectionsFile.task_name)
def read_file_of_corrections(*, run_id: str, **_: object) -> None:
    """Read an uploaded file of corrections."""
    from cleansets.corrections import read_corrections

    run_tracked(CorrectionsFile, run_id, read_corrections)


@shared_task(name="cleansets.discard_abandoned")
def discard_abandoned(**_: object) -> None:
    """Remove what large actions left whose process was killed."""
    from cleansets.drafts import discard_all_abandoned

    discard_all_abandoned()
