"""Deployed models."""

from __future__ import annotations

from django.apps import AppConfig


class ModelsConfig(AppConfig):
    """The models_app app."""

    name = "models_app"
