"""Reads a Parquet file: typed values become their canonical text, in bounded memory."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as pt

from projects.readers.facts import ReadLimits, TableRead
from projects.readers.header import checked_header
from projects.readers.table_writer import TableWriter
from studio.cell_text import array_text
from studio.engine import stages
from studio.engine.errors import DataProblem
from studio.engine.progress import Progress

_DAMAGED = (
    "The Parquet file is damaged or encrypted and cannot be read. Write it again and use that."
)


def read_parquet(path: Path, out: Path, *, progress: Progress, limits: ReadLimits) -> TableRead:
    """Write the rows of the file to the Parquet file `out`."""
    try:
        with pq.ParquetFile(path) as file:
            return _read(file, out, progress=progress, limits=limits)
    except (pa.ArrowException, OSError) as error:
        if getattr(error, "errno", None):
            raise  # the system's trouble, such as a full disk, not the file's
        raise DataProblem(_DAMAGED) from error


def _read(file: pq.ParquetFile, out: Path, *, progress: Progress, limits: ReadLimits) -> TableRead:
    schema, n_rows = file.schema_arrow, file.metadata.num_rows
    if not schema.names:
        raise DataProblem("The Parquet file has no columns. Use a table with at least one column.")
    if not n_rows:
        raise DataProblem(
            "The Parquet file has columns but no rows. Use a table with at least one row."
        )
    header = checked_header(schema.names, limits, line=None)
    with TableWriter(out, header.columns, limits) as writer:
        for batch in file.iter_batches(batch_size=writer.rows_per_append):
            writer.append_columns(
                [_texts(array, name) for array, name in zip(batch, header.columns, strict=True)]
            )
            progress(stages.READING_FILE, writer.n_rows, n_rows)
    return TableRead(writer.n_rows, header.columns, header.notes)


def _texts(array: pa.Array, column: str) -> pa.Array:
    if _holds_binary(array.type):
        raise _binary_column(column)
    try:
        texts = array_text(array)
    except UnicodeDecodeError as error:
        raise _binary_column(column) from error
    if pc.any(pc.match_substring(texts, "\0")).as_py():
        raise DataProblem(
            f"A cell of column '{column}' holds a NUL character, which cannot be kept. Remove it."
        )
    return texts


def _holds_binary(kind: pa.DataType) -> bool:
    """Whether binary values lie inside a nested type, as pictures do. A plain binary column may
    still be text.
    """
    if pt.is_nested(kind):
        fields = [kind.field(position) for position in range(kind.num_fields)]
        return any(_is_binary(field.type) or _holds_binary(field.type) for field in fields)
    return False


def _is_binary(kind: pa.DataType) -> bool:
    return bool(
        pt.is_binary(kind)
        or pt.is_large_binary(kind)
        or pt.is_fixed_size_binary(kind)
        or pt.is_binary_view(kind)
    )


def _binary_column(column: str) -> DataProblem:
    return DataProblem(
        f"Column '{column}' holds binary data, such as pictures, which cannot be shown as text."
        " Remove that column."
    )
