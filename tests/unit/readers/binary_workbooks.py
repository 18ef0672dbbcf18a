"""Small workbooks of the kinds that no package here writes: XLSB and ODS."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape

XLSB_CELL = float | str | bool | None


def _record(kind: int, body: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    length = len(body)
    size = b""
    while True:
        size += bytes([length & 0x7F | (0x80 if length > 0x7F else 0)])
        length >>= 7
        if not length:
            return head + size + body


def _wide(text: str) -> bytes:
    units = text.encode("utf-16-le")
    return struct.pack("<I", len(units) // 2) + units


def _xlsb_cell(column: int, value: XLSB_CELL) -> bytes:
    place = struct.pack("<II", column, 0)
    if isinstance(value, bool):
        return _record(4, place + bytes([value]))
    if isinstance(value, float):
        return _record(5, place + struct.pack("<d", value))
    return _record(6, place + _wide(str(value)))


def xlsb(
    sheets: dict[str, dict[int, dict[int, XLSB_CELL]]],
    merges: Sequence[tuple[int, int, int, int]] = (),
) -> bytes:
    """A workbook of sheets: cells by 0-based row and column; `merges` (rows, then columns) are
    those of every sheet.
    """
    bundles = [
        _record(156, struct.pack("<II", 0, n) + _wide(f"rId{n}") + _wide(title))
        for n, title in enumerate(sheets, start=1)
    ]
    relations = "".join(
        f'<Relationship Id="rId{n}" Target="worksheets/sheet{n}.bin" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/>'
        for n in range(1, len(sheets) + 1)
    )
    namespace = "http://schemas.openxmlformats.org/package/2006/relationships"
    parts = {
        "[Content_Types].xml": b"<Types/>",
        "xl/workbook.bin": (
            _record(131) + _record(143) + b"".join(bundles) + _record(144) + _record(132)
        ),
        "xl/_rels/workbook.bin.rels": (
            f'<Relationships xmlns="{namespace}">{relations}</Relationships>'.encode()
        ),
    }
    for n, rows in enumerate(sheets.values(), start=1):
        body = _record(129) + _record(148, struct.pack("<4I", 0, 1, 0, 1)) + _record(145)
        for row, cells in rows.items():
            body += _record(0, struct.pack("<II", row, 0) + bytes(9))
            body += b"".join(_xlsb_cell(column, value) for column, value in cells.items())
        body += _record(146) + _record(177, struct.pack("<I", len(merges)))
        for merge in merges:
            body += _record(176, struct.pack("<4I", *merge))
        parts[f"xl/worksheets/sheet{n}.bin"] = body + _record(178) + _record(130)
    return _zipped(parts)


def ods_cell(text: str, kind: str = "string", **attributes: str) -> str:
    """A cell that shows a text, written with the elements that stand for spaces and tabs.

    An attribute `office_value` is `office:value`; one of the table is named without `table_`.
    """
    named = {"office:value-type": kind}
    for name, value in attributes.items():
        space, _, rest = name.partition("_")
        named[f"office:{rest}" if space == "office" else f"table:{name}"] = value
    written = " ".join(f'{name.replace("_", "-")}="{value}"' for name, value in named.items())
    paragraphs = "".join(f"<text:p>{_ods_text(line)}</text:p>" for line in text.split("\n"))
    return f"<table:table-cell {written}>{paragraphs}</table:table-cell>"


def _ods_text(line: str) -> str:
    return escape(line).replace("\t", "<text:tab/>").replace(" ", '<text:s text:c="1"/>')


def ods(sheets: dict[str, str], hidden: Sequence[str] = ()) -> bytes:
    """A workbook of sheets, whose rows are given as XML."""
    names = {"office": "office", "table": "table", "text": "text", "style": "style"}
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in names
    )
    style = (
        '<office:automatic-styles><style:style style:name="off" style:family="table">'
        '<style:table-properties table:display="false"/></style:style></office:automatic-styles>'
    )
    tables = ""
    for title, rows in sheets.items():
        look = "off" if title in hidden else "on"
        tables += (
            f'<table:table table:name="{title}" table:style-name="{look}">{rows}</table:table>'
        )
    content = (
        f"<office:document-content {spaces}>{style}<office:body><office:spreadsheet>{tables}"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return _zipped(
        {
            "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": b"<manifest/>",
            "content.xml": content.encode(),
        }
    )


def ods_row(*cells: str, n_times: int = 1) -> str:
    """A row, or a row that is repeated, of cells given as XML."""
    return (
        "<table:table-row"
        f' table:number-rows-repeated="{n_times}">{"".join(cells)}</table:table-row>'
    )


def _zipped(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()
