"""Accounts: users, invitations, sign-up and log-in."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The accounts app."""

    name = "studio.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Hear of log-ins."""
        from studio.accounts import signals  # noqa: F401
