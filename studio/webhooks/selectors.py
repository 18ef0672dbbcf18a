"""Reads of the app."""

from __future__ import annotations

from django.db.models import QuerySet

from studio.accounts.models import User
from studio.webhooks.models import Delivery, Webhook


def webhooks_of(user: User) -> QuerySet[Webhook]:
    """Return the user's webhooks, newest first."""
    return Webhook.objects.filter(owner=user).order_by("-created_at", "-pk")


def deliveries_of(webhook: Webhook) -> QuerySet[Delivery]:
    """Return past and pending deliveries, newest first."""
    return webhook.deliveries.order_by("-created_at", "-pk")
