"""The cells of a batch as text or as plain values."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.types as pt

from studio.cell_text import array_text

Batches = Iterable[pa.RecordBatch]


def is_plain(kind: pa.DataType) -> bool:
    """Whether the values are numbers or booleans."""
    return bool(pt.is_boolean(kind) or pt.is_integer(kind) or pt.is_floating(kind))


def plain_values(array: pa.Array) -> list[bool | int | float | None]:
    """Numbers and booleans as Python values; NaN and infinities are missing."""
    if pt.is_floating(array.type):
        # By way of the text, so that a float32 shows no digits that it does not have.
        return [_finite(text) for text in array_text(array).to_pylist()]
    values: list[bool | int | float | None] = array.to_pylist()
    return values


def _finite(text: str | None) -> float | None:
    value = math.nan if text is None else float(text)
    return value if math.isfinite(value) else None
