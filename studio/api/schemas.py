"""Schemas that all parts of the API share: problems, pages of lists, runs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar
from uuid import UUID

from ninja import Field, Query, Schema
from pydantic import AfterValidator, BeforeValidator, StringConstraints

from studio.runs import Run

T = TypeVar("T")


def is_storable(text: str) -> bool:
    """Return whether databases can store a text: NUL and lone surrogates they cannot."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _storable(text: str) -> str:
    if not is_storable(text):
        raise ValueError("this text contains a character that cannot be stored")
    return text


def _storable_if_text(value: object) -> object:
    return _storable(value) if isinstance(value, str) else value


Text = Annotated[str, AfterValidator(_storable)]
ROW_ID_FORM = "Position in the file from 0: one less than the row's number on pages and in exports."
# What cannot be stored is refused first: pydantic's other checks fail on lone surrogates.
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    BeforeValidator(_storable_if_text),
]

RunStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]
RunKind = Literal[
    "dataset",
    "cleanset",
    "model",
    "prediction",
    "appended-file",
    "evaluation",
    "projection",
    "action",
    "corrections",
]
MAX_LIMIT = 1000
MAX_OFFSET = 2**31 - 1


class Problem(Schema):
    """Why a call failed."""

    error: str = Field(
        description="One or two sentences: what was found, what was expected, what to do."
    )
    code: str = Field("", description="A word for programs, if there is one.")


class PageParams(Schema):
    """The page of a list."""

    limit: int = Field(50, ge=1, le=MAX_LIMIT, description="The most to return.")
    offset: int = Field(0, ge=0, le=MAX_OFFSET, description="How many to skip.")


Paged = Annotated[PageParams, Query()]
SafeForSpreadsheets = Annotated[
    bool,
    Query(
        default=False,
        description=(
            "CSV: put an apostrophe before everything that a spreadsheet program could take for a"
            " formula, class names and column names too. If false, only before uploaded text that"
            " it would run."
        ),
    ),
]


class Page(Schema, Generic[T]):
    """A page of a list."""

    count: int = Field(description="The total number.")
    next: str | None = Field(description="The address of the next page, or null.")
    previous: str | None = Field(description="The address of the previous page, or null.")
    results: list[T]


class RunOut(Schema):
    """Long work: reading a file, an analysis, a training, a prediction."""

    id: UUID
    kind: RunKind = Field(description="What the run makes.")
    resource_id: UUID = Field(description="The id of what the run makes.")
    status: RunStatus
    stage: str
    stage_number: int = Field(description="1-based position of the stage; 0 before the first.")
    n_stages: int
    progress_done: int
    progress_total: int = Field(description="0 if the stage does not know how much there is.")
    attempt: int
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    elapsed_s: float
    is_cancelling: bool
    error_message: str = Field(description="Why it failed; empty otherwise.")

    @staticmethod
    def resolve_n_stages(run: Run) -> int:
        return len(run.stages)
