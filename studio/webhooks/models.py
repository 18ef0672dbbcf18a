"""Webhooks, and their deliveries, which are rows until they arrive or are given up."""

from __future__ import annotations

import base64
import binascii
import secrets
import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

SECRET_PREFIX = "whsec_"  # noqa: S105 (what each secret begins with)


def _secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


class Webhook(models.Model):
    """An address to notify of ended runs; its secret is kept as it is, to sign deliveries."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks"
    )
    url = models.TextField()
    secret = models.CharField(max_length=64, default=_secret)
    kinds = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    busy_until = models.DateTimeField(null=True)  # by then, the post under way is over

    @property
    def has_standard_secret(self) -> bool:
        """Whether the secret is base64, as the Standard Webhooks scheme has it.

        Those that versions before that scheme created are not.
        """
        try:
            return len(base64.b64decode(self.secret.removeprefix(SECRET_PREFIX), validate=True)) > 0
        except binascii.Error:
            return False


class Delivery(models.Model):
    """One event for one webhook; `next_attempt_at` is null once it has arrived or is given up."""

    task_name = "webhooks.deliver"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=40)
    body = models.TextField()
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    n_attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, default=timezone.now, db_index=True)
    delivered_at = models.DateTimeField(null=True)
    last_status = models.PositiveSmallIntegerField(null=True)
    last_error = models.TextField(blank=True)

    @property
    def state(self) -> str:
        """Delivered, given up, or waiting."""
        if self.delivered_at is not None:
            return "delivered"
        if self.next_attempt_at is None:
            return "given up"
        return "waiting"
