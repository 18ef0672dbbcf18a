"""Reads XLS and XLSB workbooks with calamine, which holds a sheet in memory as a full rectangle."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from projects.readers.facts import FileFormat, ReadLimits
from projects.readers.sheets import (
    SAVE_AGAIN,
    Merge,
    Sheet,
    SheetRow,
    damage_explained,
    moment_text,
    number_text,
)
from projects.readers.xlsb_extent import refuse_large_xlsb, xlsb_merges
from studio.engine.errors import DataProblem

_PANIC = "PanicException"  # raised for a panic in Rust; it is not an Exception
Value = int | float | str | bool | time | date | datetime | timedelta


class CalamineBook:
    """An opened XLS or XLSB workbook."""

    def __init__(self, path: Path, file_format: FileFormat, book: CalamineWorkbook) -> None:
        self._path = path
        self._format = file_format
        self._book = book
        self._opened: tuple[str, CalamineSheet] | None = None
        self.sheets = [
            Sheet(sheet.name, sheet.visible is SheetVisibleEnum.Visible)
            for sheet in book.sheets_metadata
            if sheet.typ is SheetTypeEnum.WorkSheet
        ]

    @classmethod
    @contextmanager
    def opened(
        cls, path: Path, file_format: FileFormat, limits: ReadLimits
    ) -> Iterator[CalamineBook]:
        """Open the workbook if it fits into memory; raises DataProblem for a damaged one."""
        _refuse_large(path, file_format, limits)
        try:
            with (
                damage_explained(),  # such as an OSError where a part ends too soon
                path.open("rb") as file,
                CalamineWorkbook.from_filelike(file) as book,
            ):
                yield cls(path, file_format, book)
        except PasswordError as error:
            raise DataProblem(
                "The workbook is protected by a password. Save it without one."
            ) from error
        except CalamineError as error:
            raise _damaged() from error
        except BaseException as error:
            if type(error).__name__ != _PANIC:
                raise
            raise _damaged() from error

    def rows(self, title: str) -> Iterator[SheetRow]:
        """Yield all rows from the first, including blank ones."""
        sheet = self._sheet(title)
        n_columns_before = sheet.start[1] if sheet.start else 0
        before = [""] * n_columns_before
        for number, values in enumerate(sheet.iter_rows(), start=1):
            yield SheetRow(number, [*before, *map(_cell_text, values)])

    def merges(self, title: str) -> list[Merge]:
        """Return the merged cells of a sheet."""
        if self._format is FileFormat.XLSB:
            return xlsb_merges(
                self._path, [sheet.name for sheet in self._book.sheets_metadata].index(title)
            )
        ranges = self._sheet(title).merged_cell_ranges or []
        return [
            Merge(first_row + 1, first_column, last_row + 1, last_column)
            for (first_row, first_column), (last_row, last_column) in ranges
        ]

    def _sheet(self, title: str) -> CalamineSheet:
        if self._opened is None or self._opened[0] != title:
            self._opened = (title, self._book.get_sheet_by_name(title))
        return self._opened[1]


def _damaged() -> DataProblem:
    return DataProblem(
        f"The file is not a workbook that can be read, or it is damaged. {SAVE_AGAIN}"
    )


def _refuse_large(path: Path, file_format: FileFormat, limits: ReadLimits) -> None:
    if file_format is FileFormat.XLSB:
        refuse_large_xlsb(path, limits)
    elif path.stat().st_size > limits.max_shared_bytes:
        raise DataProblem(
            f"The workbook has more than {limits.max_shared_bytes / 1024**2:,.0f} MB, which is too"
            " much for this format. Save the sheet as CSV and use that."
        )


def _cell_text(value: Value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return number_text(value)
    return moment_text(value)
