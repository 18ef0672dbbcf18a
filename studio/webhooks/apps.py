"""Webhooks: addresses that are notified when a run ends."""

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
        """Observe the end of every run."""
        from studio import runs

        runs.when_ended(_note_deliveries)


def _note_deliveries(run: Run) -> None:
    # Imported at the first end of a run: the API's schemas are slow to import, and commands do not
    # need them.
    from studio.webhooks.services import deliveries_create

    deliveries_create(run)
