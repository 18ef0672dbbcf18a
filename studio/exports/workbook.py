"""Writes batches as XLSX, with the XML of the sheet written directly.

Libraries take 2.6 times as long or more: docs/decisions/workbook-export.md.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from studio.cell_text import array_text
from studio.engine.errors import DataProblem
from studio.exports.cells import Batches, is_plain, plain_values
from studio.exports.sink import Sink

MAX_SHEET_ROWS = 1_048_576  # with the header; so specified by Excel, like the two below
MAX_SHEET_COLUMNS = 16_384
MAX_SHEET_CELL_CHARS = 32_767

# What XML cannot hold or would change (a bare CR becomes LF), and the escape itself, are written as
# _xHHHH_.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# The smallest package that spreadsheet programs take for a workbook (ECMA-376, part 1, section 12).
_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override'
        f' PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/><Override'
        f' PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
        f' Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        '<sheets><sheet name="Rows" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
        f' Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}
_SHEET_START = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1"'
    ' topLeftCell="A2" activePane="bottomLeft"'
    ' state="frozen"/></sheetView></sheetViews><sheetData>'
)
_SHEET_END = "</sheetData></worksheet>"


def write_xlsx(path: Path, columns: Sequence[str], batches: Batches) -> None:
    """Write a workbook of one sheet, with texts as texts, never formulas.

    Raises DataProblem if a sheet cannot hold the table; then no file is left.
    """
    try:
        with path.open("wb") as file:
            file.writelines(stream_xlsx(columns, batches))
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def stream_xlsx(columns: Sequence[str], batches: Batches) -> Iterator[bytes]:
    """Yield the bytes of a workbook of one sheet, in the memory of one batch.

    Raises DataProblem if a sheet cannot hold the table, as soon as it comes to what is too much.
    """
    _refuse_columns(len(columns))
    sink = Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for name, content in _PARTS.items():
            archive.writestr(name, _XML + content)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(_SHEET_START.encode())
            for xml in _rows_xml(columns, batches):
                sheet.write(xml.encode())
                yield sink.take()
            sheet.write(_SHEET_END.encode())
    yield sink.take()


def refuse_beyond_sheet(n_columns: int, batches: Batches) -> None:
    """Raise DataProblem if a sheet cannot hold these rows, before they are analysed."""
    _refuse_columns(n_columns)
    n_rows = 1
    for batch in batches:
        _refuse_rows(n_rows + batch.num_rows)
        for column in batch.columns:
            lengths = pc.utf8_length(array_text(column))
            longest = pc.max(lengths).as_py() or 0
            if longest > MAX_SHEET_CELL_CHARS:
                _refuse_length(longest, n_rows + 1 + pc.index(lengths, longest).as_py())
        n_rows += batch.num_rows


def _refuse_columns(n_columns: int) -> None:
    if n_columns > MAX_SHEET_COLUMNS:
        raise DataProblem(
            f"The table has {n_columns:,} columns and a sheet holds {MAX_SHEET_COLUMNS:,}. Export"
            " it as CSV or Parquet."
        )


def _refuse_rows(n_rows: int) -> None:
    if n_rows > MAX_SHEET_ROWS:
        raise DataProblem(
            f"The table has more than {MAX_SHEET_ROWS - 1:,} rows, which is what a sheet holds. "
            "Export it as CSV or Parquet."
        )


def _refuse_length(n_chars: int, row: int) -> None:
    place = "the header" if row == 1 else f"row {row:,} of the sheet"
    raise DataProblem(
        f"A cell in {place} has {n_chars:,} characters and a sheet holds {MAX_SHEET_CELL_CHARS:,}"
        " in one cell. Export the table as CSV or Parquet."
    )


def _rows_xml(columns: Sequence[str], batches: Batches) -> Iterator[str]:
    letters = [_letters(position) for position in range(len(columns))]
    yield _row_xml(1, letters, [_text_xml(name, 1) for name in columns])
    n_rows = 1
    for batch in batches:
        _refuse_rows(n_rows + batch.num_rows)
        cells = [_cells_xml(column, n_rows + 1) for column in batch.columns]
        rows = enumerate(zip(*cells, strict=True), start=n_rows + 1)
        yield "".join(_row_xml(number, letters, row) for number, row in rows)
        n_rows += batch.num_rows


def _letters(position: int) -> str:
    """A, B, …, Z, AA, … for 0, 1, …"""
    rest, last = divmod(position, 26)
    letter = chr(ord("A") + last)
    if rest == 0:
        return letter
    return _letters(rest - 1) + letter


def _row_xml(number: int, letters: Sequence[str], cells: Sequence[str | None]) -> str:
    """Return the XML of a row, given that of its cells without their addresses."""
    filled = (
        f'<c r="{letter}{number}"{cell}'
        for letter, cell in zip(letters, cells, strict=True)
        if cell is not None
    )
    return f'<row r="{number}">{"".join(filled)}</row>'


def _cells_xml(array: pa.Array, first_row: int) -> list[str | None]:
    if is_plain(array.type):
        return [None if value is None else _plain_xml(value) for value in plain_values(array)]
    texts = array_text(array).to_pylist()
    return [
        _text_xml(text, row) if text else None for row, text in enumerate(texts, start=first_row)
    ]


def _plain_xml(value: bool | float) -> str:  # noqa: FBT001 (a value, not a switch)
    if isinstance(value, bool):
        return f' t="b"><v>{int(value)}</v></c>'
    return f"><v>{value!r}</v></c>"


def _text_xml(text: str, row: int) -> str:
    if len(text) > MAX_SHEET_CELL_CHARS:
        _refuse_length(len(text), row)
    writable = _UNWRITABLE.sub(
        lambda match: f"_x{ord(match.group()):04X}_", text.translate(_MARKUP)
    )
    return f' t="inlineStr"><is><t xml:space="preserve">{writable}</t></is></c>'
