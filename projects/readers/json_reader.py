"""Reads JSON records (a list of objects, or one object per line) in two passes: first the columns, then the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO

from projects.readers.facts import ReadLimits, TableRead
from projects.readers.header import checked_header
from projects.readers.json_records import RecordStream
from projects.readers.json_values import JsonObject, cells_of
from projects.readers.table_writer import TableWriter
from studio.engine.errors import DataProblem
from studio.engine.progress import Progress

_BYTES_PER_CHUNK = 4 * 1024 * 1024
_ROWS_PER_CHUNK = 1000
_N_PASSES = 2


@dataclass(frozen=True, slots=True)
class JsonFile:
    """A file of JSON records, and the way to take them out."""

    path: Path
    codec: str
    stream: RecordStream

    @property
    def n_bytes(self) -> int:
        """Size of the file."""
        return self.path.stat().st_size

    @contextmanager
    def records(self, done: int, progress: Progress, limits: ReadLimits) -> Iterator[Iterator[JsonObject]]:
        """The records in file order, reporting progress in bytes after the `done` ones of an earlier pass."""
        with self.path.open("rb") as raw, TextIOWrapper(raw, self.codec, newline="\n") as text:
            yield self._watched(raw, self.stream(text, max_chars=limits.max_value_bytes), done, progress)

    def _watched(
        self, raw: BinaryIO, records: Iterator[JsonObject], done: int, progress: Progress
    ) -> Iterator[JsonObject]:
        total = _N_PASSES * self.n_bytes
        for number, record in enumerate(records):
            if number % _ROWS_PER_CHUNK == 0:
                progress("Reading file", done + raw.tell(), total)
            yield record


def read_json(file: JsonFile, out: Path, *, progress: Progress, limits: ReadLimits) -> TableRead:
    """Write the records to the Parquet file `out`; the columns are all keys, in order of first appearance."""
    with file.records(0, progress, limits) as records:
        keys = _keys(records, limits)
    header = checked_header(keys, limits, line=None)
    columns = dict(zip(keys, header.columns, strict=True))
    with file.records(file.n_bytes, progress, limits) as records, TableWriter(out, header.columns, limits) as writer:
        for chunk in _chunks(records, columns, writer.rows_per_append):
            writer.append_rows(chunk)
    return TableRead(writer.n_rows, header.columns, header.notes)


def _keys(records: Iterator[JsonObject], limits: ReadLimits) -> tuple[str, ...]:
    keys: dict[str, None] = {}
    n_records = 0
    for record in records:
        n_records += 1
        if not record.keys() <= keys.keys():
            keys.update(dict.fromkeys(record))
        if len(keys) > limits.max_columns:
            checked_header(tuple(keys), limits, line=None)
    if not n_records:
        raise DataProblem("The JSON file holds no records. Expected a list with at least one object.")
    if not keys:
        raise DataProblem('The JSON objects are all empty. Expected objects such as {"column": "value"}.')
    return tuple(keys)


def _chunks(records: Iterator[JsonObject], columns: Mapping[str, str], most: int) -> Iterator[list[list[str | None]]]:
    """Rows in lists of a few megabytes at the most."""
    chunk: list[list[str | None]] = []
    n_chars = 0
    for record in records:
        cells = cells_of(record, columns)
        chunk.append(cells)
        n_chars += sum(len(cell) for cell in cells if cell is not None)
        if len(chunk) >= most or n_chars > _BYTES_PER_CHUNK:
            yield chunk
            chunk, n_chars = [], 0
    if chunk:
        yield chunk
