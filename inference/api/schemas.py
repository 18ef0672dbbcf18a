"""Predictions as `/api/v1` reads and writes them."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from ninja import Field, Query, Schema
from pydantic import TypeAdapter, ValidationError

from inference.models import PredictionBatch
from inference.services import DEFAULT_COVERAGE
from studio.api.schemas import RunOut, Text
from studio.engine.conventions import Convention
from studio.engine.errors import DataProblem

ColumnMap = dict[Text, Text]
COLUMN_MAP_HELP = (
    "The column of the file for a column that the model reads, such as "
    '{"text": "Text"}; needed only if their names differ.'
)
GUARD_HELP = (
    "Whether to add what the model's guard says of each row (its confidence, whether it is unlike "
    "the training data, …), and a report of the whole file."
)
COVERAGE_HELP = (
    "With `guard`: how often the right label should be in the prediction set, or the right number "
    "in the interval."
)
ChosenClasses = Annotated[
    list[Text],
    Query(
        default=[],
        description=(
            "The classes whose probabilities are wanted, such as `classes=billing&classes=card`;"
            " all classes if there are none."
        ),
    ),
]
StatedConventions = dict[Text, Convention | None]
CONVENTIONS_HELP = (
    'How numbers or dates of the model\'s columns are written, such as {"price": "comma"}; '
    "null, or a column left out, lets the cells decide."
)


def column_map_of(text: str) -> dict[str, str]:
    """Parse the JSON column map of a form field."""
    if not text.strip():
        return {}
    try:
        return TypeAdapter(ColumnMap).validate_json(text)
    except ValidationError as error:
        raise DataProblem(
            "The field “column_map” is not a JSON object of column names. Expected one such as"
            ' {"text": "Text"}.'
        ) from error


def conventions_of(text: str) -> dict[str, Convention | None]:
    """Parse the JSON conventions of a form field."""
    if not text.strip():
        return {}
    try:
        return TypeAdapter(StatedConventions).validate_json(text)
    except ValidationError as error:
        raise DataProblem(
            "The field “conventions” is not a JSON object of columns with "
            f'{", ".join(Convention)} or null. Expected one such as {{"price": "comma"}}.'
        ) from error


class LabelCountOut(Schema):
    """A class and the number of rows that it is suggested for."""

    label: str
    n_rows: int


class MissingColumnOut(Schema):
    """A column that the model reads and the file does not have."""

    name: str
    candidates: list[str] = Field(
        description="Columns of the file that could be this one, likeliest first."
    )


class RetryIn(Schema):
    """How to predict a file again."""

    guard: bool = Field(default=False, description=GUARD_HELP)
    coverage: float = Field(default=DEFAULT_COVERAGE, description=COVERAGE_HELP)
    column_map: ColumnMap = Field(default_factory=dict, description=COLUMN_MAP_HELP)
    conventions: StatedConventions = Field(default_factory=dict, description=CONVENTIONS_HELP)


class RowIn(Schema):
    """One row to predict."""

    cells: dict[Text, Text] = Field(
        description="The cell of each column that the model reads; those left out are missing."
    )


class PredictionOut(Schema):
    """A file and the predictions for its rows."""

    id: UUID
    model_id: UUID
    filename: str
    size_bytes: int
    n_rows: int | None = Field(description="Null until the rows are predicted.")
    notes: list[str] = Field(description="What you should know about the file and its predictions.")
    column_map: dict[str, str] = Field(
        description="The column of the file that was read for a column of the model."
    )
    conventions: dict[str, Convention] = Field(
        description=(
            "How the numbers and dates of each column were read; before that, the chosen readings."
        )
    )
    missing_columns: list[MissingColumnOut] = Field(
        description="The columns that the file lacks, if the run failed for that reason."
    )
    file_columns: list[str] = Field(
        description="The columns of the file, if it lacks some that the model reads."
    )
    label_counts: list[LabelCountOut] = Field(
        description="Most frequent first; empty for regression."
    )
    coverage: float | None = Field(description="Null without the guard.")
    report: dict[str, Any] = Field(
        description=(
            "With `guard`, once the rows are predicted: how many rows abstain or are out of"
            " distribution, and each column beside the training data, with p-values that are"
            " corrected for the number of columns."
        )
    )
    run: RunOut

    @staticmethod
    def resolve_model_id(batch: PredictionBatch) -> UUID:
        return batch.deployed_model_id

    @staticmethod
    def resolve_conventions(batch: PredictionBatch) -> dict[str, str]:
        """Return the readings that were used, else those that were chosen."""
        found = {name: one["convention"] for name, one in batch.found_conventions.items()}
        return {**batch.chosen_conventions, **found}

    @staticmethod
    def resolve_label_counts(batch: PredictionBatch) -> list[dict[str, object]]:
        return [{"label": label, "n_rows": n_rows} for label, n_rows in batch.label_counts]

    @staticmethod
    def resolve_run(batch: PredictionBatch) -> PredictionBatch:
        """The batch is its run."""
        return batch


class UncertainIn(Schema):
    """Which rows a person should look at."""

    n: int | None = Field(
        None, ge=1, le=100_000, description="The least certain n; else those that abstain."
    )
