"""CSV and JSON as streams of bytes, in the memory of one batch."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence

import pyarrow as pa

from studio.engine.cell_text import array_text
from studio.exports.cells import Batches, is_plain, neutral, neutral_texts, plain_values


def stream_csv(columns: Sequence[str], batches: Batches) -> Iterator[bytes]:
    """CSV (UTF-8) for spreadsheet programs: formulas are neutralised. A missing cell is empty."""
    return _stream_csv([neutral(name) for name in columns], batches, neutral_texts)


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


def _json_values(array: pa.Array) -> Sequence[object]:
    return plain_values(array) if is_plain(array.type) else array_text(array).to_pylist()
