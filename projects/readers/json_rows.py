"""Reads JSON rows that are lists of cells: a list of lists, or pandas' split form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from itertools import chain
from pathlib import Path

from projects.readers.facts import ReadLimits, TableRead
from projects.readers.header import Header, checked_header, numbered_header
from projects.readers.json_columns import free_name
from projects.readers.json_outline import JsonForm, Orient
from projects.readers.json_values import cell_of
from projects.readers.json_window import Window
from projects.readers.table_writer import TableWriter
from studio.engine.counted import counted
from studio.engine.errors import DataProblem

_CHARS_PER_CHUNK = 4 * 1024 * 1024

Opened = Callable[[], AbstractContextManager[Window]]
Row = list[object]
_END = object()


def read_rows(
    opened: Opened, out: Path, form: JsonForm, *, has_header: bool, limits: ReadLimits
) -> TableRead:
    """Write the rows to the Parquet file `out`.

    `has_header` says whether the first row of a list of lists holds the column names.
    """
    with ExitStack() as stack:
        rows = _rows(stack.enter_context(opened()), form.key)
        first = next(rows, None)
        if first is None:
            raise DataProblem("The JSON list holds no rows. Expected at least one row.")
        if form.orient is Orient.SPLIT:
            header = _split_header(opened, limits)
            rows = chain([first], rows)
            if _has_row_names(opened):
                names = _row_names(stack.enter_context(opened()))
                rows = _with_names(_even(rows, len(header.columns)), names)
                header = Header((free_name(header.columns), *header.columns), header.notes)
        elif has_header:
            header = checked_header(_texts(first), limits, line=None)
        else:
            header = numbered_header(len(first), limits)
            rows = chain([first], rows)
        with TableWriter(out, header.columns, limits) as writer:
            even = _even(rows, len(header.columns))
            for chunk in _chunks(even, header.columns, writer.rows_per_append):
                writer.append_rows(chunk)
    if not writer.n_rows:
        raise DataProblem(
            "The JSON list has a row of names but no rows below it. Expected at least one row."
        )
    return TableRead(writer.n_rows, header.columns, header.notes)


def _rows(window: Window, key: str | None) -> Iterator[Row]:
    if key is not None:
        window.enter(key)
    for number in window.elements():
        row = window.value(number)
        if not isinstance(row, list):
            raise DataProblem(
                f"Row {number:,} of the JSON list is not a list of cells. Expected one list for"
                " each row."
            )
        yield row
    if key is None:
        window.refuse_more()


def _split_header(opened: Opened, limits: ReadLimits) -> Header:
    with opened() as window:
        window.enter("columns")
        names = window.value()
    assert isinstance(names, list)
    return checked_header(_texts(names), limits, line=None)


def _texts(cells: Sequence[object]) -> list[str]:
    return [cell_of(cell, "of names") or "" for cell in cells]


def _has_row_names(opened: Opened) -> bool:
    """Whether a split document names its rows by more than their positions."""
    with opened() as window:
        for key in window.members():
            if key == "index":
                return any(
                    _texts([name]) != [str(place)] for place, name in enumerate(_elements(window))
                )
            window.skip()
    return False


def _row_names(window: Window) -> Iterator[object]:
    window.enter("index")
    return _elements(window)


def _elements(window: Window) -> Iterator[object]:
    for _ in window.elements():
        yield window.value()


def _with_names(rows: Iterator[Row], names: Iterator[object]) -> Iterator[Row]:
    for row in rows:
        name = next(names, _END)
        if name is _END:
            raise DataProblem(
                "The JSON document names fewer rows than it has. Expected a name in 'index' for"
                " each."
            )
        yield [name, *row]
    if next(names, _END) is not _END:
        raise DataProblem(
            "The JSON document names more rows than it has. Expected a row in 'data' for each name."
        )


def _even(rows: Iterator[Row], n_columns: int) -> Iterator[Row]:
    for number, row in enumerate(rows, start=1):
        if len(row) != n_columns:
            raise DataProblem(
                f"Row {number:,} of the JSON list has {counted(len(row), 'cell')};"
                f" {counted(n_columns, 'was', 'were')} expected. Correct that row."
            )
        yield row


def _chunks(
    rows: Iterator[Row], columns: Sequence[str], most: int
) -> Iterator[list[list[str | None]]]:
    """Yield the rows as cells, in lists of a few megabytes at most."""
    chunk: list[list[str | None]] = []
    n_chars = 0
    for row in rows:
        cells = [cell_of(value, column) for value, column in zip(row, columns, strict=True)]
        chunk.append(cells)
        n_chars += sum(len(cell) for cell in cells if cell is not None)
        if len(chunk) >= most or n_chars > _CHARS_PER_CHUNK:
            yield chunk
            chunk = []
            n_chars = 0
    if chunk:
        yield chunk
