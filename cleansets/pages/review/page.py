"""The review page of one request: the whole page, one panel, or what a decision changed."""

from __future__ import annotations

from functools import cached_property

from django.http import QueryDict

from cleansets import row_query, selectors
from cleansets.action_runs import shown_run
from cleansets.models import Cleanset, ReviewAction
from cleansets.pages.review.filters import filters
from cleansets.pages.review.growth import growth_of, waiting_rows
from cleansets.pages.review.progress import count_words, view_end
from cleansets.pages.review.rail import (
    issue_views,
    saved_views,
    suggested_views,
    tag_views,
    work_views,
)
from cleansets.pages.review.row import RowDetail, row_detail
from cleansets.pages.review.table import line, review_table, shown_columns
from cleansets.pages.tabs import tabs
from cleansets.present_reviews import is_newest
from cleansets.row_query import ReviewCounts
from studio.engine.ml_task import MLTask

VERSION_FACTS = ("project_id", "number", "status", "queued_at")  # in the menu of versions


class ReviewPage:
    """A view of a cleanset: decisions are loaded once, and all queries share one connection."""

    def __init__(self, cleanset: Cleanset, params: QueryDict) -> None:
        self.cleanset = cleanset
        self.query = selectors.asked_rows(cleanset, params)
        self.source = selectors.row_source(cleanset)

    @cached_property
    def _counts(self) -> ReviewCounts:
        return row_query.review_counts(self.source)

    @cached_property
    def _tag_counts(self) -> list[tuple[str, int]]:
        return selectors.tag_counts(self.source.reviews)

    def panel(self, row_id: int | None) -> dict[str, object]:
        """Build the panel of one row; without a row, the end of the view."""
        detail = None
        if row_id is not None:
            detail = row_detail(self.cleanset, row_id, self.source)
        return {
            "cleanset": self.cleanset,
            "task": self.cleanset.task.value,
            "has_labels": self.cleanset.task is not MLTask.UNSUPERVISED,
            "query": self.query,
            "view_params": self.query.params(page=self.query.page),
            "detail": detail,
            "known_classes": self._known_classes(detail),
            "known_tags": [name for name, _ in self._tag_counts],
        }

    def _known_classes(self, detail: RowDetail | None) -> list[str]:
        """Return the classes to offer in a field: likeliest for the row first, added ones last."""
        known = selectors.known_classes(self.cleanset, self.source.reviews)
        if detail is None:
            return known
        likeliest = [chance.label for chance in detail.chances]
        likeliest = likeliest or [toggle.label for toggle in detail.toggles]
        return list(dict.fromkeys([*likeliest, *known]))

    def _progress(self, action: ReviewAction | None = None) -> dict[str, object]:
        """Build the regions that change with every decision, such as `action`."""
        newest = None
        if action is not None and is_newest(action):
            newest = action
        last_action, last_undo = selectors.last_steps(self.cleanset, newest)
        return {
            "counts": count_words(self.cleanset, self.source, self._counts),
            "work_views": work_views(self.source, self.query, self._counts),
            "tag_views": tag_views(self._tag_counts, self.query),
            "last_action": last_action,
            "last_undo": last_undo,
        }

    def whole(self, row_id: int | None) -> dict[str, object]:
        """Build the page with the panel of a row, by default the first undecided one."""
        table = review_table(self.cleanset, self.query, self.source)
        is_past_end = self.query.page > table.page.page
        if row_id is None and table.lines and not is_past_end:
            undecided = [line for line in table.lines if not line.row["action"]]
            row_id = (undecided or table.lines)[0].row_id
        on_page = [line.row_id for line in table.lines]
        next_row = place = None
        if row_id in on_page:
            index = on_page.index(row_id)
            place = table.page.first + index
            next_row = next(iter(on_page[index + 1 :]), None)
        context = {
            "table": table,
            "tabs": tabs(self.cleanset, "Review"),
            "versions": list(selectors.cleansets_of(self.cleanset.project).only(*VERSION_FACTS)),
            "action_run": shown_run(self.cleanset),
            "growth": growth_of(self.cleanset),
            "waiting_rows": waiting_rows(self.cleanset),
            "saved_views": saved_views(self.cleanset, self.query),
            "suggested_views": suggested_views(self.cleanset, self.query, self.source),
            "views": issue_views(self.cleanset, self.source, self.query),
            "row_id": row_id,
            "next_row": next_row,
            "place": place,
        }
        context |= self._progress()
        context |= self.panel(row_id)
        context |= filters(self.cleanset, self.query, self.source)
        if row_id is None:
            context |= view_end(self.cleanset, self.query, self.source)
        return context

    def changes(
        self, action: ReviewAction, row_id: int, shown_row: int | None = None
    ) -> dict[str, object]:
        """Build the regions that an action on one row changed, and the panel of the row to show."""
        columns = shown_columns(self.cleanset, self.query, self.source)
        [row] = row_query.fetch_rows([row_id], self.source, columns.own_names)
        context = self.panel(shown_row) | self._progress(action)
        view_params = self.query.params(page=self.query.page)
        context["line"] = line(self.cleanset, row, view_params, columns)
        context["said"] = action.description
        return context
