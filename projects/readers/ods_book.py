"""Reads the sheets of an OpenDocument spreadsheet (ODS) as rows of text, in bounded memory."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import iterparse

from projects.readers.facts import ReadLimits
from projects.readers.sheets import (
    MAX_MERGES,
    MAX_ROWS,
    SAVE_AGAIN,
    Merge,
    Sheet,
    SheetRow,
    damage_explained,
    number_text,
)
from projects.readers.source import refuse_bomb
from projects.readers.xml_parts import LargePieces
from studio.engine.errors import DataProblem

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_NUMBERS = ("float", "percentage", "currency")
_MAX_COLUMNS = 16_384
_SPACES = re.compile(r"[ \t\r\n]+")
_TIME = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")


class OdsBook:
    """An opened ODS workbook; every pass over a sheet reads the file again."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.sheets: list[Sheet] = []
        self._merges: dict[str, list[Merge]] = {}
        self._find_sheets()

    @classmethod
    @contextmanager
    def opened(cls, path: Path, limits: ReadLimits) -> Iterator[OdsBook]:
        """Open the workbook. Raises DataProblem for a damaged one and for a bomb."""
        with damage_explained(), zipfile.ZipFile(path) as archive:
            refuse_bomb(archive, path, limits)
            yield cls(archive)

    def merges(self, title: str) -> list[Merge]:
        """Return the merged cells of a sheet."""
        return self._merges[title]

    def rows(self, title: str) -> Iterator[SheetRow]:
        """Yield all rows from the first to the last filled one, including blank ones between."""
        number = 0
        n_blank = 0
        for row in self._row_elements(title):
            n_times = _count(row, "number-rows-repeated")
            cells = _row_cells(row)
            if not any(cells):
                n_blank += n_times
                continue
            if number + n_blank + n_times > MAX_ROWS:
                raise DataProblem(
                    f"The workbook is damaged: it has a row beyond {MAX_ROWS:,}. {SAVE_AGAIN}"
                )
            for _ in range(n_blank):
                number += 1
                yield SheetRow(number, [])
            n_blank = 0
            for _ in range(n_times):
                number += 1
                yield SheetRow(number, list(cells))

    def _find_sheets(self) -> None:
        """Find the sheets and their merged cells in one pass."""
        hidden: set[str] = set()
        title = ""
        number = 0
        for event, element in self._elements():
            if event == "start":
                if element.tag == f"{_TABLE}table":
                    title = element.get(f"{_TABLE}name", "")
                    self.sheets.append(
                        Sheet(title, element.get(f"{_TABLE}style-name", "") not in hidden)
                    )
                    self._merges[title] = []
                    number = 0
                continue
            if element.tag == f"{_STYLE}style" and _is_hidden(element):
                hidden.add(element.get(f"{_STYLE}name", ""))
            elif element.tag == f"{_TABLE}table-row":
                self._note_merges(title, element, number + 1)
                number += _count(element, "number-rows-repeated")
                element.clear()

    def _note_merges(self, title: str, row: Element, number: int) -> None:
        place = 0
        for cell in row:
            if cell.tag not in _CELLS:
                continue
            n_rows = _count(cell, "number-rows-spanned")
            n_columns = _count(cell, "number-columns-spanned")
            if n_rows > 1 or n_columns > 1:
                merge = Merge(number, place, number + n_rows - 1, place + n_columns - 1)
                self._merges[title].append(merge)
                if len(self._merges[title]) > MAX_MERGES:
                    raise DataProblem(
                        f"The sheet '{title}' has more than {MAX_MERGES:,} merged ranges."
                    )
            place += _count(cell, "number-columns-repeated")

    def _row_elements(self, title: str) -> Iterator[Element]:
        is_there = False
        for event, element in self._elements():
            if element.tag == f"{_TABLE}table":
                if event == "end" and is_there:
                    return
                is_there = event == "start" and element.get(f"{_TABLE}name", "") == title
            elif event == "end" and element.tag == f"{_TABLE}table-row":
                if is_there:
                    yield element
                element.clear()

    def _elements(self) -> Iterator[tuple[str, Element]]:
        n_bytes = self._archive.getinfo("content.xml").file_size
        with self._archive.open("content.xml") as stream:
            parents: list[Element] = []
            pieces = LargePieces(stream, n_bytes)
            for event, element in iterparse(pieces, events=("start", "end")):
                if event == "start":
                    parents.append(element)
                else:
                    parents.pop()
                yield event, element
                if event == "end" and element.tag == f"{_TABLE}table-row" and parents:
                    parents[-1].remove(element)  # otherwise the rows already read would fill memory


def _is_hidden(style: Element) -> bool:
    properties = style.find(f"{_STYLE}table-properties")
    return properties is not None and properties.get(f"{_TABLE}display") == "false"


def _count(element: Element, name: str) -> int:
    return max(1, int(element.get(f"{_TABLE}{name}", "1")))


def _row_cells(row: Element) -> list[str]:
    """Return the cells up to the last filled one."""
    cells: list[str] = []
    n_blank = 0
    for cell in row:
        if cell.tag not in _CELLS:
            continue
        n_times = _count(cell, "number-columns-repeated")
        text = _cell_text(cell)
        if not text:
            n_blank += n_times
            continue
        if len(cells) + n_blank + n_times > _MAX_COLUMNS:
            raise DataProblem(
                f"The workbook is damaged: it has a cell beyond column {_MAX_COLUMNS:,}."
                f" {SAVE_AGAIN}"
            )
        cells += [""] * n_blank + [text] * n_times
        n_blank = 0
    return cells


def _cell_text(cell: Element) -> str:
    kind = cell.get(f"{_OFFICE}value-type")
    shown = "\n".join(_paragraph(child) for child in cell if child.tag == f"{_TEXT}p")
    if kind in _NUMBERS:
        return _number_text(cell.get(f"{_OFFICE}value", ""), shown)
    if kind == "date":
        return cell.get(f"{_OFFICE}date-value", "").replace("T", " ").removesuffix(" 00:00:00")
    if kind == "time":
        return _time_text(cell.get(f"{_OFFICE}time-value", ""))
    if kind == "boolean":
        return str(cell.get(f"{_OFFICE}boolean-value") == "true")
    return shown or cell.get(f"{_OFFICE}string-value", "")


def _number_text(value: str, shown: str) -> str:
    """Return the number, or the shown text if that is the same number with leading zeros."""
    if (
        shown.isdigit()
        and shown.startswith("0")
        and value.removesuffix(".0") == (shown.lstrip("0") or "0")
    ):
        return shown
    return number_text(float(value)) if "e" in value.lower() or value.endswith(".0") else value


def _time_text(value: str) -> str:
    found = _TIME.fullmatch(value)
    if found is None:
        return value
    hours, minutes, seconds = (int(part) for part in found.groups())
    if hours < 24:
        return f"{hours:02}:{minutes:02}:{seconds:02}"
    days, hours = divmod(hours, 24)
    return f"{days} day{'s' if days > 1 else ''}, {hours}:{minutes:02}:{seconds:02}"


def _paragraph(element: Element) -> str:
    """Return the text of a paragraph: runs of spaces count as one, and `text:s` adds spaces."""
    parts = [_SPACES.sub(" ", element.text or "")]
    for child in element:
        if child.tag == f"{_TEXT}s":
            parts.append(" " * min(int(child.get(f"{_TEXT}c", "1")), 10_000))
        elif child.tag == f"{_TEXT}tab":
            parts.append("\t")
        elif child.tag == f"{_TEXT}line-break":
            parts.append("\n")
        elif child.tag != f"{_OFFICE}annotation":
            parts.append(_paragraph(child))
        parts.append(_SPACES.sub(" ", child.tail or ""))
    return "".join(parts)
