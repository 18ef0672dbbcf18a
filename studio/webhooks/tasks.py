"""The app's Celery tasks."""

from __future__ import annotations

import uuid

from celery import shared_task

from studio.webhooks.models import Delivery


@shared_task(name=Delivery.task_name)
def deliver(*, delivery_id: str) -> None:
    """Post one delivery."""
    from studio.webhooks.pipeline import delivery_attempt

    delivery_attempt(uuid.UUID(delivery_id))


@shared_task(name="webhooks.sweep")
def sweep_deliveries() -> None:
    """Send messages for deliveries that are due."""
    from studio.webhooks.pipeline import sweep

    sweep()
