"""Batches of rows as JSON text, written by DuckDB about ten times as fast as by Python."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from contextlib import closing

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from studio import tables
from studio.sql import text_literal


def records(
    names: Sequence[str], columns: Sequence[pa.Array], *, in_json: Collection[str] = ()
) -> list[str]:
    """Return each row as a JSON object; the columns in `in_json` already hold JSON.

    NaN and infinities become null; a float32 is written with no more digits than it has.
    """
    table = pa.Table.from_arrays(
        [_plain(column) for column in columns], names=[f"c{i}" for i in range(len(columns))]
    )
    values = [f"c{i}::JSON" if name in in_json else f"c{i}" for i, name in enumerate(names)]
    pairs = ", ".join(
        f"{text_literal(name)}, {value}" for name, value in zip(names, values, strict=True)
    )
    with closing(tables.connect()) as connection:
        connection.register("batch", table)
        found = connection.execute(f"SELECT json_object({pairs}) FROM batch").fetchall()
    return [text for (text,) in found]


def _plain(column: pa.Array) -> pa.Array:
    if not pt.is_floating(column.type):
        return column
    finite = pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))
    if pt.is_float32(column.type):
        # By way of text, 0.1 stays 0.1 and does not become 0.10000000149011612.
        return finite.cast(pa.string()).cast(pa.float64())
    return finite


def number_lists(matrix: pa.FixedSizeListArray) -> list[str]:
    """Return each row of a float32 matrix as a JSON list."""
    texts = matrix.flatten().cast(pa.string())
    n_rows = len(matrix)
    width = matrix.type.list_size
    lists = pa.ListArray.from_arrays(
        pa.array(range(0, n_rows * width + 1, width), pa.int32()), texts
    )
    return [f"[{row}]" for row in pc.binary_join(lists, ",").to_pylist()]


def inside_string(text: str) -> bytes:
    """Escape text for a JSON string, without the surrounding quotes."""
    return json.dumps(text)[1:-1].encode()
