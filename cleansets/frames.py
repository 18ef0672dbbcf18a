"""Reads columns of a dataset version's table as the engine wants them: text or None, in row order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq


def read_frame(table: Path, columns: Sequence[str], row_ids: npt.NDArray[np.int64] | None = None) -> pd.DataFrame:
    """Return the columns as Python strings and None; `row_ids` picks rows by position."""
    cells = pq.read_table(table, columns=list(dict.fromkeys(columns)), memory_map=True)
    if row_ids is not None:
        cells = cells.take(row_ids)
    frame = pd.DataFrame(
        {name: cells.column(name).to_numpy(zero_copy_only=False) for name in cells.column_names}, dtype=object
    )
    return frame.reset_index(drop=True)
