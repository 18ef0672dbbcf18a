"""Opens an XLSX workbook safely and gives the rows of its sheets as text, as a person sees them.

openpyxl reads it although calamine is faster: docs/decisions/workbooks.md.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.cell.text import Text
from openpyxl.utils import range_boundaries
from openpyxl.utils.escape import unescape
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.xml.constants import SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from projects.readers.facts import ReadLimits
from projects.readers.scan import chunks
from projects.readers.sheets import (
    MAX_MERGES,
    MAX_ROWS,
    SAVE_AGAIN,
    Merge,
    Sheet,
    SheetRow,
    moment_text,
    number_text,
)
from projects.readers.source import refuse_bomb
from studio.engine.errors import DataProblem

_SHARED_TEXTS = "xl/sharedStrings.xml"
_ZEROS = re.compile(r"0{2,}")  # a number format such as 00000 shows 501 as 00501
_FORMULA_WITHOUT_RESULT = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f(?:\s[^<>]*)?/>)\s*(?:</(?:\w+:)?c>|<(?:\w+:)?v\s*/>|<(?:\w+:)?v></)"
)
_MERGE = re.compile(
    rb"""<(?:\w+:)?mergeCell\s[^<>]*ref\s*=\s*["']([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})["']"""
)
_OVERLAP_BYTES = 256
# What openpyxl raises for workbooks that do not keep to the format.
_FORMAT_ERRORS = (
    zipfile.BadZipFile, zlib.error, ParseError, InvalidFileException, NotImplementedError,
    KeyError, ValueError,
    TypeError, AttributeError, IndexError, EOFError,
)  # fmt: skip
_T = TypeVar("_T")


class XlsxBook:
    """An opened XLSX workbook."""

    def __init__(self, book: openpyxl.Workbook) -> None:
        self._book = book
        self._shared_texts: list[str] | None = None
        self.sheets = [
            Sheet(sheet.title, sheet.sheet_state == "visible") for sheet in book.worksheets
        ]

    @classmethod
    @contextmanager
    def opened(cls, path: Path, limits: ReadLimits) -> Iterator[XlsxBook]:
        """Open the workbook, having refused bombs; raises DataProblem for a damaged one."""
        _from_openpyxl(lambda: _refuse_bomb(path, limits))
        with path.open("rb") as file:  # a path would have to end in .xlsx
            book = _from_openpyxl(
                lambda: openpyxl.load_workbook(file, read_only=True, data_only=True)
            )
            workbook = cls(book)
            _from_openpyxl(workbook._read_shared_texts)
            yield workbook

    def rows(self, title: str) -> Iterator[SheetRow]:
        """All rows from the first, blank ones included."""
        sheet = self._book[title]
        if self._shared_texts is not None:
            sheet._shared_strings = self._shared_texts
        sheet.reset_dimensions()  # some programs write a wrong size, which would cut rows off
        rows = _from_openpyxl(lambda: iter(sheet.iter_rows()))
        number = 0
        while (cells := _from_openpyxl(lambda: next(rows, None))) is not None:
            number += 1
            if number > MAX_ROWS:
                raise DataProblem(
                    f"The workbook is damaged: it has a row beyond {MAX_ROWS:,}. {SAVE_AGAIN}"
                )
            yield SheetRow(number, [_cell_text(cell) for cell in cells])

    def merges(self, title: str) -> list[Merge]:
        """The merged cells, from one pass over the bytes of the sheet, which also looks at its
        formulas.

        A formula that was never computed has no value to show; reading it as missing would lose it
        silently.
        """
        return _from_openpyxl(lambda: self._merges(title))

    def _merges(self, title: str) -> list[Merge]:
        found: dict[bytes, None] = {}
        with self._book[title]._get_source() as stream:
            tail = b""
            for chunk in chunks(stream):
                piece = tail + chunk
                if _FORMULA_WITHOUT_RESULT.search(piece):
                    raise DataProblem(
                        f"The sheet '{title}' has formulas whose results were never stored. "
                        "Open the workbook in a spreadsheet program, save it and use that."
                    )
                found.update(dict.fromkeys(_MERGE.findall(piece)))
                if len(found) > MAX_MERGES:
                    raise DataProblem(
                        f"The sheet '{title}' has more than {MAX_MERGES:,} merged ranges. Save it"
                        " as CSV and use that."
                    )
                tail = chunk[-_OVERLAP_BYTES:]
        return [_merge(reference.decode()) for reference in found]

    def _read_shared_texts(self) -> None:
        """Read the texts that cells refer to as they stand in the file; openpyxl drops a part of
        their escapes.
        """
        archive = self._book._archive
        if _SHARED_TEXTS not in archive.namelist():
            return
        texts = []
        with archive.open(_SHARED_TEXTS) as stream:
            for _, element in iterparse(stream):
                if element.tag == f"{{{SHEET_MAIN_NS}}}si":
                    texts.append(Text.from_tree(element).content)
                    element.clear()
        self._shared_texts = texts


def _merge(reference: str) -> Merge:
    first_column, first_row, last_column, last_row = range_boundaries(reference)
    return Merge(first_row, first_column - 1, last_row, last_column - 1)


def _from_openpyxl(call: Callable[[], _T]) -> _T:
    try:
        return call()
    except _FORMAT_ERRORS as error:
        raise DataProblem(
            f"The workbook is damaged and cannot be read ({type(error).__name__}). {SAVE_AGAIN}"
        ) from error


def _refuse_bomb(path: Path, limits: ReadLimits) -> None:
    with zipfile.ZipFile(path) as archive:
        sizes = refuse_bomb(archive, path, limits)
    if (
        sum(size for name, size in sizes.items() if _is_read_at_once(name))
        > limits.max_shared_bytes
    ):
        raise DataProblem(
            f"The workbook holds more than {limits.max_shared_bytes / 1024**2:,.0f} MB of text. "
            "Save the sheet as CSV and use that."
        )


def _is_read_at_once(name: str) -> bool:
    """Whether a part, such as the table of shared texts, is read into memory; sheets are read row
    by row.
    """
    return name.endswith(".xml") and not name.startswith("xl/worksheets/")


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
    return moment_text(value, shows_time="h" in cell.number_format.lower())


def _number_text(value: float, cell: openpyxl.cell.read_only.ReadOnlyCell) -> str:
    text = number_text(value)
    zeros = _ZEROS.fullmatch(cell.number_format)
    if zeros and text.isdigit():
        return text.zfill(len(zeros.group()))
    return text
