"""Deployed models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from cleansets.models import Cleanset
    from cleansets.scorers import Scorer


class ModelsConfig(AppConfig):
    """The models_app app."""

    name = "models_app"

    def ready(self) -> None:
        """Let deployed models score the new rows of their projects."""
        from cleansets import scorers

        scorers.register(_newest_scorer)


def _newest_scorer(cleanset: Cleanset) -> Scorer | None:
    from models_app.artifact_files import newest_scorer

    return newest_scorer(cleanset)
