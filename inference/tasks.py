"""The app's Celery tasks."""

from __future__ import annotations

from celery import shared_task

from inference.models import PredictionBatch
from studio.runs import run_tracked


@shared_task(name=PredictionBatch.task_name)
def predict_batch(*, run_id: str, **_: object) -> None:
    """Predict the rows of an uploaded file."""
    from inference.pipeline import predict

    run_tracked(PredictionBatch, run_id, predict)


@shared_task(name="inference.forget_stale_uploads")
def forget_stale_uploads(**_: object) -> None:
    """Delete uploads of the public client that were never predicted."""
    from inference import pipeline

    pipeline.forget_stale_uploads()
