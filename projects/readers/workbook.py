"""Opens a workbook safely and gives the rows of its first sheet as text, as a person sees them."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TypeVar
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.cell.text import Text
from openpyxl.utils.escape import unescape
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.xml.constants import SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from projects.readers.facts import ReadLimits
from projects.readers.source import chunks
from studio.engine.errors import DataProblem

_MAX_ROWS = 1_048_576  # of a sheet, by Excel's specification
_SAVE_AGAIN = "Open it in a spreadsheet program, save it again and upload that."
_MAX_EXACT_INTEGER = 2**53  # above it a float no longer holds every integer
_SHARED_TEXTS = "xl/sharedStrings.xml"
_ZEROS = re.compile(r"0{2,}")  # a number format such as 00000 shows 501 as 00501
_FORMULA_WITHOUT_RESULT = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f(?:\s[^<>]*)?/>)\s*(?:</(?:\w+:)?c>|<(?:\w+:)?v\s*/>|<(?:\w+:)?v></)"
)
_OVERLAP_BYTES = 256
# What openpyxl raises for workbooks that do not keep to the format.
_FORMAT_ERRORS = (
    zipfile.BadZipFile, zlib.error, ParseError, InvalidFileException, NotImplementedError, KeyError, ValueError,
    TypeError, AttributeError, IndexError, EOFError,
)  # fmt: skip
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row of a sheet; `number` is 1-based, as a spreadsheet program shows it. A blank cell is an empty text."""

    number: int
    cells: list[str]


class Workbook:
    """The first visible sheet of an opened workbook."""

    def __init__(self, book: openpyxl.Workbook) -> None:
        sheets = book.worksheets
        if not sheets:
            raise DataProblem("The workbook has no sheet with cells. Upload a workbook whose first sheet is a table.")
        self._sheet = next((sheet for sheet in sheets if sheet.sheet_state == "visible"), sheets[0])
        self.notes = _sheet_notes([sheet.title for sheet in sheets], self._sheet.title)

    @classmethod
    @contextmanager
    def opened(cls, path: Path, limits: ReadLimits) -> Iterator[Workbook]:
        """Open the workbook, having refused bombs; raises DataProblem for a damaged one."""
        _from_openpyxl(lambda: _refuse_bomb(path, limits))
        with path.open("rb") as file:  # a path would have to end in .xlsx
            book = _from_openpyxl(lambda: openpyxl.load_workbook(file, read_only=True, data_only=True))
            workbook = cls(book)
            _from_openpyxl(workbook._read_shared_texts)
            _from_openpyxl(workbook._refuse_formulas_without_result)
            yield workbook

    def rows(self) -> Iterator[SheetRow]:
        """All rows from the first, blank ones included."""
        self._sheet.reset_dimensions()  # some programs write a wrong size, which would cut rows off
        rows = _from_openpyxl(lambda: iter(self._sheet.iter_rows()))
        number = 0
        while (cells := _from_openpyxl(lambda: next(rows, None))) is not None:
            number += 1
            if number > _MAX_ROWS:
                raise DataProblem(f"The workbook is damaged: it has a row beyond {_MAX_ROWS:,}. {_SAVE_AGAIN}")
            yield SheetRow(number, [_cell_text(cell) for cell in cells])

    def _read_shared_texts(self) -> None:
        """Read the texts that cells refer to as they stand in the file; openpyxl drops a part of their escapes."""
        archive = self._sheet.parent._archive
        if _SHARED_TEXTS not in archive.namelist():
            return
        texts = []
        with archive.open(_SHARED_TEXTS) as stream:
            for _, element in iterparse(stream):
                if element.tag == f"{{{SHEET_MAIN_NS}}}si":
                    texts.append(Text.from_tree(element).content)
                    element.clear()
        self._sheet._shared_strings = texts

    def _refuse_formulas_without_result(self) -> None:
        """A formula that was never computed has no value to show; reading it as missing would lose it silently."""
        with self._sheet._get_source() as stream:
            tail = b""
            for chunk in chunks(stream):
                if _FORMULA_WITHOUT_RESULT.search(tail + chunk):
                    raise DataProblem(
                        f"The sheet '{self._sheet.title}' has formulas whose results were never stored. "
                        "Open the workbook in a spreadsheet program, save it and upload it again."
                    )
                tail = chunk[-_OVERLAP_BYTES:]


def _from_openpyxl(call: Callable[[], _T]) -> _T:
    try:
        return call()
    except _FORMAT_ERRORS as error:
        raise DataProblem(
            f"The workbook is damaged and cannot be read ({type(error).__name__}). {_SAVE_AGAIN}"
        ) from error


def _refuse_bomb(path: Path, limits: ReadLimits) -> None:
    with zipfile.ZipFile(path) as archive:
        sizes = {member.filename: member.file_size for member in archive.infolist()}
    n_bytes = sum(sizes.values())
    most = max(limits.max_ratio * path.stat().st_size, limits.ratio_floor_bytes)
    if n_bytes > min(most, limits.max_unpacked_bytes):
        raise DataProblem(
            f"The workbook unpacks to {n_bytes / 1024**2:,.0f} MB, more than is allowed for a file of its size. "
            "Save the sheet as CSV and upload that."
        )
    if sum(size for name, size in sizes.items() if _is_read_at_once(name)) > limits.max_shared_bytes:
        raise DataProblem(
            f"The workbook holds more than {limits.max_shared_bytes / 1024**2:,.0f} MB of text. "
            "Save the sheet as CSV and upload that."
        )


def _is_read_at_once(name: str) -> bool:
    """Whether a part, such as the table of shared texts, is read into memory; sheets are read row by row."""
    return name.endswith(".xml") and not name.startswith("xl/worksheets/")


def _sheet_notes(titles: list[str], title: str) -> tuple[str, ...]:
    if len(titles) == 1:
        return ()
    names = ", ".join(titles[:5]) + (", …" if len(titles) > 5 else "")
    return (f"The workbook has {len(titles)} sheets ({names}); only '{title}' was read.",)


def _cell_text(cell: openpyxl.cell.read_only.ReadOnlyCell) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return str(unescape(value))
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return _number_text(value, cell)
    return _moment_text(value, cell)


def _number_text(value: float, cell: openpyxl.cell.read_only.ReadOnlyCell) -> str:
    if isinstance(value, float):
        if not (value.is_integer() and abs(value) <= _MAX_EXACT_INTEGER):
            return repr(value)
        value = int(value)
    zeros = _ZEROS.fullmatch(cell.number_format)
    return str(value).zfill(len(zeros.group())) if zeros else str(value)


def _moment_text(value: datetime | date | time | timedelta, cell: openpyxl.cell.read_only.ReadOnlyCell) -> str:
    if isinstance(value, datetime):
        shows_time = "h" in cell.number_format.lower() or value.time() != time()
        return value.isoformat(sep=" ") if shows_time else value.date().isoformat()
    return value.isoformat() if isinstance(value, date | time) else str(value)
