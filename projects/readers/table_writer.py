"""Writes the one exact Parquet table: the row id first, then every column of the user as text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from projects.readers.facts import ROW_ID, ReadLimits
from studio.engine.errors import DataProblem

ROWS_PER_WRITE = 50_000
BYTES_PER_WRITE = 64 * 1024 * 1024  # long texts are written sooner, so that memory stays bounded
# Pages look up single rows, each of which decodes a row group. The footer describes every column of
# every group, so tables with many columns get longer groups.
ROWS_PER_GROUP = 2_048
ROWS_PER_GROUP_AND_COLUMN = 100
CELLS_PER_APPEND = 200_000  # a Python string costs some 60 bytes on top of its text

Cell = str | None


class TableWriter:
    """Appends rows of text in order.

    Use as a context manager; the file is complete when the block ends without an error. Raises
    DataProblem at once, before any row is read, if a required column is missing.
    """

    def __init__(self, path: Path, columns: Sequence[str], limits: ReadLimits) -> None:
        self.columns = tuple(columns)
        limits.required.check(self.columns)
        self.n_rows = 0
        self._limits = limits
        self._n_bytes = 0
        self._pending: list[pa.RecordBatch] = []
        self._pending_rows = 0
        self._pending_bytes = 0
        fields = [
            pa.field(ROW_ID, pa.int64(), nullable=False),
            *(pa.field(name, pa.string()) for name in self.columns),
        ]
        self._schema = pa.schema(fields)
        self._file = pq.ParquetWriter(path, self._schema, compression="zstd")

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._write_pending()
        finally:
            self._file.close()

    @property
    def rows_per_append(self) -> int:
        """How many rows a reader should collect before it calls `append_rows`."""
        return max(1, min(10_000, CELLS_PER_APPEND // max(1, len(self.columns))))

    def append_rows(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Append rows that all have one cell per column; an empty cell is stored as missing."""
        if rows:
            self.append_cells(list(zip(*rows, strict=True)))

    def append_cells(self, columns: Sequence[Sequence[Cell]]) -> None:
        """Append the cells of each column, equally many; an empty cell is stored as missing."""
        self.append_columns([text_array(cells) for cells in columns])

    def append_columns(self, arrays: Sequence[pa.Array]) -> None:
        """Append equally long arrays of text, one per column; an empty cell is stored as
        missing.
        """
        n_rows = len(arrays[0])
        row_ids = pa.array(range(self.n_rows, self.n_rows + n_rows), pa.int64())
        batch = pa.RecordBatch.from_arrays(
            [row_ids, *(_empty_as_missing(array) for array in arrays)], schema=self._schema
        )
        self.n_rows += n_rows
        self._count_bytes(batch.nbytes)
        self._pending.append(batch)
        self._pending_rows += n_rows
        if self._pending_rows >= ROWS_PER_WRITE or self._pending_bytes >= BYTES_PER_WRITE:
            self._write_pending()

    def _count_bytes(self, n_bytes: int) -> None:
        self._n_bytes += n_bytes
        self._pending_bytes += n_bytes
        most = self._limits.max_text_bytes
        if self._n_bytes > 2 * most:  # offsets and row ids come on top of the text
            raise DataProblem(
                f"The table holds more than {most / 1024**3:.1f} GiB of text, which is the limit"
                " for a file of this size. Use a part of it."
            )

    def _write_pending(self) -> None:
        if self._pending:
            table = pa.Table.from_batches(self._pending, self._schema)
            n_rows = max(ROWS_PER_GROUP, ROWS_PER_GROUP_AND_COLUMN * len(self.columns))
            self._file.write_table(table, row_group_size=n_rows)
        self._pending = []
        self._pending_rows = 0
        self._pending_bytes = 0


def text_array(cells: Sequence[Cell]) -> pa.Array:
    """Return the cells as an Arrow array. Raises DataProblem for half of a surrogate pair."""
    try:
        return pa.array(cells, pa.string())
    except UnicodeEncodeError as error:
        raise DataProblem(
            "A cell holds half of a surrogate pair (such as \\ud800), which is not a character. "
            "Remove it or write the character in full."
        ) from error


def _empty_as_missing(array: pa.Array) -> pa.Array:
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    empty = pc.equal(array, "")
    if not pc.any(empty).as_py():
        return array
    return pc.if_else(empty, pa.scalar(None, pa.string()), array)
