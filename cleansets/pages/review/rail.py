"""The left rail of the review page: the kinds of issue, and what is decided."""

from __future__ import annotations

from dataclasses import dataclass

from cleansets import row_address, row_query
from cleansets.issue_columns import issues_in
from cleansets.models import Action, Cleanset
from cleansets.row_address import RowQuery
from cleansets.row_query import RowSource
from studio.engine.ml_task import MLTask


@dataclass(frozen=True, slots=True)
class View:
    """One line of the left rail: an issue, its number of rows, its address."""

    key: str
    title: str
    meaning: str
    n_rows: int
    params: str
    is_current: bool


def issue_views(cleanset: Cleanset, source: RowSource, query: RowQuery) -> list[View]:
    """Return the left rail: every kind of issue that was looked for, and all rows."""
    issues = [
        (i.key, i.title, i.meaning, cleanset.counts.get(i.flag, 0))
        for i in issues_in(source.result_columns)
    ]
    every = ("all", "All rows", "Every row of the dataset.", cleanset.n_rows or 0)
    return [
        View(
            *view,
            params=RowQuery(issue=view[0]).params(),
            is_current=view[0] == query.issue and not query.action,
        )
        for view in (*issues, every)
    ]


def work_views(source: RowSource, query: RowQuery) -> list[View]:
    """Return the part of the left rail that leads to what is decided."""
    counts = row_query.review_counts(source)
    views = (
        (
            row_address.NEEDS_REVIEW,
            "Needs review",
            "Rows put off for later.",
            counts.n_needs_review,
        ),
        (
            row_address.CORRECTED,
            "Corrected",
            "Rows whose label is not the uploaded one.",
            counts.n_corrected,
        ),
        (
            Action.EXCLUDE.value,
            "Excluded",
            "Rows that training and the export leave out.",
            counts.n_excluded,
        ),
    )
    return [
        View(
            *view,
            params=RowQuery(issue="all", action=view[0]).params(),
            is_current=view[0] == query.action,
        )
        for view in views
        if source.task is not MLTask.UNSUPERVISED or view[0] != row_address.CORRECTED
    ]
