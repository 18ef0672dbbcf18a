"""What a project remembers of its review table: the columns shown, and saved views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cleansets.models import (
    ReviewLayout,
    SavedView,
)
from cleansets.row_address import RowQuery
from projects.models import Project


def layout_save(
    *,
    project: Project,
    columns: Sequence[str],
    scores: Sequence[str],
    has_two_lines: bool,
    is_first_pinned: bool,
) -> None:
    """Save which columns the review table of a project shows, and how."""
    ReviewLayout.objects.update_or_create(
        project=project,
        defaults={
            "columns": list(columns),
            "scores": list(scores),
            "has_two_lines": has_two_lines,
            "is_first_pinned": is_first_pinned,
        },
    )


def layout_reset(*, project: Project) -> None:
    """Reset the review table of a project to its default layout."""
    ReviewLayout.objects.filter(project=project).delete()


def saved_view_save(
    *, project: Project, name: str, description: str, query: RowQuery, display: str = ""
) -> SavedView:
    """Save the filters and the order of a view, replacing a view of the same name.

    `display` is a query string that only another page understands, kept with the view.
    """
    params = replace(query, page=1, own=(), scores=()).params()
    if display:
        params = f"{params}&{display}"
    view, _ = SavedView.objects.update_or_create(
        project=project, name=name, defaults={"description": description, "params": params}
    )
    return view


def saved_view_delete(*, view: SavedView) -> None:
    """Delete a saved view; its rows and their decisions stay."""
    view.delete()
