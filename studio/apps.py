"""The studio's own Django app: template tags and management commands."""

from __future__ import annotations

from django.apps import AppConfig


class StudioConfig(AppConfig):
    """Holds the shared kernel; has no models of its own, only the abstract Run."""

    name = "studio"

    def ready(self) -> None:
        """Make the studio's Celery the current one, so that a web process can send messages."""
        import studio.celery  # noqa: F401
