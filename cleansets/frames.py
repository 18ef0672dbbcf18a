"""Columns of a dataset version's table for the engine: text or None, in row order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


def read_frame(
    table: Path, columns: Sequence[str], row_ids: npt.NDArray[np.int64] | None = None
) -> pd.DataFrame:
    """Return the columns as Python strings and None; `row_ids` picks rows by position."""
    cells = pq.read_table(table, columns=list(dict.fromkeys(columns)), memory_map=True)
    if row_ids is not None:
        cells = cells.take(row_ids)
    return frame_of(cells)


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
