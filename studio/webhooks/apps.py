"""Webhooks: addresses that are told when a run ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from studio.runs import Run


class WebhooksConfig(AppConfig):
    """The webhooks app."""

    name = "studio.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        """Hear of every run that ends."""
        from studio import runs

        runs.when_ended(_note_deliveries)


def _note_deliveries(run: Run) -> None:
    # Imported at the first end of a run: what describes a run in JSON takes long to load, and
    # commands need it not.
    from studio.webhooks.services import deliveries_create

    deliveries_create(run)
