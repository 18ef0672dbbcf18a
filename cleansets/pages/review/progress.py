"""The progress of the review: the counters at the top, and the end of a view."""

from __future__ import annotations

from dataclasses import replace

from cleansets import row_address, row_query
from cleansets.models import Cleanset
from cleansets.pages.review.rail import issue_views
from cleansets.row_address import RowQuery
from cleansets.row_query import ReviewCounts, RowSource


def count_words(cleanset: Cleanset, source: RowSource, counted: ReviewCounts) -> dict[str, object]:
    """Build the counters at the top of the page."""
    return {
        "n_rows": cleanset.n_rows,
        "noun": "label issues" if "is_label_issue" in source.result_columns else "flagged rows",
        "n_issues": counted.n_to_review,
        "n_reviewed": counted.n_decided,
        "n_issues_reviewed": counted.n_to_review_decided,
    }


def view_end(cleanset: Cleanset, query: RowQuery, source: RowSource) -> dict[str, object]:
    """Build the panel after the last row of a view: where to go next, or what was done."""
    if query.action == row_address.UNDECIDED:
        query = replace(query, action="")
    progress = row_query.view_progress(query, source)
    continue_params = ""
    if progress.first_undecided is not None:
        row_id, page = progress.first_undecided
        continue_params = f"{query.params(page=page)}&row={row_id}"
    n_undecided = row_query.undecided_by_issue(source)
    next_view = None
    for view in issue_views(cleanset, source, query):
        if view.key != query.issue and n_undecided.get(view.key):
            next_view = (view, n_undecided[view.key])
            break
    return {"progress": progress, "continue_params": continue_params, "next_view": next_view}
