"""Opens an XLSX workbook safely and gives the rows of its sheets as text, as a person sees them.

docs/decisions/workbooks.md says why by openpyxl, although calamine is faster. Only its parsers are
used: its read-only workbook reads each sheet once more to find its size, and pads each row to the
last column.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any

from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils import range_boundaries
from openpyxl.utils.escape import unescape
from openpyxl.worksheet._reader import WorkSheetParser
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
    damage_explained,
    moment_text,
    number_text,
)
from projects.readers.source import refuse_bomb
from projects.readers.xml_parts import LargePieces
from studio.engine.errors import DataProblem

Value = str | float | bool | datetime | date | time | timedelta | None
_SHARED_TEXTS = "xl/sharedStrings.xml"
_ZEROS = re.compile(r"0{2,}")  # a number format such as 00000 shows 501 as 00501
_FORMULA_WITHOUT_RESULT = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f(?:\s[^<>]*)?/>)\s*(?:</(?:\w+:)?c>|<(?:\w+:)?v\s*/>|<(?:\w+:)?v></)"
)
_MERGE = re.compile(
    rb"""<(?:\w+:)?mergeCell\s[^<>]*ref\s*=\s*["']([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})["']"""
)
_OVERLAP_BYTES = 256


class XlsxBook:
    """An opened XLSX workbook."""

    def __init__(self, file: IO[bytes]) -> None:
        reader = ExcelReader(file, read_only=True, data_only=True)
        reader.read_manifest()
        reader.read_workbook()
        apply_stylesheet(reader.archive, reader.wb)
        self._archive: zipfile.ZipFile = reader.archive
        self._book = reader.wb
        self._shared_texts = self._read_shared_texts()
        self._formats: dict[int, str] = {}
        self._parts: dict[str, str] = {}
        self.sheets: list[Sheet] = []
        names = set(self._archive.namelist())
        for sheet, relation in reader.parser.find_sheets():
            if relation.target in names and "chartsheet" not in relation.Type:
                self.sheets.append(Sheet(sheet.name, sheet.state == "visible"))
                self._parts.setdefault(sheet.name, relation.target)

    @classmethod
    @contextmanager
    def opened(cls, path: Path, limits: ReadLimits) -> Iterator[XlsxBook]:
        """Open the workbook. Raises DataProblem for a damaged one and for a bomb."""
        with damage_explained():
            _refuse_bomb(path, limits)
        with path.open("rb") as file:  # a path would have to end in .xlsx
            with damage_explained():
                book = cls(file)
            yield book

    def rows(self, title: str) -> Iterator[SheetRow]:
        """Yield all rows from the first, including blank ones."""
        part = self._parts[title]
        number = 0
        with damage_explained():
            stream = self._archive.open(part)
        with stream:
            parser = WorkSheetParser(
                LargePieces(stream, self._archive.getinfo(part).file_size),
                self._shared_texts,
                data_only=True,
                epoch=self._book.epoch,
                date_formats=self._book._date_formats,
                timedelta_formats=self._book._timedelta_formats,
            )
            parsed = parser.parse()
            while True:
                with damage_explained():
                    found = next(parsed, None)
                    if found is None:
                        return
                    row_number, cells = found
                    texts = self._texts(cells)
                parser.row_dimensions.clear()  # the parser keeps the heights and styles of all rows
                _refuse_odd_place(number, row_number)
                for blank in range(number + 1, row_number):
                    yield SheetRow(blank, [])
                number = row_number
                yield SheetRow(number, texts)

    def _texts(self, cells: list[dict[str, Any]]) -> list[str]:
        """Return the texts of a row's cells up to the last filled one."""
        filled = [cell for cell in cells if cell["value"] is not None]
        if not filled:
            return []
        texts = [""] * max(cell["column"] for cell in filled)
        for cell in filled:
            texts[cell["column"] - 1] = self._cell_text(cell["value"], cell["style_id"])
        return texts

    def _cell_text(self, value: Value, style: int) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            return str(unescape(value))
        if isinstance(value, bool):
            return str(value)
        if isinstance(value, int | float):
            return _padded(number_text(value), self._number_format(style))
        return moment_text(value, shows_time="h" in self._number_format(style).lower())

    def _number_format(self, style: int) -> str:
        """Return the number format of a style, such as 00000."""
        if style not in self._formats:
            number = self._book._cell_styles[style].numFmtId
            if number < BUILTIN_FORMATS_MAX_SIZE:
                self._formats[style] = BUILTIN_FORMATS.get(number, "General")
            else:
                self._formats[style] = self._book._number_formats[number - BUILTIN_FORMATS_MAX_SIZE]
        return self._formats[style]

    def merges(self, title: str) -> list[Merge]:
        """Return the merged cells, in one pass over the bytes of the sheet.

        Raises DataProblem for a formula that was never computed: reading it as missing would lose
        it silently.
        """
        with damage_explained():
            return self._merges(title)

    def _merges(self, title: str) -> list[Merge]:
        found: dict[bytes, None] = {}
        with self._archive.open(self._parts[title]) as stream:
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

    def _read_shared_texts(self) -> list[str]:
        """Read the shared texts unchanged; openpyxl would drop some of their escapes."""
        if _SHARED_TEXTS not in self._archive.namelist():
            return []
        texts = []
        n_bytes = self._archive.getinfo(_SHARED_TEXTS).file_size
        with self._archive.open(_SHARED_TEXTS) as stream:
            for _, element in iterparse(LargePieces(stream, n_bytes)):
                if element.tag == f"{{{SHEET_MAIN_NS}}}si":
                    texts.append(Text.from_tree(element).content)
                    element.clear()
        return texts


def _refuse_odd_place(before: int, number: int) -> None:
    if number > MAX_ROWS:
        raise DataProblem(
            f"The workbook is damaged: it has a row beyond {MAX_ROWS:,}. {SAVE_AGAIN}"
        )
    if number <= before:
        raise DataProblem(
            f"The workbook is damaged: row {number:,} comes after row {before:,}. {SAVE_AGAIN}"
        )


def _merge(reference: str) -> Merge:
    first_column, first_row, last_column, last_row = range_boundaries(reference)
    return Merge(first_row, first_column - 1, last_row, last_column - 1)


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
    """Whether a part is read into memory as a whole; only sheets are read row by row."""
    return name.endswith(".xml") and not name.startswith("xl/worksheets/")


def _padded(text: str, number_format: str) -> str:
    zeros = _ZEROS.fullmatch(number_format)
    if zeros and text.isdigit():
        return text.zfill(len(zeros.group()))
    return text
