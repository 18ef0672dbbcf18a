"""Model runs: every finished training is recorded as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from cleansets.row_sets import RowSet


class ModelRunsConfig(AppConfig):
    """The model_runs app."""

    name = "studio.model_runs"

    def ready(self) -> None:
        """Subscribe to finished trainings, and register the runs' sets of rows with the review
        page.
        """
        from cleansets import row_sets
        from studio import runs

        runs.when_ended("studio.model_runs.services.training_record")
        row_sets.register("run", _find_rows)


def _find_rows(name: str) -> RowSet | None:
    from studio.model_runs.run_row_sets import find_rows

    return find_rows(name)
