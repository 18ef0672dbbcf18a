"""Writes the table of a grown dataset: the old rows under their ids, then the new ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from projects.appending.comparison import ROWS_PER_BATCH, Comparison
from projects.readers.facts import ReadLimits
from projects.readers.table_writer import TableWriter
from studio.engine import stages
from studio.engine.progress import Progress


def write_grown_table(
    comparison: Comparison, out: Path, *, limits: ReadLimits, progress: Progress
) -> npt.NDArray[np.int64]:
    """Write the old and the new rows, and return the ids of the old ones that were updated."""
    updated = np.asarray(comparison.updated_rows(), dtype=np.int64)
    n_rows = pq.read_metadata(comparison.base).num_rows + comparison.effect.n_added
    with (
        TableWriter(out, comparison.columns, limits) as writer,
        pq.ParquetFile(comparison.base) as old,
    ):
        for batch in old.iter_batches(ROWS_PER_BATCH):
            rows = range(writer.n_rows, writer.n_rows + batch.num_rows)
            columns = [batch.column(name) for name in comparison.columns]
            first, last = np.searchsorted(updated, [rows.start, rows.stop])
            if first < last:
                columns = _with_updates(columns, comparison, rows)
            writer.append_columns(columns)
            progress(stages.APPENDING_ROWS, writer.n_rows, n_rows)
        for cells in comparison.added_rows():
            writer.append_columns(cells)
            progress(stages.APPENDING_ROWS, writer.n_rows, n_rows)
    return updated


def _with_updates(columns: list[pa.Array], comparison: Comparison, rows: range) -> list[pa.Array]:
    cells = comparison.updated_cells(rows)
    is_updated = np.zeros(len(rows), dtype=bool)
    is_updated[cells.column("row_id").to_numpy() - rows.start] = True
    mask = pa.array(is_updated)
    whole = []
    for name, column in zip(comparison.columns, columns, strict=True):
        if name in comparison.compared_columns:
            new = cells.column(name).combine_chunks().cast(column.type)
            whole.append(pc.replace_with_mask(column, mask, new))
        else:
            whole.append(column)
    return whole
