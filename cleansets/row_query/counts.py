"""Counts of rows by kind and by decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from cleansets.issue_columns import BADGES, issues_in
from cleansets.mapped_results import mapped_table
from cleansets.row_address import ALL_ROWS, GIVEN, SUGGESTED, RowQuery
from cleansets.row_query.fetch import PAGE_SIZE
from cleansets.row_query.selection import select
from cleansets.row_query.source import RowSource, review_flags
from cleansets.row_query.view_labels import has_classes, label_counts
from studio.engine.conventions.label_sets import split_labels
from studio.engine.ml_task import MLTask

EVERY_ROW = RowQuery(issue=ALL_ROWS)


@lru_cache(maxsize=64)
def rows_to_review(results_key: str) -> npt.NDArray[np.bool_]:
    """Return which rows need review, shape (n_rows,); cached, since results never change."""
    results = mapped_table(results_key)
    found = np.zeros(len(results), dtype=bool)
    for flag in review_flags(results.column_names):
        found |= results.column(flag).to_numpy()
    return found


def count_rows(queries: Sequence[RowQuery], source: RowSource) -> list[int]:
    """Count the rows of each view."""
    counts = []
    for query in queries:
        wanted = select(query, source)
        [(n_rows,)] = source.fetch(
            f"SELECT count(*) FROM {wanted.counted} WHERE {wanted.condition}", wanted.values
        )
        counts.append(int(n_rows))
    return counts


@dataclass(frozen=True, slots=True)
class ReviewCounts:
    """The number of rows to review, how many of them are decided, and the decisions on all rows."""

    n_to_review: int
    n_to_review_decided: int
    n_decided: int
    n_corrected: int
    n_excluded: int
    n_needs_review: int


def review_counts(source: RowSource) -> ReviewCounts:
    is_to_review = rows_to_review(source.results_key)
    action = source.reviews.column("action")
    decided = source.reviews.column("row_id").to_numpy()[pc.is_valid(action).to_numpy()]
    return ReviewCounts(
        n_to_review=int(np.count_nonzero(is_to_review)),
        n_to_review_decided=int(np.count_nonzero(is_to_review[decided])),
        n_decided=len(decided),
        n_corrected=pc.count(source.reviews.column("corrected_label")).as_py(),
        n_excluded=pc.sum(pc.equal(action, "exclude")).as_py() or 0,
        n_needs_review=pc.sum(source.reviews.column("needs_review")).as_py() or 0,
    )


@dataclass(frozen=True, slots=True)
class ViewProgress:
    """The progress in one view; `first_undecided` is a row and the page it is on."""

    first_undecided: tuple[int, int] | None
    n_rows: int
    n_undecided: int
    n_put_off: int
    n_fixed: int
    n_kept: int
    n_excluded: int


def view_progress(query: RowQuery, source: RowSource) -> ViewProgress:
    """Count the decisions in a view and find the next row; those put off for later come last."""
    selection = select(query, source)
    [counted] = source.fetch(
        f"""SELECT count(*), count(*) FILTER (WHERE action IS NULL),
            count(*) FILTER (WHERE action IS NULL AND needs_review),
            count(*) FILTER (WHERE action IN ('auto-fix', 'label')),
            count(*) FILTER (WHERE action = 'keep'), count(*) FILTER (WHERE action = 'exclude')
        FROM rows WHERE {selection.condition}""",
        selection.values,
    )
    first = source.fetch(
        f"""SELECT row_id, place FROM (
            SELECT row_id, action, needs_review,
                row_number() OVER (ORDER BY {selection.order}) AS place
            FROM rows WHERE {selection.condition})
        WHERE action IS NULL ORDER BY needs_review, place LIMIT 1""",
        selection.values,
    )
    first_undecided = None
    if first:
        [(row_id, place)] = first
        page = (int(place) - 1) // PAGE_SIZE + 1
        first_undecided = (int(row_id), page)
    return ViewProgress(first_undecided, *counted)


def undecided_by_issue(source: RowSource) -> dict[str, int]:
    """Count the undecided rows of each kind of issue to review."""
    issues = [issue for issue in issues_in(source.result_columns) if issue in BADGES]
    if not issues:
        return {}
    columns = ", ".join(f"count(*) FILTER (WHERE {issue.flag})" for issue in issues)
    [counted] = source.fetch(f"SELECT {columns} FROM rows WHERE action IS NULL")
    return dict(zip((issue.key for issue in issues), counted, strict=True))


def label_choices(
    source: RowSource, column: str, query: RowQuery = EVERY_ROW
) -> list[tuple[str, int]]:
    """Return the classes of a label column with their number of rows in a view, most frequent
    first; none for numbers.

    The view's own filter on this column is ignored.
    """
    if not has_classes(column, source):
        return []
    unfiltered = {GIVEN: replace(query, given=""), SUGGESTED: replace(query, suggested="")}
    counted = label_counts(column, select(unfiltered[column], source), source)
    by_label = [(label, n) for label, n, is_blank in counted if label is not None and not is_blank]
    if source.task is not MLTask.MULTI_LABEL:
        return by_label
    n_rows: Counter[str] = Counter()
    for label, n in by_label:
        n_rows.update(dict.fromkeys(split_labels(label), n))
    return sorted(n_rows.items(), key=lambda pair: (-pair[1], pair[0]))


def count_labels(source: RowSource) -> list[tuple[str | None, int, int]]:
    """Return each label that rows have now, with their number and that of the excluded ones."""
    return [
        (label, int(n_rows), int(n_excluded))
        for label, n_rows, n_excluded in source.fetch(
            "SELECT clean_label, count(*), count(*) FILTER (action = 'exclude') FROM rows"
            " GROUP BY clean_label ORDER BY clean_label"
        )
    ]
