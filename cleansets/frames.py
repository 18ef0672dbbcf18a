"""Columns of a dataset version's table for the engine: text or None, in row order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

GROUPS_AT_ONCE = 32


def read_frame(
    table: Path, columns: Sequence[str], row_ids: npt.NDArray[np.int64] | None = None
) -> pd.DataFrame:
    """Return the columns as Python strings and None; `row_ids` picks rows by position."""
    names = list(dict.fromkeys(columns))
    if row_ids is None:
        return frame_of(pq.read_table(table, columns=names, memory_map=True))
    with pq.ParquetFile(table, memory_map=True) as file:
        return frame_of(_picked(file, names, row_ids))


def _picked(file: pq.ParquetFile, names: list[str], row_ids: npt.NDArray[np.int64]) -> pa.Table:
    """Return rows by position, reading only the row groups that have some, a few at a time."""
    rows, places = np.unique(row_ids, return_inverse=True)
    sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
    ends = np.cumsum(sizes)
    groups = np.unique(np.searchsorted(ends, rows, side="right"))
    parts = [file.schema_arrow.empty_table().select(names)]
    for first in range(0, len(groups), GROUPS_AT_ONCE):
        read = groups[first : first + GROUPS_AT_ONCE]
        # Where each row of the file lies in what was read
        positions = np.concatenate(
            [np.arange(ends[group] - sizes[group], ends[group]) for group in read]
        )
        wanted = rows[slice(*np.searchsorted(rows, [positions[0], positions[-1] + 1]))]
        is_picked = np.isin(positions, wanted, assume_unique=True)
        cells = file.read_row_groups(read.tolist(), columns=names)
        parts.append(cells.select(names).filter(pa.array(is_picked)))
    return pa.concat_tables(parts).take(places)


def frame_of(cells: pa.Table) -> pd.DataFrame:
    """Return a table of cells as Python strings and None."""
    return pd.DataFrame(
        {name: _strings(cells.column(name)) for name in cells.column_names}, dtype=object
    )


def _strings(column: pa.ChunkedArray) -> npt.NDArray[np.object_]:
    """Share one string among equal cells: a million categories take a tenth of the memory."""
    cells = column.combine_chunks().dictionary_encode()
    distinct = np.append(
        cells.dictionary.to_numpy(zero_copy_only=False), np.array([None], dtype=object)
    )
    codes = cells.indices.fill_null(len(distinct) - 1).to_numpy(zero_copy_only=False)
    return np.asarray(distinct[codes], dtype=object)
