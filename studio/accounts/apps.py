"""Accounts: users, invitations, sign-up and log-in."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The accounts app."""

    name = "studio.accounts"
    label = "accounts"
