"""Writes of the app: webhooks, and the deliveries that the end of a run causes."""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.db import transaction

from studio import outbound
from studio.accounts.models import User
from studio.api.schemas import RunOut
from studio.engine.errors import DataProblem
from studio.runs import Run
from studio.webhooks.models import Delivery, Webhook
from studio.webhooks.pipeline import send_message

MAX_WEBHOOKS = 20  # per account
PING = "ping"


def webhook_create(*, owner: User, url: str, kinds: Sequence[str] = ()) -> Webhook:
    """Create a webhook for ended runs of these kinds, all if none is named. Raises DataProblem."""
    outbound.checked_url(url)
    if owner.webhooks.count() >= MAX_WEBHOOKS:
        raise DataProblem(
            f"This account already has {MAX_WEBHOOKS} webhooks, the most it can have. Delete one"
            " first."
        )
    return Webhook.objects.create(owner=owner, url=url.strip(), kinds=sorted(set(kinds)))


def webhook_delete(*, webhook: Webhook) -> None:
    """Delete a webhook with its pending deliveries."""
    webhook.delete()


@transaction.atomic
def webhook_ping(*, webhook: Webhook) -> Delivery:
    """Deliver a ping at once, to test the address."""
    return _delivery(webhook, PING, {})


def deliveries_create(run: Run) -> None:
    """Create the deliveries for a run that has ended."""
    webhooks = [
        webhook
        for webhook in Webhook.objects.filter(owner=run.created_by_id)
        if not webhook.kinds or run.kind in webhook.kinds
    ]
    if not webhooks:
        return
    described = RunOut.from_orm(run).model_dump(mode="json")
    for webhook in webhooks:
        _delivery(webhook, f"run.{run.status}", {"run": described})


def _delivery(webhook: Webhook, event: str, details: dict[str, object]) -> Delivery:
    delivery = Delivery(webhook=webhook, event=event)
    body = {
        "id": str(delivery.pk),
        "event": event,
        "created_at": delivery.created_at.isoformat(),
        **details,
    }
    delivery.body = json.dumps(body, ensure_ascii=False)
    delivery.save(force_insert=True)
    transaction.on_commit(lambda: send_message(delivery.pk))
    return delivery
