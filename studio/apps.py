"""The studio's own Django app: template tags and management commands."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import Warning, register

from studio.env import unknown_settings


class StudioConfig(AppConfig):
    """Holds the shared kernel; has no models of its own, only the abstract Run."""

    name = "studio"

    def ready(self) -> None:
        """Make the studio's Celery the current one, so that a web process can send messages."""
        import studio.celery  # noqa: F401
        from studio import quotas, runs

        runs.before_start(quotas.check_new_run)
        register(unknown_settings_check)


def unknown_settings_check(**_: object) -> list[Warning]:
    """Warn of misspelled settings; every command that checks the studio before it works says so,
    `migrate` too.
    """
    return [Warning(sentence, id="studio.W001") for sentence in unknown_settings()]
