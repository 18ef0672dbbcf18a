"""How `/api/v1` writes datasets."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict

from projects.models import DatasetVersion
from studio.api.schemas import ROW_ID_FORM, RunOut
from studio.engine.columns import ColumnKind
from studio.engine.conventions import Convention


class DatasetOut(Schema):
    """A dataset with its newest file."""

    id: UUID
    name: str
    created_at: datetime
    version: int = Field(description="Number of the newest file; a file that cannot be read may be replaced.")
    filename: str
    size_bytes: int
    file_format: str = Field(description="Empty until the file is read.")
    encoding: str
    delimiter: str
    sha256: str
    n_rows: int | None = Field(description="null until the file is read.")
    notes: list[str] = Field(description="What the reader found worth telling.")
    run: RunOut = Field(description="The reading of the file.")

    @staticmethod
    def resolve_id(version: DatasetVersion) -> UUID:
        """Return the dataset, not the version."""
        return version.dataset_id

    @staticmethod
    def resolve_name(version: DatasetVersion) -> str:
        """Return the name of the dataset."""
        return version.dataset.name

    @staticmethod
    def resolve_created_at(version: DatasetVersion) -> datetime:
        """Return when the dataset was made."""
        return version.dataset.created_at

    @staticmethod
    def resolve_version(version: DatasetVersion) -> int:
        """Return the number of the file."""
        return version.number

    @staticmethod
    def resolve_run(version: DatasetVersion) -> DatasetVersion:
        """The version is its run."""
        return version


class TopValueOut(Schema):
    """A value and how many rows have it."""

    value: str
    count: int


class HistogramOut(Schema):
    """Counts between neighbouring edges; those of moments are seconds since 1970, UTC."""

    edges: list[float]
    counts: list[int]


class ColumnOut(Schema):
    """What is known of a column."""

    name: str
    kind: ColumnKind = Field(description="The kind that new projects use.")
    inferred_kind: ColumnKind = Field(description="The kind that was found.")
    n_missing: int
    n_distinct: int
    is_distinct_estimated: bool
    mean_length: float
    mean_words: float
    lowest: str | None
    highest: str | None
    top_values: list[TopValueOut]
    histogram: HistogramOut | None
    convention: Convention | None = Field(description="How its numbers or dates are read, where it has any.")
    is_convention_assumed: bool = Field(description="Whether its cells could be read in another way, too.")


class KindsIn(Schema):
    """Kinds and conventions of some columns; those that are not named keep theirs."""

    model_config = ConfigDict(extra="forbid")

    kinds: dict[str, ColumnKind] = {}
    conventions: dict[str, Convention | None] = Field(
        {}, description="How numbers or dates are written; null goes back to what was found."
    )


class RowOut(Schema):
    """One row as it was uploaded."""

    row_id: int = Field(description=ROW_ID_FORM)
    cells: dict[str, str | None] = Field(description="Every cell as text; null where the file has none.")


class UrlIn(Schema):
    """Where a file is to be fetched from."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(max_length=2000, description="http or https, on a public host.")
