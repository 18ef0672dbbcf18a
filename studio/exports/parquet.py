"""Writes batches as Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from studio.exports.cells import Batches


def write_parquet(path: Path, columns: Sequence[str], batches: Batches) -> None:
    """Write the batches with their types; without any batch, all columns are text."""
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
