"""The analysis of a dataset version, and people's decisions on it."""

from __future__ import annotations

from django.apps import AppConfig


class CleansetsConfig(AppConfig):
    """The cleansets app."""

    name = "cleansets"
