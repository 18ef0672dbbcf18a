"""How `/api/v1` writes datasets."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict

from projects.models import DatasetVersion
from projects.readers.encoding_names import checked_encoding
from projects.readers.facts import ReadOptions
from projects.readers.options import QUOTES, checked_delimiter
from studio.api.schemas import ROW_ID_FORM, Name, RunOut, Text
from studio.engine.conventions import Convention
from studio.engine.table.columns import ColumnKind


class ReadFields(Schema):
    """How a file is to be read; what is left out or empty is found out."""

    encoding: Text = Field(
        "", max_length=40, description="Such as cp1252, gb18030, shift-jis, koi8-r."
    )
    delimiter: Text = Field(
        "", max_length=20, description="One character, or tab, comma, semicolon, pipe."
    )
    quotes: Literal["", "double", "single", "none"] = Field("", description="What encloses cells.")
    has_header: bool | None = Field(None, description="false: the first row is data.")
    sheet: Text = Field("", max_length=100, description="Of a workbook.")
    orient: Literal["", "columns", "index"] = Field("", description="Of a JSON object of objects.")

    def options(self) -> ReadOptions:
        """Return them as the reader takes them. Raises DataProblem for what cannot be followed."""
        return ReadOptions(
            encoding=checked_encoding(self.encoding) if self.encoding else None,
            delimiter=checked_delimiter(self.delimiter) if self.delimiter else None,
            quotes=QUOTES[self.quotes] if self.quotes else None,
            has_header=self.has_header,
            sheet=self.sheet or None,
            orient=self.orient or None,
        )


class ReadIn(ReadFields):
    """The same as JSON."""

    model_config = ConfigDict(extra="forbid")


class ReadingOut(Schema):
    """How a file was read; null where its format has nothing of that kind."""

    encoding: str | None = None
    delimiter: str | None = None
    quotes: str | None = Field(
        None, description="double, single, or none: quotation marks are ordinary characters."
    )
    has_header: bool | None = None
    sheet: str | None = None
    orient: str | None = Field(
        None, description="pandas' word for the form of a JSON document, or lines, or list."
    )


class NameIn(Schema):
    """Another name."""

    model_config = ConfigDict(extra="forbid")

    name: Name


class DatasetOut(Schema):
    """A dataset with its newest version."""

    id: UUID
    name: str
    created_at: datetime
    version: int = Field(
        description="Number of the newest version; projects keep the one they were made from."
    )
    filename: str
    size_bytes: int
    file_format: str = Field(description="Empty until the file is read.")
    encoding: str
    delimiter: str
    sha256: str
    n_rows: int | None = Field(description="null until the file is read.")
    notes: list[str] = Field(description="What the reader found worth telling.")
    reading: ReadingOut
    doubts: dict[str, str] = Field(
        description=(
            "Fields of `reading` for which another choice may be the right one, each with the"
            " reason."
        )
    )
    sheets: list[str] = Field(description="All sheets of a workbook.")
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
    def resolve_reading(version: DatasetVersion) -> ReadingOut:
        """Return what was found or asked for, in the words of the input."""
        values: dict[str, Any] = dict(version.used_options)
        if "quotes" in values:
            values["quotes"] = next(
                name for name, quotes in QUOTES.items() if quotes == values["quotes"]
            )
        return ReadingOut(**values)

    @staticmethod
    def resolve_doubts(version: DatasetVersion) -> dict[str, str]:
        """Return the reasons by field."""
        return dict(version.doubts)

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
    convention: Convention | None = Field(
        description="How its numbers or dates are read, where it has any."
    )
    is_convention_assumed: bool = Field(
        description="Whether its cells could be read in another way, too."
    )


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
    cells: dict[str, str | None] = Field(
        description="Every cell as text; null where the file has none."
    )


class UrlIn(Schema):
    """Where a file is to be fetched from."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(max_length=2000, description="http or https, on a public host.")
