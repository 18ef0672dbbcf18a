"""The webhooks that a request may touch. To other accounts they do not exist: 404."""

from __future__ import annotations

import uuid

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from studio.accounts.access import account
from studio.webhooks.models import Webhook


def webhook_or_404(request: HttpRequest, webhook_id: uuid.UUID) -> Webhook:
    """Return the webhook, or end in 404."""
    return get_object_or_404(Webhook, owner=account(request), pk=webhook_id)
