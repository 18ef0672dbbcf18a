"""Delivering: signed posts, tried again with growing pauses.

The row is what counts: messages to the worker may be lost or come twice, and `sweep` sends what is
due.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import time
import uuid
from datetime import timedelta

from celery import current_app
from django.db.models import F
from django.utils import timezone
from kombu.exceptions import OperationalError

from studio import outbound
from studio.engine.errors import DataProblem
from studio.webhooks.models import Delivery, Webhook

logger = logging.getLogger(__name__)

QUEUE = "data"
ANSWER_WITHIN_S = 10.0
PAUSES = tuple(
    timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720)
)  # before the second to the sixth attempt
KEPT_FOR = timedelta(days=30)


def send_message(delivery_id: uuid.UUID) -> None:
    """Have a worker attempt the delivery; where the broker cannot be reached, the sweep sends the
    message later.
    """
    try:
        current_app.send_task(
            Delivery.task_name, kwargs={"delivery_id": str(delivery_id)}, queue=QUEUE
        )
    except (OperationalError, OSError):
        logger.exception("Message not sent delivery=%s", delivery_id)


def delivery_attempt(delivery_id: uuid.UUID) -> None:
    """Post a delivery that is due, and note how it went; a second message for the same attempt does
    nothing.
    """
    delivery = Delivery.objects.select_related("webhook").filter(pk=delivery_id).first()
    if delivery is None or not _claim(delivery):
        return
    try:
        status, error = _post(delivery.webhook, delivery), ""
    except DataProblem as problem:
        status, error = None, str(problem)
    is_delivered = status is not None and 200 <= status < 300
    Delivery.objects.filter(pk=delivery.pk).update(
        last_status=status,
        last_error=error,
        **({"delivered_at": timezone.now(), "next_attempt_at": None} if is_delivered else {}),
    )


def _claim(delivery: Delivery) -> bool:
    """Take the attempt that is due by noting when the one after it is, so that a lost worker loses
    no delivery.
    """
    now, n_made = timezone.now(), delivery.n_attempts
    due = Delivery.objects.filter(pk=delivery.pk, n_attempts=n_made, next_attempt_at__lte=now)
    following = now + PAUSES[n_made] if n_made < len(PAUSES) else None
    return due.update(n_attempts=F("n_attempts") + 1, next_attempt_at=following) == 1


def _post(webhook: Webhook, delivery: Delivery) -> int:
    body, sent_at = delivery.body.encode(), int(time.time())
    headers = {
        "Content-Type": "application/json",
        "Studio-Event": delivery.event,
        "Studio-Delivery": str(delivery.pk),
        "Studio-Signature": f"t={sent_at},v1={signature(webhook.secret, sent_at, body)}",
    }
    with outbound.sent(
        "POST", webhook.url, headers=headers, body=body, within_s=ANSWER_WITHIN_S
    ) as answer:
        return answer.status


def signature(secret: str, sent_at: int, body: bytes) -> str:
    """Return what proves that a delivery is from this studio, and when it was sent."""
    return hmac.new(secret.encode(), f"{sent_at}.".encode() + body, hashlib.sha256).hexdigest()


def sweep() -> None:
    """Send messages for what is due, and forget what is old."""
    now = timezone.now()
    for delivery_id in Delivery.objects.filter(next_attempt_at__lte=now).values_list(
        "pk", flat=True
    ):
        send_message(delivery_id)
    Delivery.objects.filter(created_at__lt=now - KEPT_FOR).delete()
