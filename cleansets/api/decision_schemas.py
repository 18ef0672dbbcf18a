"""Schemas of `/api/v1` for decisions, tags, actions and Clean Top K."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict, StrictBool, StrictFloat, StrictInt, StringConstraints

from cleansets.api.row_filters import RowFilters
from cleansets.api.schemas import IntervalOut
from studio.api.schemas import ROW_ID_FORM, Text

Choice = Literal["auto-fix", "keep", "exclude", "label", "needs-review"]
LABEL_FORM = (
    "A class; for multi-label a CSV record or list of classes, empty for none; for regression a"
    " number. A number, true or false is written as the class is spelled in the data."
)
_LabelValue = (
    Annotated[Text, StringConstraints(max_length=20_000)] | StrictBool | StrictInt | StrictFloat
)
LabelIn = _LabelValue | list[_LabelValue]


class DecisionIn(Schema):
    """A decision on a row."""

    model_config = ConfigDict(extra="forbid")

    action: Choice
    corrected_label: LabelIn = Field("", description=f"For the action label. {LABEL_FORM}")


class RowDecisionIn(Schema):
    """A decision on one of many rows."""

    model_config = ConfigDict(extra="forbid")

    row_id: int = Field(ge=0, lt=10**15, description=ROW_ID_FORM)
    action: Choice
    corrected_label: LabelIn | None = Field(None, description=f"For the action label. {LABEL_FORM}")


class DecisionsIn(Schema):
    """Decisions on many rows: all are applied, as one action, or none."""

    model_config = ConfigDict(extra="forbid")

    decisions: list[RowDecisionIn] = Field(min_length=1)


class TagIn(Schema):
    """A tag to add to rows, or to take off them."""

    model_config = ConfigDict(extra="forbid")

    name: Text = Field(max_length=500, description="1 to 30 characters.")
    row_ids: list[Annotated[int, Field(ge=0, lt=10**15)]] = Field(
        min_length=1, max_length=5_000, description=f"Rows by row_id. {ROW_ID_FORM}"
    )
    remove: bool = Field(default=False, description="Take the tag off.")


class TagOut(Schema):
    """A tag with its number of rows."""

    name: str
    n_rows: int


class DecisionOut(Schema):
    """The current decision on a row."""

    row_id: int = Field(description=ROW_ID_FORM)
    action: str
    corrected_label: str | None = Field(description="The label that was chosen.")
    needs_review: bool
    tags: list[str]
    is_manual: bool = Field(
        description="Whether a person or program chose it for this row, not for many at once."
    )
    updated_at: datetime

    @staticmethod
    def resolve_tags(review: Any) -> list[str]:
        """Return the names of the row's tags."""
        names: list[str] = review.tags.splitlines()
        return names


class ActionOut(Schema):
    """An action on one row or on many, which undo reverts as a whole."""

    id: UUID
    kind: str = Field(description="single, bulk, import or undo.")
    description: str
    n_rows: int
    created_at: datetime
    is_undone: bool

    @staticmethod
    def resolve_is_undone(action: Any) -> bool:
        """Whether a later action reverted it."""
        return action.undone_by_id is not None


class ImportOut(Schema):
    """The result of importing a list of decisions."""

    n_decisions: int
    n_changed: int = Field(description="Rows whose decision changed.")
    action: ActionOut | None = Field(description="null if nothing changed.")
    new_classes: list[str] = Field(description="Classes that no row had before.")


class TopKIn(Schema):
    """Clean Top K: one decision on the first rows of a view; rows decided individually are kept."""

    model_config = ConfigDict(extra="forbid")

    view: RowFilters = Field(default_factory=lambda: RowFilters.model_validate({}))
    k: int = Field(ge=1, le=10_000_000)
    action: Choice
    corrected_label: LabelIn = Field("", description=f"For the action label. {LABEL_FORM}")


class TopKPlanOut(Schema):
    """The effect that Clean Top K would have."""

    n_changed: int
    n_seen: int
    n_manual: int = Field(description="Rows skipped because they were decided individually.")
    n_without_advice: int
    n_unchanged: int
    n_open_label_issues: int = Field(
        description="Undecided label issues among the rows, whose precision is estimated."
    )
    expected_wrong: IntervalOut | None = Field(
        description="How many of these are expected to be wrong, with a 90% interval."
    )
