"""Webhooks: addresses that are told when a run ends."""

from __future__ import annotations

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """The webhooks app."""

    name = "studio.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        """Hear of every run that ends."""
        from studio import runs
        from studio.webhooks.services import deliveries_create

        runs.when_ended(deliveries_create)
