"""Identity of rows by their content: copies, an order that does not depend on the file's, and digests for the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine import cell_values
from studio.engine.columns import ColumnKind
from studio.engine.schema import CleansetSpec

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: spreads neighbouring hashes (Knuth, TAOCP 6.4)


def content_hashes(frame: pd.DataFrame, columns: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Return a hash of each row's cells exactly as they are written, shape (n,)."""
    return _combined([_text_hashes(cell_values.texts(frame, name)) for name in columns], len(frame))


def copy_hashes(frame: pd.DataFrame, spec: CleansetSpec) -> npt.NDArray[np.uint64]:
    """Return a hash of each row's features that is equal for exact copies, shape (n,).

    White space and case are not regarded, and numbers are compared by value.
    """
    columns = (
        cell_values.normalised(cell_values.texts(frame, name), spec.column_kinds[name]) for name in spec.feature_columns
    )
    return _combined([_text_hashes(cells) for cells in columns], len(frame))


def word_hashes(frame: pd.DataFrame, spec: CleansetSpec) -> npt.NDArray[np.uint64]:
    """Return `copy_hashes` in which a number or date counts only by whether it is missing, shape (n,)."""
    hashes = []
    for name in spec.feature_columns:
        cells, kind = cell_values.texts(frame, name), spec.column_kinds[name]
        is_measured = kind in (ColumnKind.INTEGER, ColumnKind.NUMBER, ColumnKind.DATETIME)
        hashes.append(
            cell_values.is_blank(cells).astype(np.uint64)
            if is_measured
            else _text_hashes(cell_values.normalised(cells, kind))
        )
    return _combined(hashes, len(frame))


def canonical_order(hashes: npt.NDArray[np.uint64], labels: Sequence[str | None]) -> npt.NDArray[np.int64]:
    """Return the positions of the rows sorted by content, then label, so that results don't depend on the row order."""
    label_hashes = _text_hashes([label or "" for label in labels])
    return np.lexsort((label_hashes, hashes))


def digest(*parts: str | bytes | npt.NDArray[np.generic]) -> str:
    """Return the SHA-256 of the parts as 64 hexadecimal digits."""
    sha = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part if isinstance(part, bytes) else part.tobytes()
        sha.update(len(data).to_bytes(8, "big"))
        sha.update(data)
    return sha.hexdigest()


def _text_hashes(cells: list[str]) -> npt.NDArray[np.uint64]:
    return pd.util.hash_array(np.array(cells, dtype=object), categorize=True)


def _combined(columns: Sequence[npt.NDArray[np.uint64]], n_rows: int) -> npt.NDArray[np.uint64]:
    total = np.zeros(n_rows, dtype=np.uint64)
    for hashes in columns:
        total = (total ^ hashes) * _MULTIPLIER
        total ^= total >> np.uint64(29)
    return total
