"""Writes batches as Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from studio.exports.cells import Batches
from studio.exports.sink import Sink


def write_parquet(path: Path, columns: Sequence[str], batches: Batches) -> None:
    """Write the batches with their types; without any batch, all columns are text."""
    with path.open("wb") as file:
        file.writelines(stream_parquet(columns, batches))


def stream_parquet(columns: Sequence[str], batches: Batches) -> Iterator[bytes]:
    """Yield the bytes of a Parquet file, in the memory of one batch."""
    sink = Sink()
    writer: pq.ParquetWriter | None = None
    for batch in batches:
        named = pa.Table.from_arrays(batch.columns, names=list(columns))
        writer = writer or pq.ParquetWriter(sink, named.schema, compression="zstd")
        writer.write_table(named.cast(writer.schema))
        yield sink.take()
    if writer is None:
        schema = pa.schema([(name, pa.string()) for name in columns])
        writer = pq.ParquetWriter(sink, schema, compression="zstd")
    writer.close()
    yield sink.take()
