"""The analysis of a dataset version, and people's decisions on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from cleansets.row_sets import RowSet


class CleansetsConfig(AppConfig):
    """The cleansets app."""

    name = "cleansets"

    def ready(self) -> None:
        """Subscribe to datasets that grow, and register sets of rows with the review page."""
        from cleansets import row_sets
        from cleansets.added_rows import NEW_ROWS
        from studio import runs

        runs.when_ended("cleansets.analyses.data_follow")
        row_sets.register(NEW_ROWS, _find_new_rows)
        row_sets.register("versions", _find_changed_rows)
        row_sets.register("by-hand", _find_rows_by_hand)
        row_sets.register("expected-error", _find_rows_up_to_an_error)
        row_sets.register("estimated", _find_estimated_rows)
        row_sets.register("group", _find_rows_of_group)
        row_sets.register("error", _find_rows_by_error)


def _find_new_rows(name: str) -> RowSet | None:
    from cleansets.added_rows import find_rows

    return find_rows(name)


def _find_changed_rows(name: str) -> RowSet | None:
    from cleansets.versions import find_rows

    return find_rows(name)


def _find_rows_by_hand(name: str) -> RowSet | None:
    from cleansets.auto_labels import find_rows

    return find_rows(name)


def _find_rows_up_to_an_error(name: str) -> RowSet | None:
    from cleansets.auto_numbers import find_rows

    return find_rows(name)


def _find_estimated_rows(name: str) -> RowSet | None:
    from cleansets.analytics.estimated_rows import find_rows

    return find_rows(name)


def _find_rows_of_group(name: str) -> RowSet | None:
    from cleansets.analytics.group_rows import find_rows

    return find_rows(name)


def _find_rows_by_error(name: str) -> RowSet | None:
    from cleansets.analytics.error_rows import find_rows

    return find_rows(name)
