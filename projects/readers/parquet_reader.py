"""Reads a Parquet file: typed values become their canonical text, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
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
from studio.engine.counted import counted
from studio.engine.errors import DataProblem
from studio.engine.progress import Progress

_DAMAGED = (
    "The Parquet file is damaged or encrypted and cannot be read. Write it again and use that."
)
# What pyarrow raises for files that do not keep to the format.
_DAMAGE = (
    pa.ArrowException, LookupError, ValueError, TypeError, AttributeError, ArithmeticError,
    RuntimeError,
)  # fmt: skip
_BYTES_PER_SLICE = 32 * 1024 * 1024
_SMALL_BYTES = 8 * 1024 * 1024  # of a column in a row group
_USUAL_RATIO = 8  # by which texts are usually compressed at most


def read_parquet(path: Path, out: Path, *, progress: Progress, limits: ReadLimits) -> TableRead:
    """Write the rows of the file to the Parquet file `out`."""
    try:
        names = _dictionary_columns(path)
        with pq.ParquetFile(path, read_dictionary=names) as file:
            _refuse_bomb(file, path, limits)
            return _read(file, out, progress=progress, limits=limits)
    except MemoryError:  # pyarrow's is an ArrowException, too
        raise
    except _DAMAGE as error:
        raise DataProblem(_DAMAGED) from error
    except OSError as error:
        if error.errno:
            raise  # a fault of the system, such as a full disk, not of the file
        raise DataProblem(_DAMAGED) from error


def _dictionary_columns(path: Path) -> list[str]:
    """Return the columns to read as dictionaries: those of which a few bytes may hold gigabytes.

    For other columns a dictionary would take more memory, not less.
    """
    metadata = pq.read_metadata(path)
    names = []
    for place, column in enumerate(metadata.schema):
        if column.path == column.name and column.physical_type == "BYTE_ARRAY":
            groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
            if any(_may_expand(group.column(place)) for group in groups):
                names.append(column.name)
    return names


def _may_expand(chunk: pq.ColumnChunkMetaData) -> bool:
    if not chunk.has_dictionary_page:
        return False
    n_bytes = chunk.total_uncompressed_size
    return bool(n_bytes <= _SMALL_BYTES or n_bytes > _USUAL_RATIO * chunk.total_compressed_size)


def _refuse_bomb(file: pq.ParquetFile, path: Path, limits: ReadLimits) -> None:
    metadata = file.metadata
    n_bytes = sum(
        metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups)
    )
    most = max(limits.max_ratio * path.stat().st_size, limits.ratio_floor_bytes)
    if n_bytes > min(most, limits.max_unpacked_bytes):
        raise DataProblem(
            f"The Parquet file unpacks to {n_bytes / 1024**2:,.0f} MB, more than is allowed for a"
            " file of its size. Save the table as CSV and use that."
        )


def _read(file: pq.ParquetFile, out: Path, *, progress: Progress, limits: ReadLimits) -> TableRead:
    schema = file.schema_arrow
    n_rows = file.metadata.num_rows
    if not schema.names:
        raise DataProblem("The Parquet file has no columns. Use a table with at least one column.")
    if not n_rows:
        raise DataProblem(
            "The Parquet file has columns but no rows. Use a table with at least one row."
        )
    header = checked_header(schema.names, limits, line=None)
    with TableWriter(out, header.columns, limits) as writer:
        for batch in file.iter_batches(batch_size=writer.rows_per_append):
            for piece in _slices(batch, limits):
                texts = zip(piece, header.columns, strict=True)
                writer.append_columns([_texts(array, name) for array, name in texts])
                progress(stages.READING_FILE, writer.n_rows, n_rows)
    if writer.n_rows != n_rows:
        raise DataProblem(
            f"The Parquet file is damaged: it announces {counted(n_rows, 'row')} and holds"
            f" {writer.n_rows:,}. Write it again and use that."
        )
    return TableRead(writer.n_rows, header.columns, header.notes)


def _slices(batch: pa.RecordBatch, limits: ReadLimits) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a batch in pieces whose texts take bounded memory once decoded."""
    longest = 0
    for array, name in zip(batch, batch.schema.names, strict=True):
        length = _longest(array)
        if length > limits.max_value_bytes:
            raise DataProblem(
                f"A cell of column '{name}' has more than"
                f" {limits.max_value_bytes / 1024**2:,.0f} MB. Remove it."
            )
        longest += length
    n_rows = max(1, _BYTES_PER_SLICE // max(1, longest))
    for start in range(0, batch.num_rows, n_rows):
        yield batch.slice(start, n_rows)


def _longest(array: pa.Array) -> int:
    """Return the bytes of the longest text of an array, 0 for other types."""
    texts = array.dictionary if pt.is_dictionary(array.type) else array
    if not (_is_binary(texts.type) or pt.is_string(texts.type) or pt.is_large_string(texts.type)):
        return 0
    return pc.max(pc.binary_length(texts)).as_py() or 0


def _texts(array: pa.Array, column: str) -> pa.Array:
    if _holds_binary(array.type):
        raise _binary_column(column)
    try:
        texts = array_text(array)
        texts.validate(full=True)
    except (UnicodeDecodeError, pa.ArrowInvalid) as error:
        if "UTF8" not in str(error) and not isinstance(error, UnicodeDecodeError):
            raise
        raise _binary_column(column) from error
    if pc.any(pc.match_substring(texts, "\0")).as_py():
        raise DataProblem(
            f"A cell of column '{column}' holds a NUL character, which cannot be kept. Remove it."
        )
    return texts


def _holds_binary(kind: pa.DataType) -> bool:
    """Whether a nested type contains binary values, as pictures do.

    A plain binary column may still be text.
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
