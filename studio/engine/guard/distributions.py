"""How the cells of a column, predictions or lengths of texts are distributed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.engine.table import cell_values
from studio.engine.table.cells import Cells, Table
from studio.engine.table.columns import MEASURED, ColumnKind

MAX_NUMBERS = 5_000
MAX_LEVELS = 1_000
_DAY = np.timedelta64(1, "D")
_EPOCH = np.datetime64("2000-01-01")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Distribution:
    """The values of one measure, of numbers or of a few different ones.

    Attributes
    ----------
    n_rows, n_missing
        Rows, and those without a value.
    numbers
        A sorted sample; None for levels.
    levels
        How many rows have each level, the most frequent first; rarer ones are left out.
    are_days
        Whether the numbers are days since 2000-01-01.
    """

    n_rows: int
    n_missing: int
    numbers: Floats | None = None
    levels: Mapping[str, int] | None = None
    are_days: bool = False

    @classmethod
    def of_numbers(cls, values: Floats, *, are_days: bool = False) -> Distribution:
        known = np.sort(values[np.isfinite(values)])
        n_missing = len(values) - len(known)
        if len(known) > MAX_NUMBERS:
            places = np.linspace(0, len(known) - 1, MAX_NUMBERS).round().astype(np.int64)
            known = known[places]
        return cls(len(values), n_missing, numbers=known, are_days=are_days)

    @classmethod
    def of_levels(cls, counts: Mapping[str, int], n_missing: int) -> Distribution:
        by_count = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        n_rows = sum(counts.values()) + n_missing
        return cls(n_rows, n_missing, levels=dict(by_count[:MAX_LEVELS]))


def column_distributions(table: Table, kinds: Mapping[str, ColumnKind]) -> dict[str, Distribution]:
    """Return the distribution of each column; of texts, that of their lengths in characters.

    Identifiers and addresses are left out: their values are new in every file.
    """
    found = {}
    for name, cells in table.items():
        kind = kinds[name]
        if kind not in (ColumnKind.IDENTIFIER, ColumnKind.URL):
            found[name] = _distribution(cells, kind)
    return found


def _distribution(cells: Cells, kind: ColumnKind) -> Distribution:
    if kind is ColumnKind.DATETIME:
        moments = cells.distinct_moments
        days = np.where(np.isnat(moments), np.nan, (moments - _EPOCH) / _DAY)
        return Distribution.of_numbers(days[cells.codes], are_days=True)
    if kind in MEASURED:
        return Distribution.of_numbers(cells.numbers)
    if kind is ColumnKind.TEXT:
        lengths = np.array([len(cell.strip()) for cell in cells.distinct], dtype=np.float64)
        is_blank = cell_values.is_blank(cells.distinct.tolist())
        return Distribution.of_numbers(np.where(is_blank, np.nan, lengths)[cells.codes])
    counts: dict[str, int] = {}
    n_missing = 0
    is_blank = cell_values.is_blank(cells.distinct.tolist())
    for cell, n_rows, is_missing in zip(
        cells.distinct.tolist(), cells.counts().tolist(), is_blank.tolist(), strict=True
    ):
        if is_missing:
            n_missing += n_rows
        else:
            level = cell.strip()
            counts[level] = counts.get(level, 0) + n_rows
    return Distribution.of_levels(counts, n_missing)


def day_text(days: float) -> str:
    """Return a number of days since 2000-01-01 as a date."""
    return str(_EPOCH + np.timedelta64(round(days), "D"))
