"""Cells of uploaded rows, looked up row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

MAX_BYTES = 16 * 1024 * 1024  # of row groups that are decoded at a time; cells may be long


@dataclass(frozen=True, slots=True)
class _Footer:
    """The footer of a published table, and of each row group its first row and its bytes.

    Reading a footer of 500 row groups takes 4 ms; reading the row groups of a page takes 25.
    """

    metadata: pq.FileMetaData
    first_rows: npt.NDArray[np.int64]
    n_bytes: tuple[int, ...]


@lru_cache(maxsize=32)
def _footer(table: Path) -> _Footer:
    metadata = pq.read_metadata(table)
    groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
    first_rows = np.cumsum([0, *(group.num_rows for group in groups)])
    return _Footer(metadata, first_rows, tuple(group.total_byte_size for group in groups))


def own_cells(
    table: Path, row_ids: Sequence[int], columns: Sequence[str]
) -> dict[int, dict[str, str | None]]:
    """Return the cells of the columns by row; only the row groups that hold the rows are read."""
    footer = _footer(table)
    rows = np.unique(np.array(row_ids, dtype=np.int64))
    group_of_row = np.searchsorted(footer.first_rows, rows, side="right") - 1
    found: dict[int, dict[str, str | None]] = {}
    with pq.ParquetFile(table, metadata=footer.metadata, memory_map=True) as file:
        for groups in _parts(np.unique(group_of_row).tolist(), footer.n_bytes):
            cells = file.read_row_groups(groups, columns=list(columns), use_threads=False)
            numbers = [np.arange(*footer.first_rows[group : group + 2]) for group in groups]
            wanted = rows[np.isin(group_of_row, groups)]
            places = np.searchsorted(np.concatenate(numbers), wanted)
            found |= zip(wanted.tolist(), cells.take(places).to_pylist(), strict=True)
    return found


def _parts(groups: Sequence[int], n_bytes: Sequence[int]) -> Iterator[list[int]]:
    """Yield the groups in parts of at most `MAX_BYTES`, or of one group."""
    part: list[int] = []
    total = 0
    for group in groups:
        if part and total + n_bytes[group] > MAX_BYTES:
            yield part
            part = []
            total = 0
        part.append(group)
        total += n_bytes[group]
    if part:
        yield part
