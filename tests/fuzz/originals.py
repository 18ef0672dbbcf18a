"""Small files of every format that can be read, which are damaged then."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import xlwt

from tests.unit.readers.binary_workbooks import ods, ods_cell, ods_row, xlsb

HEADER = ("number", "text", "label", "day")
ROWS = [
    (n, f"message {n}, “quoted” – café", ("spam", "ham")[n % 2], f"2024-01-{n % 28 + 1:02}")
    for n in range(40)
]


@dataclass(frozen=True, slots=True)
class Original:
    """A file as it should be."""

    name: str
    content: bytes

    @property
    def is_zip(self) -> bool:
        return self.content.startswith(b"PK")


def _csv(delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    lines = [HEADER, *((n, f'"{text}"', label, day) for n, text, label, day in ROWS)]
    text = "".join(delimiter.join(map(str, line)) + "\r\n" for line in lines)
    return text.encode(encoding, "replace")


def _records() -> list[dict[str, object]]:
    return [dict(zip(HEADER, row, strict=True)) for row in ROWS]


def _json_by_column() -> bytes:
    columns = {
        name: {str(n): row[place] for n, row in enumerate(ROWS)}
        for place, name in enumerate(HEADER)
    }
    return json.dumps(columns).encode()


def _json_split() -> bytes:
    return json.dumps({"columns": HEADER, "index": list(range(40)), "data": ROWS}).encode()


def _json_nested() -> bytes:
    return json.dumps([{"a": [1, {"b": [n]}], "c": None, "d": 1e300} for n in range(40)]).encode()


def _json_lines() -> bytes:
    return "\n".join(map(json.dumps, _records())).encode()


def _parquet(compression: str = "zstd") -> bytes:
    table = pa.table(
        {
            "number": pa.array(range(40), pa.int64()),
            "ratio": pa.array([n / 7 for n in range(40)], pa.float32()),
            "text": [row[1] for row in ROWS],
            "label": pa.array([row[2] for row in ROWS]).dictionary_encode(),
            "tags": [["a", "b"][: n % 3] for n in range(40)],
            "nested": [{"a": n, "b": str(n)} for n in range(40)],
            "day": [date(2024, 1, n % 28 + 1) for n in range(40)],
            "moment": [datetime(2024, 1, 1, n % 24, 30) for n in range(40)],
            "bytes": [b"abc"] * 40,
            "flag": [None if n % 5 == 0 else n % 2 == 0 for n in range(40)],
        }
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression=compression, row_group_size=15)
    return buffer.getvalue()


def _xlsx() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEADER)
    for n, text, label, day in ROWS:
        sheet.append([n / 3, text, label, datetime.fromisoformat(day)])
    sheet["A5"].number_format = "00000"
    sheet.merge_cells("C3:C6")
    book.create_sheet("Other").append(["x", "y"])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _xls() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet")
    for row, cells in enumerate([HEADER, *ROWS]):
        for column, cell in enumerate(cells):
            sheet.write(row, column, cell)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _ods() -> bytes:
    rows = [ods_row(*map(ods_cell, HEADER))]
    rows += [ods_row(*(ods_cell(str(cell)) for cell in row)) for row in ROWS]
    rows.append(ods_row(ods_cell("1.5", "float", office_value="1.5"), n_times=3))
    return ods({"S": "".join(rows)})


def _zipped(name: str, content: bytes, method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


ORIGINALS: Mapping[str, Callable[[], Original]] = {
    "csv": lambda: Original("t.csv", _csv()),
    "csv, other encoding": lambda: Original("t.csv", _csv(";", "cp1252")),
    "csv, UTF-16": lambda: Original("t.csv", _csv(",", "utf-16")),
    "tsv": lambda: Original("t.tsv", _csv("\t")),
    "json": lambda: Original("t.json", json.dumps(_records()).encode()),
    "json by column": lambda: Original("t.json", _json_by_column()),
    "json, split": lambda: Original("t.json", _json_split()),
    "json, nested": lambda: Original("t.json", _json_nested()),
    "json lines": lambda: Original("t.jsonl", _json_lines()),
    "parquet": lambda: Original("t.parquet", _parquet()),
    "parquet, snappy": lambda: Original("t.parquet", _parquet("snappy")),
    "parquet, unpacked": lambda: Original("t.parquet", _parquet("none")),
    "xlsx": lambda: Original("t.xlsx", _xlsx()),
    "xls": lambda: Original("t.xls", _xls()),
    "xlsb": lambda: Original(
        "t.xlsb", xlsb({"S": {0: {0: "a", 1: "b"}, 1: {0: 1.5, 1: True}, 2: {0: "x"}}})
    ),
    "ods": lambda: Original("t.ods", _ods()),
    "gzip": lambda: Original("t.csv.gz", gzip.compress(_csv(), mtime=0)),
    "zip": lambda: Original("t.zip", _zipped("t.csv", _csv(), zipfile.ZIP_DEFLATED)),
    "zip, bzip2": lambda: Original("t.zip", _zipped("t.csv", _csv(), zipfile.ZIP_BZIP2)),
    "zip, LZMA": lambda: Original("t.zip", _zipped("t.json", _json_lines(), zipfile.ZIP_LZMA)),
    "zip of xlsx": lambda: Original("t.zip", _zipped("t.xlsx", _xlsx(), zipfile.ZIP_STORED)),
}
