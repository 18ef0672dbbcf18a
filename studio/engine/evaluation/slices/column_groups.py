"""All rows divided by one column: by its values, its ranges or its lengths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from studio.engine.evaluation.slices.divisions import divisions
from studio.engine.groups.partitions import Partition
from studio.engine.table.cells import Cells
from studio.engine.table.columns import ColumnKind

MAX_GROUPS = 20
N_DATE_RANGES = 5


def groups_by_column(
    columns: Mapping[str, Cells], kinds: Mapping[str, ColumnKind]
) -> dict[str, Partition]:
    """Return the groups of each column that has some."""
    found = {name: column_groups(name, cells, kinds[name]) for name, cells in columns.items()}
    return {name: groups for name, groups in found.items() if groups is not None}


def column_groups(name: str, cells: Cells, kind: ColumnKind) -> Partition | None:
    """Return groups that hold every row at most once; None if there are fewer than two.

    Of many values, the most frequent ones are groups, and all others are one.
    """
    parts: Iterable[Partition] = divisions({name: cells}, {name: kind})
    if kind is ColumnKind.DATETIME:
        parts = [*parts, *_date_ranges(name, cells)]
    members = np.full(len(cells), -1, dtype=np.int8)
    descriptions: list[str] = []
    for part in reversed(list(parts)):  # empty cells come first, and are to be the last group
        members, added = _with_part(members, len(descriptions), part)
        descriptions += added
    is_other = members < 0
    if is_other.any() and descriptions and kind is not ColumnKind.TEXT:
        members[is_other] = len(descriptions)
        descriptions.append(f"{name}: all other values")
    return Partition(members, descriptions) if len(descriptions) > 1 else None


def _with_part(
    members: npt.NDArray[np.int8], n_groups: int, part: Partition
) -> tuple[npt.NDArray[np.int8], list[str]]:
    """Add the groups of a part that have rows, up to the largest number of groups."""
    counts = np.bincount(part.members[part.members >= 0], minlength=len(part.descriptions))
    kept = np.flatnonzero(counts)[: MAX_GROUPS - n_groups]
    place = np.full(len(part.descriptions) + 1, -1, dtype=np.int8)  # the last is that of -1
    place[kept] = np.arange(len(kept)) + n_groups
    placed = place[part.members]
    return np.where(placed >= 0, placed, members), [part.descriptions[one] for one in kept]


def _date_ranges(name: str, cells: Cells) -> list[Partition]:
    moments = cells.distinct_moments[cells.codes]
    is_known = ~np.isnat(moments)
    if not is_known.any():
        return []
    seconds = moments.astype("datetime64[s]").astype(np.int64)
    shares = np.linspace(0, 1, N_DATE_RANGES + 1)
    edges = np.unique(np.quantile(seconds[is_known], shares).astype(np.int64))
    if len(edges) < 2:
        return []
    place = np.clip(np.searchsorted(edges, seconds, side="right") - 1, 0, len(edges) - 2)
    days = edges.astype("datetime64[s]").astype("datetime64[D]").astype(str).tolist()
    names = [f"{name} from {low} to {high}" for low, high in pairwise(days)]
    return [Partition(np.where(is_known, place, -1).astype(np.int8), names)]
