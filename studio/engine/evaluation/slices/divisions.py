"""The groups of rows in which errors are looked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from studio.engine.groups.partitions import (
    Partition,
    column_partitions,
    range_of_each,
    topics,
)
from studio.engine.table.cells import Cells
from studio.engine.table.columns import ColumnKind

N_LENGTHS = 5  # ranges of length, with equally many texts each
MIN_TEXTS = 100  # fewer have no topics


def divisions(
    columns: Mapping[str, Cells],
    kinds: Mapping[str, ColumnKind],
    *,
    text_column: str | None = None,
    space: npt.NDArray[np.float32] | None = None,
    seed: int = 0,
) -> Iterator[Partition]:
    """Divide rows by each of their columns, by the lengths of texts, and by their topics.

    `space` is where the texts of `text_column` lie; without it they have no topics.
    """
    for name, cells in columns.items():
        kind = kinds[name]
        if kind is ColumnKind.TEXT:
            yield from _lengths(name, cells)
        else:
            yield from column_partitions(name, cells, kind)
    if text_column is not None and space is not None and len(space) >= MIN_TEXTS:
        yield from topics(columns[text_column], space, seed)


def _lengths(name: str, texts: Cells) -> Iterator[Partition]:
    of_distinct = np.array([len(text) for text in texts.distinct.tolist()], dtype=np.int64)
    if not len(of_distinct):
        return
    lengths = of_distinct[texts.codes]
    edges = np.unique(np.quantile(lengths, np.linspace(0, 1, N_LENGTHS + 1)).astype(np.int64))
    if len(edges) < 2:
        return
    pairs = pairwise(edges.tolist())
    names = [f"{name} of {low:,} to {high:,} characters" for low, high in pairs]
    yield Partition(range_of_each(lengths, edges).astype(np.int8), names)
