"""CSV and JSON as streams of bytes, in the memory of one batch."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from studio.cell_text import array_text
from studio.exports.cells import Batches, is_plain, plain_values
from studio.exports.formulas import formula_like_texts_guarded, runnable_texts_guarded


def stream_csv(
    columns: Sequence[str], batches: Batches, *, guarded: Collection[str]
) -> Iterator[bytes]:
    """CSV (UTF-8), exact except for what a spreadsheet would run in the columns `guarded`."""
    alter = [runnable_texts_guarded if name in guarded else _unaltered for name in columns]
    return _stream_csv(columns, batches, alter)


def stream_safe_csv(columns: Sequence[str], batches: Batches) -> Iterator[bytes]:
    """CSV (UTF-8) in which no cell or column name begins like a formula, for spreadsheets."""
    names = formula_like_texts_guarded(pa.array(columns, pa.string())).to_pylist()
    return _stream_csv(names, batches, [formula_like_texts_guarded] * len(columns))


def stream_exact_csv(columns: Sequence[str], batches: Batches) -> Iterator[bytes]:
    """CSV (UTF-8) whose cells read back exactly. Missing cells are empty."""
    return _stream_csv(columns, batches, [_unaltered] * len(columns))


def stream_exact_tsv(columns: Sequence[str], batches: Batches) -> Iterator[bytes]:
    """Like `stream_exact_csv`, but separated by tabs."""
    return _stream_csv(columns, batches, [_unaltered] * len(columns), delimiter="\t")


def _unaltered(texts: pa.Array) -> pa.Array:
    return texts


def _stream_csv(
    columns: Sequence[str],
    batches: Batches,
    alter: Sequence[Callable[[pa.Array], pa.Array]],
    *,
    delimiter: str = ",",
) -> Iterator[bytes]:
    yield _csv_lines([pa.array([name], pa.string()) for name in columns], delimiter)
    for batch in batches:
        if batch.num_rows:
            cells = [
                change(array_text(column))
                for change, column in zip(alter, batch.columns, strict=True)
            ]
            yield _csv_lines(cells, delimiter)


def _csv_lines(columns: Sequence[pa.Array], delimiter: str) -> bytes:
    """Write columns of text as lines (RFC 4180), by column, which is faster than by row."""
    fields = [_csv_fields(texts, delimiter, is_alone=len(columns) == 1) for texts in columns]
    lines = pc.binary_join_element_wise(*fields, delimiter)
    whole = pa.ListArray.from_arrays([0, len(lines)], lines)
    return bytes(pc.binary_join(whole, "\r\n")[0].as_buffer()) + b"\r\n"


def _csv_fields(texts: pa.Array, delimiter: str, *, is_alone: bool) -> pa.Array:
    """Quote what would split cells or rows, and a line's only cell if it is empty."""
    filled = pc.fill_null(texts, "")
    # A look at all bytes is much faster than the pattern, and most columns need no quotes.
    characters = _bytes_of(filled)
    marks = (delimiter.encode(), b'"', b"\r", b"\n")
    if not is_alone and not any(mark in characters for mark in marks):
        return filled
    needs_quotes = pc.match_substring_regex(filled, f'[{delimiter}"\r\n]')
    if is_alone:
        needs_quotes = pc.or_(needs_quotes, pc.equal(filled, ""))
    if not pc.any(needs_quotes).as_py():
        return filled
    quoted = pc.binary_join_element_wise('"', pc.replace_substring(filled, '"', '""'), '"', "")
    return pc.if_else(needs_quotes, quoted, filled)


def _bytes_of(texts: pa.Array) -> bytes:
    _, offsets, characters = texts.buffers()
    if characters is None:
        return b""
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    found: bytes = characters.slice(int(ends[0]), int(ends[-1] - ends[0])).to_pybytes()
    return found


def stream_json(columns: Sequence[str], batches: Batches) -> Iterator[bytes]:
    """A JSON list of objects (UTF-8), one per row; NaN and missing cells are null."""
    yield b"["
    opening = b"\n"
    for batch in batches:
        lines = _json_objects(columns, batch)
        if lines:
            yield opening + b",\n".join(lines)
            opening = b",\n"
    yield b"\n]\n"


def stream_json_lines(columns: Sequence[str], batches: Batches) -> Iterator[bytes]:
    """The same objects, one per line."""
    for batch in batches:
        yield b"".join(line + b"\n" for line in _json_objects(columns, batch))


def _json_objects(columns: Sequence[str], batch: pa.RecordBatch) -> list[bytes]:
    values = [_json_values(column) for column in batch.columns]
    rows = (dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True))
    return [json.dumps(row, ensure_ascii=False, allow_nan=False).encode() for row in rows]


def _json_values(array: pa.Array) -> Sequence[object]:
    if is_plain(array.type):
        return plain_values(array)
    texts: list[str | None] = array_text(array).to_pylist()
    return texts
