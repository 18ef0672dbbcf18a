"""Datasets as `/api/v1` reads and writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict

from projects.appending.choice import AppendChoice
from projects.models import DatasetVersion
from projects.readers.encoding_names import checked_encoding
from projects.readers.facts import ReadOptions
from projects.readers.options import QUOTES, checked_delimiter
from studio.api.schemas import ROW_ID_FORM, Name, RunOut, Text
from studio.engine.conventions import Convention
from studio.engine.table.columns import ColumnKind


class ReadFields(Schema):
    """How to read a file; whatever is omitted or empty is inferred from the file."""

    encoding: Text = Field(
        "", max_length=40, description="Such as cp1252, gb18030, shift-jis, koi8-r."
    )
    delimiter: Text = Field(
        "", max_length=20, description="One character, or tab, comma, semicolon, pipe."
    )
    quotes: Literal["", "double", "single", "none"] = Field("", description="What encloses cells.")
    has_header: bool | None = Field(None, description="false if the first row is data.")
    sheet: Text = Field("", max_length=100, description="The sheet of a workbook.")
    orient: Literal["", "columns", "index"] = Field("", description="For a JSON object of objects.")

    def options(self) -> ReadOptions:
        """Return the options for the reader. Raises DataProblem for an unknown encoding or
        delimiter.
        """
        return ReadOptions(
            encoding=checked_encoding(self.encoding) if self.encoding else None,
            delimiter=checked_delimiter(self.delimiter) if self.delimiter else None,
            quotes=QUOTES[self.quotes] if self.quotes else None,
            has_header=self.has_header,
            sheet=self.sheet or None,
            orient=self.orient or None,
        )


class ReadIn(ReadFields):
    """How to read a file, as JSON."""

    model_config = ConfigDict(extra="forbid")


class ReadingOut(Schema):
    """How a file was read; null where the format has no such property."""

    encoding: str | None = None
    delimiter: str | None = None
    quotes: str | None = Field(
        None, description="double, single, or none: quotation marks are ordinary characters."
    )
    has_header: bool | None = None
    sheet: str | None = None
    orient: str | None = Field(
        None, description="The form of a JSON document, in pandas' words; or lines, or list."
    )


class AppendFields(Schema):
    """How the rows of a file are appended to a dataset."""

    column_map: dict[str, str] = Field(
        {}, description="Columns of the dataset, each with its name in the file."
    )
    blank_columns: list[str] = Field(
        [], description="Columns of the dataset that stay empty in the new rows, as labels may."
    )
    key: Text = Field(
        "", description="The column that recognises rows; empty recognises them by all cells."
    )
    keeps_copies: bool = Field(
        default=False,
        description="Without a key: append rows that the dataset has already once more.",
    )
    updates_existing: bool = Field(
        default=False,
        description="With a key: new cells replace those of the row with the same key.",
    )
    project_ids: list[UUID] | None = Field(
        None,
        description=(
            "The projects that get the new rows; all that have the version appended to, by"
            " default. If one is given, the rows are appended to its version, which may not be the"
            " newest of the dataset."
        ),
    )

    def choice(self) -> AppendChoice:
        """Return the choice in the words of the service."""
        return AppendChoice(
            column_map=self.column_map,
            blank_columns=tuple(self.blank_columns),
            key=self.key,
            keeps_copies=self.keeps_copies,
            updates_existing=self.updates_existing,
        )


class AppendIn(AppendFields):
    """Rows to append: cells by column, or the address of a file."""

    model_config = ConfigDict(extra="forbid")

    rows: list[dict[Text, Text | int | float | bool | None]] = Field(
        [], max_length=10_000, description="The new rows; send more as a file."
    )
    url: str = Field("", max_length=2000, description="http or https, on a public host.")


class NameIn(Schema):
    """A new name for a dataset."""

    model_config = ConfigDict(extra="forbid")

    name: Name


class DatasetOut(Schema):
    """A dataset with its newest version."""

    id: UUID
    name: str
    created_at: datetime
    version: int = Field(
        description="Number of the newest version; projects keep the one they were created from."
    )
    filename: str
    size_bytes: int
    file_format: str = Field(description="Empty until the file is read.")
    encoding: str
    delimiter: str
    sha256: str
    n_rows: int | None = Field(description="null until the file is read.")
    appended_to: int | None = Field(
        description="Number of the version that this one has the rows of, and more; else null."
    )
    append_counts: dict[str, int] = Field(
        description="What the appended file was, in rows: n_rows, n_known, n_added and so on."
    )
    notes: list[str] = Field(description="What the reader assumed or noticed.")
    reading: ReadingOut
    doubts: dict[str, str] = Field(
        description=(
            "Fields of `reading` for which another choice may be right, each with the reason."
        )
    )
    sheets: list[str] = Field(description="All sheets of a workbook.")
    run: RunOut = Field(
        description="The reading of the file; a refused appending that came later, if there is one."
    )

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
        """Return when the dataset was created."""
        return version.dataset.created_at

    @staticmethod
    def resolve_version(version: DatasetVersion) -> int:
        """Return the number of the version."""
        return version.number

    @staticmethod
    def resolve_appended_to(version: DatasetVersion) -> int | None:
        """Return the number of the base."""
        return None if version.base is None else version.base.number

    @staticmethod
    def resolve_reading(version: DatasetVersion) -> ReadingOut:
        """Return the options that were used, in the words of `ReadFields`."""
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
        return version.dataset.refused_append or version


class VersionOut(DatasetOut):
    """One of the versions of a dataset."""

    @staticmethod
    def resolve_run(version: DatasetVersion) -> DatasetVersion:
        """The version is its run."""
        return version


class TopValueOut(Schema):
    """A value and how many rows have it."""

    value: str
    count: int


class HistogramOut(Schema):
    """Counts between neighbouring edges; the edges of dates are seconds since 1970, UTC."""

    edges: list[float]
    counts: list[int]


class ColumnOut(Schema):
    """The profile of a column."""

    name: str
    kind: ColumnKind = Field(description="The kind that new projects use.")
    inferred_kind: ColumnKind = Field(description="The kind inferred from its cells.")
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
        description="How its numbers or dates are read; null if it has none."
    )
    is_convention_assumed: bool = Field(
        description="Whether its cells could also be read in another way."
    )


class KindsIn(Schema):
    """Kinds and conventions of some columns; the other columns keep theirs."""

    model_config = ConfigDict(extra="forbid")

    kinds: dict[str, ColumnKind] = {}
    conventions: dict[str, Convention | None] = Field(
        {}, description="How numbers or dates are written; null restores the inferred convention."
    )


class RowOut(Schema):
    """A row as it was uploaded."""

    row_id: int = Field(description=ROW_ID_FORM)
    cells: dict[str, str | None] = Field(
        description="Every cell as text; null where the file has none."
    )


class UrlIn(Schema):
    """The address of a file to fetch."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(max_length=2000, description="http or https, on a public host.")
