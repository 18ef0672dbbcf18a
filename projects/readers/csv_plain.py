"""Reads delimited text without quotes in blocks, which is faster than row by row.

Without quotes, every line break ends a row and every delimiter ends a cell, so Arrow's reader
gives the same cells as Python's csv module. If it stumbles (over an empty line, a row with more or
fewer cells, a very long row), the file is left to that module, which says where and why.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from projects.readers.dialect import Dialect
from projects.readers.scan import UTF8, TextScan

_BLOCK_BYTES = 4 * 1024 * 1024

StumbledError = pa.ArrowInvalid  # raised by `plain_batches` where it cannot go on
_BLANK = "a line that may be blank"


def is_plain(scan: TextScan, dialect: Dialect, n_columns: int) -> bool:
    """Say whether nothing in the file is quoted.

    False for a table of one column, whose blank lines have to be read row by row.
    """
    if scan.codec != UTF8 or n_columns < 2:
        return False
    if not dialect.delimiter.isascii() or dialect.skips_space:
        return False
    return not dialect.quote or dialect.quote not in scan.quotes


def plain_batches(
    path: Path, dialect: Dialect, *, n_lines_above: int, n_columns: int
) -> Iterator[pa.RecordBatch]:
    """Yield the rows below the first `n_lines_above` lines, every cell as text."""
    names = [str(place) for place in range(n_columns)]
    reader = csv.open_csv(
        path,
        read_options=csv.ReadOptions(
            use_threads=False, block_size=_BLOCK_BYTES, skip_rows=n_lines_above, column_names=names
        ),
        parse_options=csv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=False,
            double_quote=False,
            ignore_empty_lines=False,
        ),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )
    with reader:
        for batch in reader:
            if _has_empty_row(batch):  # nothing but delimiters, or a blank line, which is no row
                raise StumbledError(_BLANK)
            yield batch


def _has_empty_row(batch: pa.RecordBatch) -> bool:
    is_empty = pc.equal(batch.column(0), "")
    for column in batch.columns[1:]:
        if not pc.any(is_empty).as_py():
            return False
        is_empty = pc.and_(is_empty, pc.equal(column, ""))
    return bool(pc.any(is_empty).as_py())
