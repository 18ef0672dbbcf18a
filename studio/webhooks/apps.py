"""Webhooks: addresses that are notified when a run ends."""

from __future__ import annotations

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """The webhooks app."""

    name = "studio.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        """Observe the end of every run."""
        from studio import runs

        runs.when_ended("studio.webhooks.services.deliveries_create")
