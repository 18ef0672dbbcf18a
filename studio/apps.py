"""The studio's own Django app: template tags and management commands."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import Warning, register

from studio.env import unknown_settings


class StudioConfig(AppConfig):
    """The shared kernel."""

    name = "studio"

    def ready(self) -> None:
        """Make the studio's Celery the current app, so that web processes can send messages."""
        import studio.celery  # noqa: F401
        from studio import quotas, runs

        runs.before_start(quotas.check_new_run)
        register(unknown_settings_check)


def unknown_settings_check(**_: object) -> list[Warning]:
    """Warn of misspelled settings, in every command that runs system checks."""
    return [Warning(sentence, id="studio.W001") for sentence in unknown_settings()]
