"""Reads the first sheet of an XLSX workbook, with cells as a person sees them in a spreadsheet program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from openpyxl.utils import get_column_letter

from projects.readers.facts import ReadLimits, TableRead
from projects.readers.header import checked_header
from projects.readers.table_writer import TableWriter
from projects.readers.workbook import SheetRow, Workbook
from studio.engine.errors import DataProblem
from studio.engine.progress import Progress


def read_xlsx(path: Path, out: Path, *, progress: Progress, limits: ReadLimits) -> TableRead:
    """Write the rows of the first visible sheet to the Parquet file `out`."""
    with Workbook.opened(path, limits) as workbook:
        rows = workbook.rows()
        names = next((row for row in rows if any(row.cells)), None)
        if names is None:
            raise DataProblem(
                "The first sheet of the workbook is empty. Expected a row of column names and rows below it."
            )
        header = checked_header(_without_trailing_blanks(names.cells), limits, line=names.number)
        rows_below = _RowsBelowHeader(len(header.columns))
        with TableWriter(out, header.columns, limits) as writer:
            for chunk in rows_below.chunks(rows, writer.rows_per_append):
                writer.append_rows(chunk)
                progress("Reading file", writer.n_rows)
    if not writer.n_rows:
        raise DataProblem("The first sheet has a header but no rows below it. Upload a workbook with at least one row.")
    return TableRead(writer.n_rows, header.columns, (*workbook.notes, *header.notes, *rows_below.notes))


class _RowsBelowHeader:
    """Gives every row the header's number of cells; counts the blank rows that it leaves out."""

    def __init__(self, n_columns: int) -> None:
        self._n_columns = n_columns
        self._n_blank = 0
        self._n_trailing = 0

    def chunks(self, rows: Iterator[SheetRow], most: int) -> Iterator[list[list[str]]]:
        chunk: list[list[str]] = []
        for row in rows:
            if not any(row.cells):
                self._n_trailing += 1
                continue
            self._n_blank += self._n_trailing
            self._n_trailing = 0
            chunk.append(self._even(row))
            if len(chunk) >= most:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    def _even(self, row: SheetRow) -> list[str]:
        cells = _without_trailing_blanks(row.cells)
        if len(cells) > self._n_columns:
            raise DataProblem(
                f"Row {row.number:,} has a value in column {get_column_letter(len(cells))}, but the header ends at "
                f"column {get_column_letter(self._n_columns)}. Give that column a name, or remove the value."
            )
        return [*cells, *[""] * (self._n_columns - len(cells))]

    @property
    def notes(self) -> tuple[str, ...]:
        if not self._n_blank:
            return ()
        count = "1 blank row" if self._n_blank == 1 else f"{self._n_blank:,} blank rows"
        return (f"Not counted as rows: {count} between the rows of the sheet.",)


def _without_trailing_blanks(cells: Sequence[str]) -> Sequence[str]:
    n_cells = len(cells)
    while n_cells and not cells[n_cells - 1]:
        n_cells -= 1
    return cells[:n_cells]
