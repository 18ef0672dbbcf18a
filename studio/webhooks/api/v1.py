"""`/api/v1/webhooks`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status

from studio.accounts.access import account
from studio.api.pages import page_of
from studio.api.schemas import Page, Paged
from studio.webhooks import selectors, services
from studio.webhooks.access import webhook_or_404
from studio.webhooks.api.schemas import DeliveryOut, WebhookIn, WebhookMadeOut, WebhookOut
from studio.webhooks.models import Delivery, Webhook

router = Router(tags=["Webhooks"])


@router.get("", response=Page[WebhookOut])
def webhook_list(request: HttpRequest, params: Paged) -> dict[str, Any]:
    """List your webhooks, newest first."""
    return page_of(request, params, selectors.webhooks_of(account(request)))


@router.post("", response={201: WebhookMadeOut})
def webhook_create(request: HttpRequest, body: WebhookIn) -> Status[Webhook]:
    """Notify an address when your runs end. Keep the secret: it proves that a delivery comes from
    this studio.
    """
    owner = account(request)
    return Status(201, services.webhook_create(owner=owner, url=body.url, kinds=body.kinds))


@router.get("/{uuid:webhook_id}", response=WebhookOut)
def webhook_get(request: HttpRequest, webhook_id: UUID) -> Webhook:
    """Return a webhook."""
    return webhook_or_404(request, webhook_id)


@router.delete("/{uuid:webhook_id}", response={204: None})
def webhook_delete(request: HttpRequest, webhook_id: UUID) -> Status[None]:
    """Delete a webhook and its pending deliveries."""
    services.webhook_delete(webhook=webhook_or_404(request, webhook_id))
    return Status(204, None)


@router.post("/{uuid:webhook_id}/ping", response={201: DeliveryOut})
def webhook_ping(request: HttpRequest, webhook_id: UUID) -> Status[Delivery]:
    """Send a ping to test the address."""
    return Status(201, services.webhook_ping(webhook=webhook_or_404(request, webhook_id)))


@router.get("/{uuid:webhook_id}/deliveries", response=Page[DeliveryOut])
def delivery_list(request: HttpRequest, webhook_id: UUID, params: Paged) -> dict[str, Any]:
    """List the deliveries of the last 30 days and those still pending."""
    return page_of(request, params, selectors.deliveries_of(webhook_or_404(request, webhook_id)))
