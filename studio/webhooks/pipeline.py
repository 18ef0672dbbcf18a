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
    """Post a delivery that is due, and note the outcome; a second message does nothing."""
    delivery = Delivery.objects.select_related("webhook").filter(pk=delivery_id).first()
    if delivery is None or not _claim(delivery):
        return
    outcome: dict[str, object]
    try:
        status = _post(delivery.webhook, delivery)
    except DataProblem as problem:
        outcome = {"last_status": None, "last_error": str(problem)}
    else:
        outcome = {"last_status": status, "last_error": ""}
        if 200 <= status < 300:
            outcome |= {"delivered_at": timezone.now(), "next_attempt_at": None}
    Delivery.objects.filter(pk=delivery.pk).update(**outcome)


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
