"""The HTTP API: what all of its calls have in common."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The shared part of the API."""

    name = "studio.api"
    label = "api"
