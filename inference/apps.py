"""Batch predictions."""

from __future__ import annotations

from django.apps import AppConfig


class InferenceConfig(AppConfig):
    """The inference app."""

    name = "inference"
