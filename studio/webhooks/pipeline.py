"""Delivering: signed posts, tried again with growing pauses.

The row is what counts: messages to the worker may be lost or come twice, and `sweep` sends messages
for whatever is due. Signatures follow Standard Webhooks: docs/decisions/webhook-signatures.md.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import uuid
from datetime import timedelta

from celery import current_app
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from kombu.exceptions import OperationalError
from standardwebhooks import Webhook as StandardWebhook

from studio import outbound
from studio.engine.errors import DataProblem
from studio.webhooks.models import Delivery, Webhook

logger = logging.getLogger(__name__)

QUEUE = "data"
ANSWER_WITHIN_S = 10.0
BUSY_FOR = timedelta(seconds=2 * ANSWER_WITHIN_S)
# Before the second to the sixth attempt.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720))
KEPT_FOR = timedelta(days=30)


def send_message(delivery_id: uuid.UUID) -> None:
    """Have a worker attempt the delivery, now or, if the broker is away, after the next sweep."""
    try:
        current_app.send_task(
            Delivery.task_name, kwargs={"delivery_id": str(delivery_id)}, queue=QUEUE
        )
    except (OperationalError, OSError):
        logger.exception("Message not sent delivery=%s", delivery_id)


def delivery_attempt(delivery_id: uuid.UUID) -> None:
    """Post a delivery that is due, and note the outcome; a second message does nothing.

    Those of one account are posted one after the other, so that silent receivers take one slot of
    the worker at most. One that has to wait is sent when the one under way is over.
    """
    delivery = Delivery.objects.select_related("webhook").filter(pk=delivery_id).first()
    if delivery is None or not _begin(delivery):
        return
    owner = delivery.webhook.owner_id
    try:
        outcome = _outcome(delivery)
        Delivery.objects.filter(pk=delivery.pk).update(**outcome)
    finally:
        Webhook.objects.filter(owner=owner).update(busy_until=None)
    due = Delivery.objects.filter(webhook__owner=owner, next_attempt_at__lte=timezone.now())
    following = due.order_by("next_attempt_at").first()
    if following is not None:
        send_message(following.pk)


def _outcome(delivery: Delivery) -> dict[str, object]:
    try:
        status = _post(delivery.webhook, delivery)
    except DataProblem as problem:
        return {"last_status": None, "last_error": str(problem)}
    outcome: dict[str, object] = {"last_status": status, "last_error": ""}
    if 200 <= status < 300:
        outcome |= {"delivered_at": timezone.now(), "next_attempt_at": None}
    return outcome


def _begin(delivery: Delivery) -> bool:
    """Take the delivery, unless another one of its account is under way."""
    now = timezone.now()
    with transaction.atomic():
        of_account = Webhook.objects.filter(owner=delivery.webhook.owner_id)
        if of_account.filter(busy_until__gt=now).exists() or not _claim(delivery):
            return False
        of_account.filter(pk=delivery.webhook_id).update(busy_until=now + BUSY_FOR)
    return True


def _claim(delivery: Delivery) -> bool:
    """Take the attempt that is due; a worker that dies in it is followed by the next attempt."""
    now = timezone.now()
    n_made = delivery.n_attempts
    due = Delivery.objects.filter(pk=delivery.pk, n_attempts=n_made, next_attempt_at__lte=now)
    following = None
    if n_made < len(PAUSES):
        following = now + PAUSES[n_made]
    return due.update(n_attempts=F("n_attempts") + 1, next_attempt_at=following) == 1


def _post(webhook: Webhook, delivery: Delivery) -> int:
    headers = {
        "Content-Type": "application/json",
        "Studio-Event": delivery.event,
        "Studio-Delivery": str(delivery.pk),
        **_signatures(webhook, delivery),
    }
    body = delivery.body.encode()
    with outbound.sent(
        "POST", webhook.url, headers=headers, body=body, within_s=ANSWER_WITHIN_S
    ) as answer:
        return answer.status


def _signatures(webhook: Webhook, delivery: Delivery) -> dict[str, str]:
    """Return the headers that prove where a delivery comes from and when it was sent.

    Those of the Standard Webhooks scheme, and the studio's own, which older receivers check.
    """
    sent_at = timezone.now()
    seconds = int(sent_at.timestamp())
    own = hmac.new(
        webhook.secret.encode(), f"{seconds}.{delivery.body}".encode(), hashlib.sha256
    ).hexdigest()
    headers = {"Studio-Signature": f"t={seconds},v1={own}"}
    if webhook.has_standard_secret:
        name = str(delivery.pk)
        headers |= {
            "webhook-id": name,
            "webhook-timestamp": str(seconds),
            "webhook-signature": StandardWebhook(webhook.secret).sign(name, sent_at, delivery.body),
        }
    return headers


def sweep() -> None:
    """Send messages for what is due, and delete what is old."""
    now = timezone.now()
    due = Delivery.objects.filter(next_attempt_at__lte=now)
    for delivery_id in due.values_list("pk", flat=True):
        send_message(delivery_id)
    Delivery.objects.filter(created_at__lt=now - KEPT_FOR).delete()
