"""Writes of the app: webhooks, and what is to be delivered to them when a run ends."""

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
    """Delete a webhook; what was to be delivered is forgotten."""
    webhook.delete()


@transaction.atomic
def webhook_ping(*, webhook: Webhook) -> Delivery:
    """Deliver something at once, to try the address out."""
    return _delivery(webhook, PING, {})


def deliveries_create(run: Run) -> None:
    """Note what is to be delivered now that the run has ended."""
    wanted = [
        hook
        for hook in Webhook.objects.filter(owner=run.created_by_id)
        if run.kind in (hook.kinds or [run.kind])
    ]
    if not wanted:
        return
    told = RunOut.from_orm(run).model_dump(mode="json")
    for webhook in wanted:
        _delivery(webhook, f"run.{run.status}", {"run": told})


def _delivery(webhook: Webhook, event: str, about: dict[str, object]) -> Delivery:
    delivery = Delivery(webhook=webhook, event=event)
    told = {
        "id": str(delivery.pk),
        "event": event,
        "created_at": delivery.created_at.isoformat(),
        **about,
    }
    delivery.body = json.dumps(told, ensure_ascii=False)
    delivery.save(force_insert=True)
    transaction.on_commit(lambda: send_message(delivery.pk))
    return delivery
