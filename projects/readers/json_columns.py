"""Reads JSON that is stored column by column.

Each column goes to a scratch file in batches, which are then put side by side, so that a document
of any size is read in the memory of one batch of rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pyarrow as pa

from projects.readers.facts import ReadLimits, TableRead
from projects.readers.header import checked_header
from projects.readers.json_values import cell_of
from projects.readers.json_window import Window
from projects.readers.table_writer import TableWriter, text_array
from studio.engine.counted import counted
from studio.engine.errors import DataProblem

ROW_NAMES = "index"  # pandas' word for the names of rows
_ROWS_PER_BATCH = 1000
_SCHEMA = pa.schema([pa.field("cell", pa.string())])

Opened = Callable[[], AbstractContextManager[Window]]


def free_name(columns: Sequence[str]) -> str:
    """Return a name for the column of row names that no other column has."""
    name = ROW_NAMES
    number = 0
    while name in columns:
        number += 1
        name = f"{ROW_NAMES}_{number}"
    return name


def read_columns(opened: Opened, out: Path, *, are_named: bool, limits: ReadLimits) -> TableRead:
    """Write a table from an object of columns.

    Each column is an object of cells by row name if `are_named`, else a list of cells.
    """
    with opened() as window, _Scratch.written(out.with_name("columns.arrow")) as scratch:
        names: list[str] = []
        first: _Rows | None = None
        for name in window.members():
            names.append(name)
            rows = _Rows(window, are_named=are_named)
            scratch.add(cell_of(value, name) for value in rows)
            first = first or rows
            _refuse_other_rows(first, names[0], rows, name)
            if len(names) > limits.max_columns:
                checked_header(names, limits, line=None)
        if first is None or not first.n_rows:
            raise DataProblem("The JSON columns hold no rows. Expected at least one row.")
        if not first.are_positions:
            with opened() as again:
                next(again.members())
                scratch.add(_row_names(again))
            names.append(free_name(names))
    order = list(range(len(names)))
    if not first.are_positions:
        order = [order[-1], *order[:-1]]
    header = checked_header([names[place] for place in order], limits, line=None)
    with TableWriter(out, header.columns, limits) as writer:
        for batch in scratch.side_by_side(order):
            writer.append_columns(batch)
    return TableRead(writer.n_rows, header.columns, header.notes)


def _row_names(window: Window) -> Iterator[str]:
    for name in window.members():
        window.skip()
        yield name


class _Rows:
    """Iterates over the values of one column.

    Afterwards, `n_rows` counts them, and `are_positions` says whether the names only count rows.
    """

    def __init__(self, window: Window, *, are_named: bool) -> None:
        self._window = window
        self._are_named = are_named
        self._digest = hashlib.sha256()
        self.n_rows = 0
        self.are_positions = True

    def __iter__(self) -> Iterator[object]:
        if not self._are_named:
            for _ in self._window.elements():
                self.n_rows += 1
                yield self._window.value()
            return
        for name in self._window.members():
            if name != str(self.n_rows):
                self.are_positions = False
            self._digest.update(name.encode("utf-8", "surrogatepass") + b"\0")
            self.n_rows += 1
            yield self._window.value()

    @property
    def digest(self) -> bytes:
        """Equal for the same names in the same order."""
        return self._digest.digest()


def _refuse_other_rows(first: _Rows, first_name: str, rows: _Rows, name: str) -> None:
    if rows.n_rows != first.n_rows:
        raise DataProblem(
            f"The JSON columns are not equally long: '{first_name}' has"
            f" {counted(first.n_rows, 'row')} and '{name}' has {rows.n_rows:,}. Expected every"
            " column to have the same rows."
        )
    if rows.digest != first.digest:
        raise DataProblem(
            f"The JSON columns '{first_name}' and '{name}' do not name the same rows in the same"
            " order, so it is not clear which cells belong together. Write the table as a list of"
            " objects."
        )


class _Scratch:
    """A file of equally long columns, one after the other, in batches of equally many rows."""

    def __init__(self, path: Path, file: pa.ipc.RecordBatchFileWriter) -> None:
        self._path = path
        self._file = file
        self._n_batches = 0

    @classmethod
    @contextmanager
    def written(cls, path: Path) -> Iterator[_Scratch]:
        """Yield the file to add columns to."""
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, _SCHEMA) as file:
            yield cls(path, file)

    def add(self, cells: Iterator[str | None]) -> None:
        """Append one column."""
        self._n_batches = 0
        batch: list[str | None] = []
        for cell in cells:
            batch.append(cell)
            if len(batch) == _ROWS_PER_BATCH:
                self._write(batch)
                batch = []
        if batch:
            self._write(batch)

    def _write(self, batch: list[str | None]) -> None:
        self._file.write_batch(pa.record_batch([text_array(batch)], schema=_SCHEMA))
        self._n_batches += 1

    def side_by_side(self, order: Sequence[int]) -> Iterator[list[pa.Array]]:
        """Yield the rows in batches, with an array for each column in the given order."""
        with pa.memory_map(str(self._path)) as source:
            file = pa.ipc.open_file(source)
            for number in range(self._n_batches):
                yield [
                    file.get_batch(place * self._n_batches + number).column(0) for place in order
                ]
        self._path.unlink()
