"""The inputs and results of reading an uploaded file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from studio.engine.table.required_columns import RequiredColumns

OUT_OF_MEMORY_STATUS = 77  # with which the process of a reading ends if it cannot even say so
ROW_ID = "__row_id"  # the studio's own column: 0-based position of the row in the uploaded file

_MIB = 1024 * 1024
_MEMORY_PER_BYTE = 8  # of the file: some thousands of cells at a time become Python strings
_MAX_MEMORY_BYTES = 6 * 1024 * _MIB
_CPU_SECONDS_PER_BYTE = 20 / _MIB  # five times as much as large workbooks take
_MAX_CPU_SECONDS = 3600.0
_WALL_PER_CPU_SECOND = 10  # on a machine that others keep busy
_PROFILE_PER_READING = 4  # to describe the columns of a small Parquet file of many rows
_PROFILE_SECONDS_PER_COLUMN = 0.3  # three times as much as a column of few rows takes
_TEXT_PER_BYTE = 1000  # of the file; columns of few categories take hardly any bytes in Parquet


class FileFormat(StrEnum):
    """The kinds of file that can be read."""

    CSV = "csv"
    TSV = "tsv"
    JSON = "json"
    JSON_LINES = "jsonl"
    XLSX = "xlsx"
    XLS = "xls"
    XLSB = "xlsb"
    ODS = "ods"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """Seconds of processor time that some work may take."""

    cpu_s: float

    @property
    def wall_s(self) -> float:
        """Seconds after which it is given up, however busy the machine is."""
        return self.cpu_s * _WALL_PER_CPU_SECOND


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """How much a file may cost, and which columns it must have. Sizes in bytes.

    `max_ratio` (unpacked size over packed size) only applies beyond `ratio_floor_bytes`: a small
    file of one repeated line packs extremely well and does no harm. `max_value_bytes` bounds one
    cell or one JSON record, `max_shared_bytes` the part of a workbook that must be read at once.
    `base_memory_bytes`, `base_cpu_seconds` and `base_text_bytes` are the memory, processor time and
    text that the smallest file may take; a larger one may take more.
    """

    max_unpacked_bytes: int = 20 * 1024 * _MIB
    max_ratio: int = 250
    ratio_floor_bytes: int = 200 * _MIB
    max_columns: int = 2000
    max_value_bytes: int = 16 * _MIB
    max_shared_bytes: int = 256 * _MIB
    base_memory_bytes: int = 768 * _MIB
    base_cpu_seconds: float = 60.0
    base_text_bytes: int = 1024 * _MIB
    max_text_bytes: int = 20 * 1024 * _MIB
    required: RequiredColumns = field(default_factory=RequiredColumns)

    def memory_bytes(self, n_bytes: int) -> int:
        """How much memory the reading of a file of `n_bytes` may take."""
        return min(self.base_memory_bytes + _MEMORY_PER_BYTE * n_bytes, _MAX_MEMORY_BYTES)

    def time_to_read(self, n_bytes: int) -> TimeLimit:
        """How long the reading of a file of `n_bytes` may take."""
        return TimeLimit(
            min(self.base_cpu_seconds + _CPU_SECONDS_PER_BYTE * n_bytes, _MAX_CPU_SECONDS)
        )

    def time_to_profile(self, n_bytes: int, n_columns: int) -> TimeLimit:
        """How long describing the columns of a file of `n_bytes` may take."""
        cpu_s = self.time_to_read(n_bytes).cpu_s * _PROFILE_PER_READING
        return TimeLimit(cpu_s + _PROFILE_SECONDS_PER_COLUMN * n_columns)

    def of_file(self, n_bytes: int) -> ReadLimits:
        """Return the limits with `max_text_bytes` set for a file of `n_bytes`."""
        text = max(self.base_text_bytes, _TEXT_PER_BYTE * n_bytes)
        return replace(self, max_text_bytes=min(text, self.max_unpacked_bytes))


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How a file is read, as requested (None: to be detected) or as found (None: not applicable).

    `quotes` is the character that encloses cells, empty if quotation marks are ordinary characters;
    `orient` is pandas' word for the form of a JSON document, or lines, or list.
    """

    encoding: str | None = None
    delimiter: str | None = None
    quotes: str | None = None
    has_header: bool | None = None
    sheet: str | None = None
    orient: str | None = None

    def to_dict(self) -> dict[str, object]:
        """Only what is not None, for a JSON column of the database."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, stored: Mapping[str, object]) -> ReadOptions:
        """The options that `to_dict` wrote."""
        return cls(**stored)  # type: ignore[arg-type]


FIND_OUT = ReadOptions()


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """A file to read, its name, and where to write its table."""

    source: Path
    filename: str
    out: Path
    limits: ReadLimits
    options: ReadOptions = FIND_OUT

    @property
    def n_bytes(self) -> int:
        """Size of the file."""
        return self.source.stat().st_size


@dataclass(frozen=True, slots=True)
class TableRead:
    """What a format's reader reports when the table has been written.

    `doubts` maps the options of `ReadOptions` that may be wrong to a note on each.
    """

    n_rows: int
    columns: tuple[str, ...]
    notes: tuple[str, ...] = ()
    used: ReadOptions = ReadOptions()
    doubts: Mapping[str, str] = field(default_factory=dict)
    sheets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What was found in an uploaded file.

    `columns` are the user's columns in file order, `encoding` and `delimiter` are None where the
    format has none, `sha256` is that of the bytes as they were uploaded, `notes` are sentences for
    the user. `used` is how the file was read, `doubts` are the parts of it that may be wrong,
    `sheets` all sheets of a workbook that could be read. `text_columns` are those of a JSON file
    whose first values are all texts.
    """

    n_rows: int
    columns: tuple[str, ...]
    format: FileFormat
    encoding: str | None
    delimiter: str | None
    sha256: str
    notes: tuple[str, ...] = ()
    used: ReadOptions = ReadOptions()
    doubts: Mapping[str, str] = field(default_factory=dict)
    sheets: tuple[str, ...] = ()
    text_columns: tuple[str, ...] = ()
