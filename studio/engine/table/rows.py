"""Identity of rows by their content: copies, an order that does not depend on the file's, and
digests for the cache.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine.table import cell_values
from studio.engine.table.cells import Cells, Table
from studio.engine.table.columns import MEASURED, ColumnKind

# 2^64 / golden ratio: spreads neighbouring hashes (Knuth, TAOCP 6.4).
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def content_hashes(table: Table) -> npt.NDArray[np.uint64]:
    """Return a hash of each row's cells exactly as they are written, shape (n,)."""
    hashes = [_text_hashes(cells.distinct)[cells.codes] for cells in table.values()]
    return _combined(hashes, table.n_rows)


def copy_hashes(table: Table, kinds: Mapping[str, ColumnKind]) -> npt.NDArray[np.uint64]:
    """Return a hash of each row's features that is equal for exact copies, shape (n,).

    White space and case are ignored, and numbers are compared by value.
    """
    hashes = [value_hashes(cells, kinds[name]) for name, cells in table.items()]
    return _combined(hashes, table.n_rows)


def value_hashes(cells: Cells, kind: ColumnKind) -> npt.NDArray[np.uint64]:
    """Return the hashes of one column for `copy_hashes`, shape (n,)."""
    if kind not in (ColumnKind.INTEGER, ColumnKind.NUMBER):
        return _normalised_hashes(cells.distinct)[cells.codes]
    values = cells.distinct_numbers + 0.0  # -0.0 is 0.0
    is_text = np.isnan(values)
    distinct = pd.util.hash_array(values)
    distinct[is_text] = _normalised_hashes(cells.distinct[is_text])
    return distinct[cells.codes]


def word_hashes(table: Table, kinds: Mapping[str, ColumnKind]) -> npt.NDArray[np.uint64]:
    """Return `copy_hashes` in which numbers and dates are only present or missing, shape (n,)."""
    hashes = []
    for name, cells in table.items():
        if kinds[name] in MEASURED:
            hashes.append(cells.is_blank.astype(np.uint64))
        else:
            hashes.append(value_hashes(cells, kinds[name]))
    return _combined(hashes, table.n_rows)


def canonical_order(
    hashes: npt.NDArray[np.uint64], labels: Sequence[str | None]
) -> npt.NDArray[np.int64]:
    """Return the positions of the rows sorted by content, so that the file's order does not matter.

    Rows of equal content are sorted by how frequent their labels are, so that the names of classes
    do not matter either; then by their labels.
    """
    codes, names = pd.factorize(np.array([label or "" for label in labels], dtype=object))
    counts = np.bincount(codes, minlength=len(names))
    return np.lexsort((_text_hashes(names)[codes], counts[codes], hashes))


def digest(*parts: str | bytes | npt.NDArray[np.generic]) -> str:
    """Return the SHA-256 of the parts as 64 hexadecimal digits."""
    sha = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            data = part.encode()
        elif isinstance(part, bytes):
            data = part
        else:
            data = part.tobytes()
        sha.update(len(data).to_bytes(8, "big"))  # or "a", "bc" would be the same as "ab", "c"
        sha.update(data)
    return sha.hexdigest()


def _text_hashes(cells: npt.NDArray[np.object_]) -> npt.NDArray[np.uint64]:
    return pd.util.hash_array(cells, categorize=False)


def _normalised_hashes(cells: npt.NDArray[np.object_]) -> npt.NDArray[np.uint64]:
    return _text_hashes(cell_values.normalised(cells.tolist()))


def _combined(columns: Sequence[npt.NDArray[np.uint64]], n_rows: int) -> npt.NDArray[np.uint64]:
    total = np.zeros(n_rows, dtype=np.uint64)
    for hashes in columns:
        total = (total ^ hashes) * _MULTIPLIER
        total ^= total >> np.uint64(29)  # a product carries bits upwards only
    return total
