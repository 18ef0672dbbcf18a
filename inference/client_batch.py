"""Reads the rows that the public client sends to be predicted: CSV of one known form, so that
nothing is guessed.

A list of texts has the one column `text`, whatever the project's text column is called. A frame has
its index as the first column, which is not the user's, and writes dates, which it had uploaded as
milliseconds since 1970.
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
from studio.engine.errors import DataProblem
from studio.engine.ml_task import Modality
from studio.engine.progress import Progress
from studio.engine.recipes.train import TrainedModel
from studio.engine.table.columns import ColumnKind
from studio.engine.table.required_columns import MissingColumnsProblem, RequiredColumns

TEXT = "text"
_ISO_DATE_CHARS = len("2026-11-22")


@dataclass(frozen=True, slots=True)
class _Column:
    """A column that the model reads: its place in a line, and whether its cells are numbers."""

    name: str
    place: int
    is_number: bool

    def cells(self, cells: Sequence[str]) -> Sequence[str]:
        """Return its cells as the model was trained on them."""
        return (
            [_number(cell) for cell in cells]
            if self.is_number and any(map(_is_dated, cells))
            else cells
        )


def read_client_batch(
    source: Path, out: Path, model: TrainedModel, *, progress: Progress, limits: ReadLimits
) -> None:
    """Write the columns that the model reads to a Parquet file, in the order of the rows.

    Raises DataProblem for what is no such CSV, and where columns are missing.
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
                    progress("Reading file", raw.tell(), total)
        except (csv.Error, UnicodeDecodeError) as error:
            raise DataProblem(
                f"The rows to predict are not valid CSV in UTF-8 (line {reader.line_num:,}:"
                f" {error}). Send a list or a frame."
            ) from error


def _columns(header: Sequence[str], model: TrainedModel) -> list[_Column]:
    wanted, is_text = model.feature_columns, model.spec.modality is Modality.TEXT
    if list(header) == [TEXT]:
        if not is_text:
            raise DataProblem(
                "This model reads columns of a table. Send a frame with them, not a list of texts."
            )
        return [_Column(wanted[0], 0, is_number=False)]
    places = {name: place for place, name in reversed(list(enumerate(header))) if place > 0}
    if is_text and TEXT in places:
        places.setdefault(wanted[0], places[TEXT])
    _check_columns(wanted, list(places))
    measured = (ColumnKind.INTEGER, ColumnKind.NUMBER)
    kinds = model.spec.column_kinds
    return [_Column(name, places[name], kinds[name] in measured) for name in wanted]


def _check_columns(wanted: Sequence[str], present: Sequence[str]) -> None:
    """Refuse rows that lack columns; the client cannot name others, so the frame has to."""
    try:
        RequiredColumns(tuple(wanted)).check(present)
    except MissingColumnsProblem as problem:
        renamed = {
            column.candidates[0]: column.name for column in problem.missing if column.candidates
        }
        call = f"df.rename(columns={renamed!r})" if renamed else "df.rename(columns=…)"
        advice = f"Rename its columns before you predict, such as {call}."
        raise DataProblem(f"{problem.finding('frame')} {advice}") from problem


def _is_dated(cell: str) -> bool:
    return cell[4:5] == "-" and cell[7:8] == "-" and len(cell) >= _ISO_DATE_CHARS


def _number(cell: str) -> str:
    """Return a date as milliseconds since 1970, and anything else as it is."""
    if not _is_dated(cell):
        return cell
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        return cell
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return str(round(moment.timestamp() * 1000))


def _chunks(
    reader: Iterator[list[str]], columns: Sequence[_Column], n_rows: int
) -> Iterator[list[Sequence[str]]]:
    """Yield the cells of the wanted columns; a blank line is a row whose cells are empty."""
    n_cells = max(column.place for column in columns) + 1
    while chunk := list(islice(reader, n_rows)):
        if min(map(len, chunk)) < n_cells:
            if any(0 < len(row) < n_cells for row in chunk):
                raise csv.Error("a row has fewer cells than the header")
            chunk = [row or [""] * n_cells for row in chunk]
        yield [column.cells([row[column.place] for row in chunk]) for column in columns]
