"""The columns that the review table and the export of a view show."""

from __future__ import annotations

from cleansets.models import Cleanset, ReviewLayout
from cleansets.row_address import RowQuery
from cleansets.row_query import RowSource
from studio.engine.table.columns import ColumnKind

N_OWN_COLUMNS = 5  # of the uploaded columns, those shown until the user chooses ...
N_COLUMNS_WITH_TEXT = 3  # ... and where one of them is text, which needs the room


def own_columns_shown(cleanset: Cleanset, query: RowQuery, source: RowSource) -> tuple[str, ...]:
    """Return the uploaded columns that the table shows.

    Those in the address, else those saved for the project, else the features, text first.
    """
    for chosen in (query.own, ReviewLayout.of(cleanset.project).columns):
        if known := tuple(name for name in chosen if name in source.own_columns):
            return known
    features = sorted(cleanset.feature_columns, key=lambda name: not is_text(cleanset, name))
    return tuple(
        features[: N_COLUMNS_WITH_TEXT if is_text(cleanset, features[0]) else N_OWN_COLUMNS]
    )


def is_number(cleanset: Cleanset, column: str) -> bool:
    """Whether the column holds numbers."""
    return cleanset.column_kinds.get(column) in (ColumnKind.INTEGER, ColumnKind.NUMBER)


def is_text(cleanset: Cleanset, column: str) -> bool:
    """Whether the models read the column as text."""
    return bool(cleanset.column_kinds.get(column) == ColumnKind.TEXT)


def scores_shown(cleanset: Cleanset, query: RowQuery, source: RowSource) -> tuple[str, ...]:
    """Return the score columns that the table shows.

    Those in the address, else those saved for the project, else the one it is sorted by.
    """
    for chosen in (query.scores, ReviewLayout.of(cleanset.project).scores):
        if known := tuple(name for name in chosen if name in source.result_columns):
            return known
    by = source.sort_column(query)
    if not by.endswith("_score"):
        by = source.sort_column(RowQuery(issue=query.issue))
    return (by,) if by in source.result_columns else ()
