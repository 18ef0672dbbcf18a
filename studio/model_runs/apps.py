"""Model runs: every finished training is recorded as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from cleansets.row_sets import RowSet
    from studio.runs import Run


class ModelRunsConfig(AppConfig):
    """The model_runs app."""

    name = "studio.model_runs"

    def ready(self) -> None:
        """Subscribe to finished trainings, and register the runs' sets of rows with the review
        page.
        """
        from cleansets import row_sets
        from studio import runs

        runs.when_ended(_record_training)
        row_sets.register("run", _find_rows)


def _record_training(run: Run) -> None:
    from studio.model_runs.services import training_record

    training_record(run)


def _find_rows(name: str) -> RowSet | None:
    from studio.model_runs.run_row_sets import find_rows

    return find_rows(name)
