"""The part of a split to which each row of a cleanset belongs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cleansets.mapped_results import mapped_table
from cleansets.models import Cleanset
from studio.engine.schema.split import SPLIT_COLUMN


def row_parts(cleanset: Cleanset) -> npt.NDArray[np.object_] | None:
    """Return the part of each row of the dataset version; None without a split or an analysis."""
    if not cleanset.issues_key:
        return None
    results = mapped_table(cleanset.issues_key)
    if SPLIT_COLUMN not in results.column_names:
        return None
    column = results.column(SPLIT_COLUMN).cast(pa.string())
    return np.array(column.to_pylist(), dtype=object)


def kept_parts(cleanset: Cleanset) -> npt.NDArray[np.object_] | None:
    """Return the parts that rows keep from the base of a cleanset; None if it has another split."""
    base = cleanset.base
    if base is None or base.spec().split != cleanset.spec().split:
        return None
    return row_parts(base)
