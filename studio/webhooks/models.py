"""Webhooks and what is delivered to them; a delivery is a row until it arrived or was given up."""

from __future__ import annotations

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


def _secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"


class Webhook(models.Model):
    """An address that a user wants told of ended runs. The secret is kept as it is, since it signs
    every delivery.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks"
    )
    url = models.TextField()
    secret = models.CharField(max_length=64, default=_secret)
    kinds = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)


class Delivery(models.Model):
    """One event for one webhook; `next_attempt_at` is null once it arrived or was given up."""

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
        """Where it stands."""
        if self.delivered_at is not None:
            return "delivered"
        return "given up" if self.next_attempt_at is None else "waiting"
