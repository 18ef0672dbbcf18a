"""Celery tasks of the pipeline."""

from __future__ import annotations

from celery import shared_task

from projects.models import AppendedFile, DatasetVersion
from studio.runs import run_tracked


@shared_task(name=DatasetVersion.task_name)
def ingest_dataset(*, run_id: str, **_: object) -> None:
    """Read an uploaded file into a table."""
    from projects.pipeline import ingest

    run_tracked(DatasetVersion, run_id, ingest)


@shared_task(name=AppendedFile.task_name)
def read_appended_file(*, run_id: str, **_: object) -> None:
    """Read a file of new rows."""
    from projects import pipeline

    run_tracked(AppendedFile, run_id, pipeline.read_appended_file)


@shared_task(name="projects.forget_stale_uploads")
def forget_stale_uploads(**_: object) -> None:
    """Delete the parts of files that nobody finished sending."""
    from projects import pipeline

    pipeline.forget_stale_uploads()
