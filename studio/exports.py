"""Writes tables of any size as CSV, XLSX, JSON and Parquet, batch by batch. Knows nothing of what is in them.

Files that a spreadsheet program may open (CSV by `stream_csv`, XLSX) are neutralised: a text cell or column name of
more than one character that begins with = + - @ tab, CR or LF gets a leading apostrophe, so that no program takes it
for a formula. Plain numbers (-3.5, +4, -1,200) stay as they are. `stream_exact_csv`, JSON and Parquet alter nothing.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as pt
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from studio.engine.cell_text import array_text
from studio.engine.errors import DataProblem

MAX_SHEET_ROWS = 1_048_576  # with the header; so specified by Excel, like the two below
MAX_SHEET_COLUMNS = 16_384
MAX_SHEET_CELL_CHARS = 32_767
_FORMULA = r"^[=+\-@\t\r\n][\s\S]"
_PLAIN_NUMBER = r"^[+-][0-9.,]*[0-9][0-9.,]*([eE][+-]?[0-9]+)?%?$"
# What XML cannot hold or would change (a bare CR becomes LF), and the escape itself, are written as _xHHHH_.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")

Batches = Iterable[pa.RecordBatch]


def stream_csv(columns: Sequence[str], batches: Batches) -> Iterator[bytes]:
    """CSV (UTF-8) for spreadsheet programs: formulas are neutralised. A missing cell is empty."""
    return _stream_csv([_neutral(name) for name in columns], batches, _neutral_array)


def stream_exact_csv(columns: Sequence[str], batches: Batches) -> Iterator[bytes]:
    """CSV (UTF-8) whose cells read back exactly as they are, formulas included: for programs, not for spreadsheets."""
    return _stream_csv(columns, batches, lambda texts: texts)


def _stream_csv(columns: Sequence[str], batches: Batches, alter: Callable[[pa.Array], pa.Array]) -> Iterator[bytes]:
    yield _csv_lines([columns])
    for batch in batches:
        texts = [alter(array_text(column)).to_pylist() for column in batch.columns]
        yield _csv_lines(zip(*texts, strict=True))


def _csv_lines(rows: Iterable[Sequence[str | None]]) -> bytes:
    buffer = io.StringIO(newline="")
    # With "\n" as the line end, the csv module would leave a cell with a bare CR unquoted, and it would split the row.
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()


def stream_json(columns: Sequence[str], batches: Batches) -> Iterator[bytes]:
    """A JSON list of objects (UTF-8), one per row; numbers stay numbers, NaN and missing cells are null."""
    yield b"["
    opening = b"\n"
    for batch in batches:
        values = [_json_values(column) for column in batch.columns]
        rows = (dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True))
        lines = [json.dumps(row, ensure_ascii=False, allow_nan=False).encode() for row in rows]
        if lines:
            yield opening + b",\n".join(lines)
            opening = b",\n"
    yield b"\n]\n"


def _json_values(array: pa.Array) -> list[object]:
    if pt.is_floating(array.type):
        # By way of the text, so that a float32 does not show digits that it never had.
        return [_finite(text) for text in array_text(array).to_pylist()]
    if pt.is_integer(array.type) or pt.is_boolean(array.type):
        return list(array.to_pylist())
    return list(array_text(array).to_pylist())


def _finite(text: str | None) -> float | None:
    value = math.nan if text is None else float(text)
    return value if math.isfinite(value) else None


def write_parquet(path: Path, columns: Sequence[str], batches: Batches) -> None:
    """A Parquet file with the types of the batches; without any batch, all columns are text."""
    writer: pq.ParquetWriter | None = None
    try:
        for batch in batches:
            named = pa.Table.from_arrays(batch.columns, names=list(columns))
            writer = writer or pq.ParquetWriter(path, named.schema, compression="zstd")
            writer.write_table(named.cast(writer.schema))
        if writer is None:
            empty = pa.schema([(name, pa.string()) for name in columns]).empty_table()
            pq.write_table(empty, path, compression="zstd")
    finally:
        if writer is not None:
            writer.close()


def write_xlsx(path: Path, columns: Sequence[str], batches: Batches) -> None:
    """A workbook of one sheet: texts as texts, never as formulas; numbers and truth values as such.

    Raises DataProblem where a sheet cannot hold the table.
    """
    if len(columns) > MAX_SHEET_COLUMNS:
        raise DataProblem(
            f"The table has {len(columns):,} columns and a sheet holds {MAX_SHEET_COLUMNS:,}. "
            "Export it as CSV or Parquet."
        )
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Rows")
    with _scratch_removed_on_failure(sheet):
        _fill(sheet, columns, batches)
    book.save(path)


@contextmanager
def _scratch_removed_on_failure(sheet: WriteOnlyWorksheet) -> Iterator[None]:
    """Remove openpyxl's scratch file, which otherwise stays until the process ends when a sheet is never saved."""
    try:
        yield
    except BaseException:
        sheet.close()
        sheet._writer.cleanup()
        raise


def _fill(sheet: WriteOnlyWorksheet, columns: Sequence[str], batches: Batches) -> None:
    sheet.freeze_panes = "A2"
    sheet.append([_text_cell(sheet, _neutral(name), "the header") for name in columns])
    n_rows = 0
    for batch in batches:
        if n_rows + batch.num_rows >= MAX_SHEET_ROWS:
            raise DataProblem(
                f"The table has more than {MAX_SHEET_ROWS - 1:,} rows, which is what a sheet holds. "
                "Export it as CSV or Parquet."
            )
        cells = [_sheet_values(column) for column in batch.columns]
        for row in zip(*cells, strict=True):
            n_rows += 1
            sheet.append([_cell(sheet, value, n_rows) for value in row])


def _sheet_values(array: pa.Array) -> list[object]:
    if pt.is_boolean(array.type) or pt.is_integer(array.type) or pt.is_floating(array.type):
        return _json_values(array)
    return list(_neutral_array(array_text(array)).to_pylist())


def _cell(sheet: WriteOnlyWorksheet, value: object, row: int) -> object:
    return _text_cell(sheet, value, f"row {row:,}") if isinstance(value, str) else value


def _text_cell(sheet: WriteOnlyWorksheet, text: str, place: str) -> str | WriteOnlyCell:
    if len(text) > MAX_SHEET_CELL_CHARS:
        raise DataProblem(
            f"A cell in {place} has {len(text):,} characters and a sheet holds {MAX_SHEET_CELL_CHARS:,} in one cell. "
            "Export the table as CSV or Parquet."
        )
    writable = _UNWRITABLE.sub(lambda match: f"_x{ord(match.group()):04X}_", text)
    if not writable.startswith(("=", "#")):
        return writable
    cell = WriteOnlyCell(sheet, writable)
    cell.data_type = "s"  # openpyxl would make a formula of "=…" and an error value of "#N/A"
    return cell


def _neutral(text: str) -> str:
    return str(_neutral_array(pa.array([text], pa.string()))[0].as_py())


def _neutral_array(texts: pa.Array) -> pa.Array:
    is_formula = pc.match_substring_regex(texts, _FORMULA)
    if not pc.any(is_formula).as_py():
        return texts
    is_risk = pc.and_not(is_formula, pc.match_substring_regex(texts, _PLAIN_NUMBER))
    return pc.if_else(is_risk, pc.binary_join_element_wise("'", texts, ""), texts)
