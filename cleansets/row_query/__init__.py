"""Queries on the rows of a cleanset; only this package turns a `RowQuery` into rows, by DuckDB."""

from __future__ import annotations

from cleansets.mapped_results import ROW_ID
from cleansets.row_query.counts import (
    ReviewCounts,
    ViewProgress,
    count_labels,
    count_rows,
    label_choices,
    review_counts,
    rows_to_review,
    undecided_by_issue,
    view_progress,
)
from cleansets.row_query.fetch import (
    PAGE_SIZE,
    RowPage,
    count_changes,
    count_first,
    fetch_decidable,
    fetch_decidable_in_parts,
    fetch_first,
    fetch_labeled,
    fetch_near_duplicates,
    fetch_page,
    fetch_places,
    fetch_row,
    fetch_rows,
    fetch_slice,
    sample_first,
    undecided_scores,
)
from cleansets.row_query.scores import SCORE_STEP, ScoreCount, count_scores
from cleansets.row_query.selection import Selection, select, set_condition
from cleansets.row_query.sets import DuplicateSet, duplicate_sets
from cleansets.row_query.source import AS_OF, RowSource

__all__ = [
    "AS_OF",
    "PAGE_SIZE",
    "ROW_ID",
    "SCORE_STEP",
    "DuplicateSet",
    "ReviewCounts",
    "RowPage",
    "RowSource",
    "ScoreCount",
    "Selection",
    "ViewProgress",
    "count_changes",
    "count_first",
    "count_labels",
    "count_rows",
    "count_scores",
    "duplicate_sets",
    "fetch_decidable",
    "fetch_decidable_in_parts",
    "fetch_first",
    "fetch_labeled",
    "fetch_near_duplicates",
    "fetch_page",
    "fetch_places",
    "fetch_row",
    "fetch_rows",
    "fetch_slice",
    "label_choices",
    "review_counts",
    "rows_to_review",
    "sample_first",
    "select",
    "set_condition",
    "undecided_by_issue",
    "undecided_scores",
    "view_progress",
]
