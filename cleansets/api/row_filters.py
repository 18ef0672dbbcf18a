"""Filters and order of the review table as API parameters; the page uses the same `RowQuery`."""

from __future__ import annotations

from typing import Literal

from django.http import QueryDict
from ninja import Field, Schema
from pydantic import ConfigDict

from cleansets import selectors
from cleansets.issue_columns import ISSUE_COLUMNS
from cleansets.models import Cleanset
from cleansets.review_order import REVIEW_ORDERS
from cleansets.row_address import ACTIONS, ALL_ROWS, PARTS, RowQuery
from cleansets.row_query import RowSource
from studio.api.schemas import MAX_LIMIT, MAX_OFFSET, PageParams, Text
from studio.engine.errors import DataProblem

ISSUE_NAMES = ", ".join((*(issue.key for issue in ISSUE_COLUMNS), ALL_ROWS))


class RowFilters(Schema):
    """Filters and order of the rows of a cleanset; empty means no filter."""

    model_config = ConfigDict(extra="forbid")

    issue: Text = Field(
        ALL_ROWS, max_length=100, description=f"Rows with this issue: one of {ISSUE_NAMES}."
    )
    given: Text = Field(
        "", max_length=500, description='Rows with this given label; "-" for those without one.'
    )
    suggested: Text = Field(
        "", max_length=500, description='Rows with this suggested label; "-" for those without.'
    )
    action: Text = Field(
        "", max_length=100, description=f"Rows with this decision: one of {', '.join(ACTIONS)}."
    )
    range: list[Text] = Field(
        [],
        max_length=50,
        description=(
            "Rows whose score lies within, as column:low:high, such as label_issue_score:0.8:1."
        ),
    )
    among: Text = Field(
        "",
        max_length=1000,
        description=(
            "Rows of a named set: new:CLEANSET for those that a version has beyond the one before;"
            " others are in the addresses that pages link to."
        ),
    )
    split: Text = Field(
        "",
        max_length=100,
        description=f"Rows of this part of the split: one of {', '.join(PARTS)}.",
    )
    tag: Text = Field("", max_length=100, description="Rows with this tag.")
    q: Text = Field("", max_length=1000, description="Rows with this text in any of their cells.")
    sort: Text = Field(
        "",
        max_length=500,
        description=(
            "A column of the results; the issue's score if empty. Or an order of review:"
            f" {', '.join(REVIEW_ORDERS)}, the most valuable row first; random rows that are not"
            " flagged are mixed in between label issues, one in 10 or in 5."
        ),
    )
    dir: Literal["asc", "desc"] = Field(
        "desc", description="The order; the worst score comes first by default."
    )

    def query(self, cleanset: Cleanset, source: RowSource) -> RowQuery:
        """Return the query. Raises DataProblem for an invalid filter, which the review page
        ignores.
        """
        params = QueryDict(mutable=True)
        for name in RowFilters.model_fields:
            value = getattr(self, name)
            params.setlist(name, value if isinstance(value, list) else [value])
        query = selectors.asked_rows(cleanset, params)
        self._check(query, source)
        return query

    def _check(self, query: RowQuery, source: RowSource) -> None:
        if query.issue != self.issue:
            raise DataProblem(
                f"This cleanset has no issue '{self.issue}'; its issues are those of its counts, or"
                " all."
            )
        if query.action != self.action:
            raise DataProblem(
                f"There is no action '{self.action}'; choose one of {', '.join(ACTIONS)}."
            )
        if query.among != self.among:
            raise DataProblem(
                f"There is no set of rows '{self.among[:100]}' of this project. The new rows of a"
                " version are new:CLEANSET, with its id."
            )
        if query.part != self.split:
            raise DataProblem(
                f"This cleanset has no part '{self.split}' of a split; a split has the parts"
                f" {', '.join(PARTS)}."
            )
        if self.sort and source.sort_column(query) != self.sort:
            raise DataProblem(f"This cleanset has no column '{self.sort}' to sort by.")
        if len(query.ranges) < len(set(self.range)):
            raise DataProblem(
                "A range is a score of this cleanset with two numbers, such as"
                " label_issue_score:0.8:1."
            )


class RowParams(RowFilters, PageParams):
    """Filters and order of the rows, and the slice to return."""

    limit: int = Field(50, ge=1, le=MAX_LIMIT, description="Maximum number of rows.")
    offset: int = Field(0, ge=0, le=MAX_OFFSET, description="Number of rows to skip.")
