"""Reads a sheet of a workbook, with cells as a person sees them in a spreadsheet program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import chain
from pathlib import Path

from openpyxl.utils import get_column_letter

from projects.readers.calamine_book import CalamineBook
from projects.readers.facts import FileFormat, ReadLimits, ReadOptions, TableRead
from projects.readers.header import checked_header, numbered_header
from projects.readers.merged_cells import MergedCells, is_title
from projects.readers.ods_book import OdsBook
from projects.readers.sheet_choice import chosen_sheet
from projects.readers.sheets import Book, Merge, SheetRow
from projects.readers.table_writer import TableWriter
from projects.readers.xlsx_book import XlsxBook
from studio.engine import stages
from studio.engine.counted import counted
from studio.engine.errors import DataProblem
from studio.engine.progress import Progress


def read_workbook(
    path: Path,
    file_format: FileFormat,
    out: Path,
    *,
    asked: ReadOptions,
    progress: Progress,
    limits: ReadLimits,
) -> TableRead:
    """Write the rows of one sheet to the Parquet file `out`."""
    with _opened(path, file_format, limits) as book:
        choice = chosen_sheet(book, asked.sheet)
        merges = book.merges(choice.title)
        rows = book.rows(choice.title)
        names, title_notes = _header_row(rows, merges)
        if names is None:
            raise DataProblem(
                f"The sheet '{choice.title}' of the workbook is empty. "
                "Expected a row of column names and rows below it."
            )
        has_header = asked.has_header is not False
        cells = _without_trailing_blanks(names.cells)
        if has_header:
            header = checked_header(cells, limits, line=names.number)
            first_row = names.number
        else:
            header = numbered_header(len(cells), limits)
            rows = chain([names], rows)
            first_row = names.number - 1
        merged = MergedCells(merges, header_row=first_row, n_columns=len(header.columns))
        rows_below = _RowsBelowHeader(len(header.columns))
        with TableWriter(out, header.columns, limits) as writer:
            for chunk in rows_below.chunks(merged.filled(rows), writer.rows_per_append):
                writer.append_rows(chunk)
                progress(stages.READING_FILE, writer.n_rows)
    if not writer.n_rows:
        raise DataProblem(
            f"The sheet '{choice.title}' has a header but no rows below it. Use a workbook with at"
            " least one row."
        )
    return TableRead(
        writer.n_rows,
        header.columns,
        notes=(*choice.notes, *title_notes, *header.notes, *merged.notes, *rows_below.notes),
        used=ReadOptions(sheet=choice.title, has_header=has_header),
        doubts={"sheet": choice.notes[0]} if choice.is_doubtful else {},
        sheets=choice.titles,
    )


def _opened(
    path: Path, file_format: FileFormat, limits: ReadLimits
) -> AbstractContextManager[Book]:
    if file_format is FileFormat.XLSX:
        return XlsxBook.opened(path, limits)
    if file_format is FileFormat.ODS:
        return OdsBook.opened(path, limits)
    return CalamineBook.opened(path, file_format, limits)


def _header_row(
    rows: Iterator[SheetRow], merges: Sequence[Merge]
) -> tuple[SheetRow | None, list[str]]:
    """Return the first row that is neither blank nor a title, with notes on titles before it."""
    notes: list[str] = []
    for row in rows:
        if not any(row.cells):
            continue
        if not is_title(row, merges):
            return row, notes
        notes.append(
            f"Row {row.number:,} of the sheet was passed over as a title, because its only cell is"
            " merged."
        )
    return None, notes


class _RowsBelowHeader:
    """Pads every row to the width of the header, and removes and counts blank rows."""

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
                f"Row {row.number:,} of the sheet has a value in column"
                f" {get_column_letter(len(cells))}, but the header ends at column"
                f" {get_column_letter(self._n_columns)}. Give that column a name, or remove the"
                " value."
            )
        return [*cells, *[""] * (self._n_columns - len(cells))]

    @property
    def notes(self) -> tuple[str, ...]:
        if not self._n_blank:
            return ()
        count = counted(self._n_blank, "blank row")
        return (f"Not counted as rows: {count} between the rows of the sheet.",)


def _without_trailing_blanks(cells: Sequence[str]) -> Sequence[str]:
    n_cells = len(cells)
    while n_cells and not cells[n_cells - 1]:
        n_cells -= 1
    return cells[:n_cells]
