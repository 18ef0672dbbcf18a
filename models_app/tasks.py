"""The app's Celery task."""

from __future__ import annotations

from celery import shared_task

from models_app.models import DeployedModel
from studio.runs import run_tracked


@shared_task(name=DeployedModel.task_name)
def train_model(*, run_id: str, **_: object) -> None:
    from models_app.pipeline import train

    run_tracked(DeployedModel, run_id, train)
