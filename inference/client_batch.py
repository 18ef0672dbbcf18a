"""Reads the rows that the public client sends: CSV of one known form, so nothing is guessed.

A list of texts has the one column `text`, whatever the project's text column is called. A frame's
first column is its index. It writes dates as text that it uploaded as milliseconds since 1970.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import TextIOWrapper
from itertools import islice
from pathlib import Path

from projects.readers.facts import ReadLimits
from projects.readers.table_writer import TableWriter
from studio.engine import stages
from studio.engine.errors import DataProblem
from studio.engine.ml_task import Modality
from studio.engine.progress import Progress
from studio.engine.recipes.trained import TrainedModel
from studio.engine.table.columns import ColumnKind
from studio.engine.table.required_columns import MissingColumnsProblem, RequiredColumns

TEXT = "text"
_ISO_DATE_CHARS = len("2026-11-22")


@dataclass(frozen=True, slots=True)
class _Column:
    """A column that the model reads: its position in a line, and whether it holds numbers."""

    name: str
    position: int
    is_number: bool

    def cells(self, cells: Sequence[str]) -> Sequence[str]:
        """Return its cells in the form that the model was trained on."""
        if self.is_number and any(_is_date(cell) for cell in cells):
            return [_as_milliseconds(cell) for cell in cells]
        return cells


def read_client_batch(
    source: Path, out: Path, model: TrainedModel, *, progress: Progress, limits: ReadLimits
) -> None:
    """Write the columns that the model reads to a Parquet file, row by row.

    Raises DataProblem if the file is not such CSV, or lacks columns.
    """
    csv.field_size_limit(limits.max_value_bytes)
    total = source.stat().st_size
    with source.open("rb") as raw, TextIOWrapper(raw, "utf-8", newline="") as text:
        reader = csv.reader(text, strict=True)
        try:
            columns = _columns(next(reader, []), model)
            with TableWriter(out, [column.name for column in columns], limits) as writer:
                for cells in _chunks(reader, columns, writer.rows_per_append):
                    writer.append_cells(cells)
                    progress(stages.READING_FILE, raw.tell(), total)
        except (csv.Error, UnicodeDecodeError) as error:
            raise DataProblem(
                f"The rows to predict are not valid CSV in UTF-8 (line {reader.line_num:,}:"
                f" {error}). Send a list or a frame."
            ) from error


def _columns(header: Sequence[str], model: TrainedModel) -> list[_Column]:
    required = model.feature_columns
    is_text = model.spec.modality is Modality.TEXT
    if list(header) == [TEXT]:
        if not is_text:
            raise DataProblem(
                "This model reads columns of a table. Send a frame with them, not a list of texts."
            )
        return [_Column(required[0], 0, is_number=False)]
    # The first column is the index; of two columns of one name, the first counts.
    positions: dict[str, int] = {}
    for position, name in enumerate(header[1:], start=1):
        positions.setdefault(name, position)
    if is_text and TEXT in positions:
        positions.setdefault(required[0], positions[TEXT])
    _check_columns(required, list(positions))
    numeric = (ColumnKind.INTEGER, ColumnKind.NUMBER)
    kinds = model.spec.column_kinds
    return [_Column(name, positions[name], kinds[name] in numeric) for name in required]


def _check_columns(required: Sequence[str], present: Sequence[str]) -> None:
    """Raise DataProblem if columns are missing. The client cannot map columns, so the user has to
    rename them in the frame.
    """
    try:
        RequiredColumns(tuple(required)).check(present)
    except MissingColumnsProblem as problem:
        renamed = {
            column.candidates[0]: column.name for column in problem.missing if column.candidates
        }
        mapping = repr(renamed) if renamed else "…"
        raise DataProblem(
            f"{problem.finding('frame')} Rename its columns before you predict, such as"
            f" df.rename(columns={mapping})."
        ) from problem


def _is_date(cell: str) -> bool:
    return cell[4:5] == "-" and cell[7:8] == "-" and len(cell) >= _ISO_DATE_CHARS


def _as_milliseconds(cell: str) -> str:
    """Return a date as milliseconds since 1970, anything else unchanged."""
    if not _is_date(cell):
        return cell
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        return cell
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return str(round(moment.timestamp() * 1000))


def _chunks(
    reader: Iterator[list[str]], columns: Sequence[_Column], n_rows: int
) -> Iterator[list[Sequence[str]]]:
    """Yield the cells of each column; a blank line is a row of empty cells."""
    n_cells = max(column.position for column in columns) + 1
    while chunk := list(islice(reader, n_rows)):
        if min(map(len, chunk)) < n_cells:
            if any(0 < len(row) < n_cells for row in chunk):
                raise csv.Error("a row has fewer cells than the header")
            chunk = [row or [""] * n_cells for row in chunk]
        yield [column.cells([row[column.position] for row in chunk]) for column in columns]
