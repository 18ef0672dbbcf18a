"""How many rows of a view have which label, and how many rows it has in all."""

from __future__ import annotations

from typing import Any

from cleansets.row_address import GIVEN, SUGGESTED, RowQuery
from cleansets.row_query.fixed_results import answers
from cleansets.row_query.selection import Selection
from cleansets.row_query.source import RowSource
from studio.engine.ml_task import MLTask
from studio.sql import blank_sql


def has_classes(column: str, source: RowSource) -> bool:
    """Whether a label column is there and holds classes."""
    is_classified = source.task in (MLTask.MULTI_CLASS, MLTask.MULTI_LABEL)
    return is_classified and column in source.result_columns


def label_counts(
    column: str, selection: Selection, source: RowSource
) -> list[tuple[str | None, int, bool]]:
    """Return each label of a column with its number of rows and whether it is blank, most frequent
    first.
    """

    def count() -> list[tuple[Any, ...]]:
        return source.fetch(
            f"""SELECT label, n, {blank_sql("label")} FROM (
                SELECT {column}::VARCHAR AS label, count(*) AS n
                FROM {selection.counted} WHERE {selection.condition} GROUP BY ALL)
            ORDER BY 2 DESC, 1""",
            selection.values,
        )

    if selection.key is None:
        return count()
    return answers.get((column, *selection.key), count)


def count_with_labels(query: RowQuery, selection: Selection, source: RowSource) -> int:
    """Count the rows of a view; by label if its page needs those counts anyway."""
    for column, wanted in ((SUGGESTED, query.suggested), (GIVEN, query.given)):
        if selection.key is not None and not wanted and has_classes(column, source):
            return sum(n for _, n, _ in label_counts(column, selection, source))
    return count(selection, source)


def count(selection: Selection, source: RowSource) -> int:
    """Count the rows of a view."""

    def counted() -> int:
        sql = f"SELECT count(*) FROM {selection.counted} WHERE {selection.condition}"
        return int(source.fetch(sql, selection.values)[0][0])

    if selection.key is None:
        return counted()
    return answers.get(("count", *selection.key), counted)
