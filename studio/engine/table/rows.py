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

_MULTIPLIER = np.uint64(
    0x9E3779B97F4A7C15
)  # 2^64 / golden ratio: spreads neighbouring hashes (Knuth, TAOCP 6.4)


def content_hashes(table: Table) -> npt.NDArray[np.uint64]:
    """Return a hash of each row's cells exactly as they are written, shape (n,)."""
    return _combined(
        [_text_hashes(cells.distinct)[cells.codes] for cells in table.values()], table.n_rows
    )


def copy_hashes(table: Table, kinds: Mapping[str, ColumnKind]) -> npt.NDArray[np.uint64]:
    """Return a hash of each row's features that is equal for exact copies, shape (n,).

    White space and case are not regarded, and numbers are compared by value.
    """
    return _combined(
        [value_hashes(cells, kinds[name]) for name, cells in table.items()], table.n_rows
    )


def value_hashes(cells: Cells, kind: ColumnKind) -> npt.NDArray[np.uint64]:
    """Return the part of one column in `copy_hashes`, shape (n,)."""
    if kind not in (ColumnKind.INTEGER, ColumnKind.NUMBER):
        return _normalised_hashes(cells.distinct)[cells.codes]
    values = cells.distinct_numbers + 0.0  # -0.0 is 0.0
    is_text = np.isnan(values)
    distinct = pd.util.hash_array(values)
    distinct[is_text] = _normalised_hashes(cells.distinct[is_text])
    return distinct[cells.codes]


def word_hashes(table: Table, kinds: Mapping[str, ColumnKind]) -> npt.NDArray[np.uint64]:
    """Return `copy_hashes` in which a number or date counts only by whether it is missing, shape
    (n,).
    """
    hashes = [
        (
            cells.is_blank.astype(np.uint64)
            if kinds[name] in MEASURED
            else value_hashes(cells, kinds[name])
        )
        for name, cells in table.items()
    ]
    return _combined(hashes, table.n_rows)


def canonical_order(
    hashes: npt.NDArray[np.uint64], labels: Sequence[str | None]
) -> npt.NDArray[np.int64]:
    """Return the positions of the rows sorted by content, so that results do not depend on the
    order of the file.

    Rows of equal content are sorted by how frequent their labels are, which does not depend on
    their names either, and by their labels where that is the same.
    """
    codes, names = pd.factorize(np.array([label or "" for label in labels], dtype=object))
    counts = np.bincount(codes, minlength=len(names))
    return np.lexsort((_text_hashes(names)[codes], counts[codes], hashes))


def digest(*parts: str | bytes | npt.NDArray[np.generic]) -> str:
    """Return the SHA-256 of the parts as 64 hexadecimal digits."""
    sha = hashlib.sha256()
    for part in parts:
        data = (
            part.encode()
            if isinstance(part, str)
            else part
            if isinstance(part, bytes)
            else part.tobytes()
        )
        sha.update(len(data).to_bytes(8, "big"))
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
        total ^= total >> np.uint64(29)
    return total
