"""Reads JSON in any form.

Records (an object for each row) take one pass if the first ones have all columns. Otherwise one
more pass collects the columns before the rows are written.
"""

from __future__ import annotations

from collections.abc import Iterator, KeysView, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from projects.readers.facts import ReadLimits, ReadOptions, TableRead
from projects.readers.header import checked_header
from projects.readers.json_block import Block
from projects.readers.json_columns import ROW_NAMES, read_columns
from projects.readers.json_outline import JsonForm, Orient
from projects.readers.json_records import pieces_of_list, records_by_name, records_of_lines
from projects.readers.json_rows import read_rows
from projects.readers.json_values import JsonObject, cells_of
from projects.readers.json_window import Window
from projects.readers.table_writer import TableWriter
from studio.engine import stages
from studio.engine.errors import DataProblem
from studio.engine.progress import Progress

_BYTES_PER_CHUNK = 4 * 1024 * 1024
_ROWS_PER_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class JsonFile:
    """A JSON file and its form; the key `left_out` is dropped from its records."""

    path: Path
    codec: str
    form: JsonForm
    left_out: str | None = None

    @property
    def n_bytes(self) -> int:
        """Size of the file."""
        return self.path.stat().st_size

    @contextmanager
    def pieces(
        self, span: Span, progress: Progress, limits: ReadLimits
    ) -> Iterator[Iterator[JsonObject | Block]]:
        """Yield the records in file order, reporting progress in bytes."""
        with self.path.open("rb") as raw, TextIOWrapper(raw, self.codec, newline="\n") as text:
            pieces = self._stream(text, limits.max_value_bytes)
            if self.left_out is not None:
                pieces = (_without(piece, self.left_out) for piece in pieces)
            yield _watched(raw, pieces, span, progress)

    def _stream(self, text: TextIOWrapper, max_chars: int) -> Iterator[JsonObject | Block]:
        if self.form.orient is Orient.LINES:
            return records_of_lines(text, max_chars=max_chars)
        if self.form.orient is Orient.INDEX:
            return records_by_name(text, max_chars=max_chars, name_column=self.form.name_column)
        return pieces_of_list(text, max_chars=max_chars, key=self.form.key)

    @contextmanager
    def opened(self, progress: Progress, limits: ReadLimits) -> Iterator[Window]:
        """Open the document at its start, reporting progress in bytes."""
        n_bytes = self.n_bytes
        with self.path.open("rb") as raw, TextIOWrapper(raw, self.codec, newline="\n") as text:

            def report() -> None:
                progress(stages.READING_FILE, raw.tell(), n_bytes)

            yield Window(text, limits.max_value_bytes, on_read=report)


def _watched(
    raw: BinaryIO, pieces: Iterator[JsonObject | Block], span: Span, progress: Progress
) -> Iterator[JsonObject | Block]:
    n_unreported = _ROWS_PER_CHUNK
    for piece in pieces:
        if n_unreported >= _ROWS_PER_CHUNK:
            progress(stages.READING_FILE, span.done + raw.tell(), span.total)
            n_unreported = 0
        n_unreported += piece.n_rows if isinstance(piece, Block) else 1
        yield piece


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes read before a pass over the file, and the total of all passes."""

    done: int
    total: int


class _NewKeyError(Exception):
    """A record has a key that no record had before."""


@dataclass(frozen=True, slots=True)
class _Reading:
    file: JsonFile
    out: Path
    progress: Progress
    limits: ReadLimits

    def keys(self, span: Span, n_pieces: int | None = None) -> tuple[str, ...]:
        """Return the keys of the first `n_pieces` pieces, or of all, in order of appearance."""
        with self.file.pieces(span, self.progress, self.limits) as pieces:
            return _keys(islice(pieces, n_pieces), self.limits)

    def write(self, keys: tuple[str, ...], span: Span) -> TableRead:
        """Write the table. Raises _NewKeyError for a record with a key that is not in `keys`."""
        header = checked_header(keys, self.limits, line=None)
        columns = dict(zip(keys, header.columns, strict=True))
        with (
            self.file.pieces(span, self.progress, self.limits) as pieces,
            TableWriter(self.out, header.columns, self.limits) as writer,
        ):
            for rows in _chunks(pieces, columns, writer.rows_per_append):
                if isinstance(rows, Block):
                    writer.append_cells(_placed(rows, keys))
                else:
                    writer.append_rows(rows)
        return TableRead(writer.n_rows, header.columns, header.notes)


def read_json(
    file: JsonFile, out: Path, *, asked: ReadOptions, progress: Progress, limits: ReadLimits
) -> TableRead:
    """Write the table to the Parquet file `out`."""

    def opened() -> AbstractContextManager[Window]:
        return file.opened(progress, limits)

    form = file.form
    used = ReadOptions(encoding=file.codec, orient=form.orient.value)
    if form.orient in (Orient.COLUMNS, Orient.LIST):
        read = read_columns(opened, out, are_named=form.orient is Orient.COLUMNS, limits=limits)
    elif form.orient in (Orient.SPLIT, Orient.VALUES):
        if form.orient is Orient.VALUES:
            used = replace(used, has_header=bool(asked.has_header))
        read = read_rows(opened, out, form, has_header=bool(asked.has_header), limits=limits)
    else:
        read = _read_records(file, out, progress=progress, limits=limits)
    return replace(read, notes=(*form.notes, *read.notes), used=used)


def _read_records(
    file: JsonFile, out: Path, *, progress: Progress, limits: ReadLimits
) -> TableRead:
    """Write a table of records; its columns are all keys, in order of first appearance."""
    if file.form.orient is Orient.TABLE and _counts_rows(file, progress, limits):
        file = replace(file, left_out=ROW_NAMES)
    reading = _Reading(file, out, progress, limits)
    n_bytes = file.n_bytes
    first = reading.keys(Span(0, n_bytes), n_pieces=1)
    if first and set(limits.required.sources) <= set(first):
        try:
            return reading.write(first, Span(0, n_bytes))
        except _NewKeyError:
            pass
    keys = reading.keys(Span(n_bytes, 3 * n_bytes))
    if not keys:
        raise DataProblem(
            'The JSON objects are all empty. Expected objects such as {"column": "value"}.'
        )
    return reading.write(keys, Span(2 * n_bytes, 3 * n_bytes))


def _counts_rows(file: JsonFile, progress: Progress, limits: ReadLimits) -> bool:
    """Say whether the index that pandas adds to a table's records only counts the rows."""
    with file.opened(progress, limits) as window:
        window.enter("schema")
        schema = window.value()
    if not isinstance(schema, dict) or schema.get("primaryKey") != [ROW_NAMES]:
        return False
    n_rows = 0
    with file.pieces(Span(0, file.n_bytes), progress, limits) as pieces:
        for piece in pieces:
            found: list[object] = []
            if isinstance(piece, Block):
                found += piece.columns.get(ROW_NAMES, ())
            else:
                found.append(piece.get(ROW_NAMES))
            if found != [str(place) for place in range(n_rows, n_rows + len(found))]:
                return False
            n_rows += len(found)
    return True


def _without(piece: JsonObject | Block, key: str) -> JsonObject | Block:
    if isinstance(piece, Block):
        return replace(
            piece, columns={name: cells for name, cells in piece.columns.items() if name != key}
        )
    return {name: value for name, value in piece.items() if name != key}


def _keys(pieces: Iterator[JsonObject | Block], limits: ReadLimits) -> tuple[str, ...]:
    keys: dict[str, None] = {}
    n_pieces = 0
    for piece in pieces:
        n_pieces += 1
        found = _keys_of(piece)
        if not found <= keys.keys():
            keys.update(dict.fromkeys(found))
        if len(keys) > limits.max_columns:
            checked_header(tuple(keys), limits, line=None)
    if not n_pieces:
        raise DataProblem(
            "The JSON file holds no records. Expected a list with at least one object."
        )
    return tuple(keys)


def _keys_of(piece: JsonObject | Block) -> KeysView[str]:
    return piece.columns.keys() if isinstance(piece, Block) else piece.keys()


def _placed(block: Block, keys: Sequence[str]) -> list[Sequence[str | None]]:
    """Return the cells of a block by column; for a key that it lacks, all cells are missing."""
    missing = [None] * block.n_rows
    return [block.columns.get(key, missing) for key in keys]


def _chunks(
    pieces: Iterator[JsonObject | Block], columns: Mapping[str, str], most: int
) -> Iterator[list[list[str | None]] | Block]:
    """Yield blocks unchanged, and the records between them as lists of rows of a few megabytes."""
    chunk: list[list[str | None]] = []
    n_chars = 0
    for piece in pieces:
        if not _keys_of(piece) <= columns.keys():
            raise _NewKeyError
        if not isinstance(piece, Block):
            cells = cells_of(piece, columns)
            chunk.append(cells)
            n_chars += sum(len(cell) for cell in cells if cell is not None)
        if chunk and (isinstance(piece, Block) or len(chunk) >= most or n_chars > _BYTES_PER_CHUNK):
            yield chunk
            chunk = []
            n_chars = 0
        if isinstance(piece, Block):
            yield piece
    if chunk:
        yield chunk
