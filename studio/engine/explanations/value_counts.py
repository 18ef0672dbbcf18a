"""Counts how often the rows of each class have a word or another value."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from studio.engine.labels.encoding import Labels
from studio.engine.schema.explanation import EVERY_CLASS, EVERY_VALUE
from studio.engine.table.cells import Cells, Table
from studio.engine.table.columns import MEASURED, ColumnKind
from studio.engine.text.words import words_of

NO_LEVEL = -1
NO_VALUE = "no value"
MAX_ROWS = 50_000  # that are counted
MAX_CHARACTERS = 10_000_000  # of their texts
MIN_ROWS = 3  # with a value, for it to be counted
MAX_WORDS = 20_000  # of a column
MAX_LEVELS = 1_000
N_RANGES = 10  # of numbers and dates, with as many rows each


@dataclass(frozen=True, slots=True)
class Leveled:
    """A column as a few different values: their names, and that of each row, shape (n,)."""

    names: Sequence[str]
    levels: npt.NDArray[np.int16]


def leveled(cells: Cells, kind: ColumnKind) -> Leveled:
    """Return the values of a column that is not text; numbers and dates by tenths of the rows."""
    if kind is ColumnKind.DATETIME:
        return _ranges(cells, cells.distinct_moments)
    if kind in MEASURED:
        return _ranges(cells, cells.distinct_numbers)
    counts = cells.counts()
    by_count = np.argsort(-counts, kind="stable")[:MAX_LEVELS]
    kept = by_count[counts[by_count] >= MIN_ROWS]
    of_distinct = np.full(len(counts), NO_LEVEL, dtype=np.int16)
    of_distinct[kept] = np.arange(len(kept))
    names = [str(cell).strip() or NO_VALUE for cell in cells.distinct[kept]]
    return Leveled(names, of_distinct[cells.codes])


def _ranges(cells: Cells, distinct: npt.NDArray[np.generic]) -> Leveled:
    is_known = ~pd.isna(distinct)
    values = distinct[cells.codes]
    known = np.sort(values[is_known[cells.codes]])
    if not len(known):
        return Leveled([NO_VALUE], np.zeros(len(cells), dtype=np.int16))
    at = np.linspace(0, len(known) - 1, N_RANGES + 1).astype(np.int64)
    edges = np.unique(known[at])
    n_ranges = max(1, len(edges) - 1)
    # The last range has its upper end as well; where all are equal there is one of one value.
    place = np.searchsorted(edges[1:-1], distinct, side="right")
    of_distinct = np.where(is_known, place, n_ranges).astype(np.int16)
    names = [f"{_written(low)} to {_written(high)}" for low, high in pairwise(edges)]
    return Leveled([*(names or [_written(edges[0])]), NO_VALUE], of_distinct[cells.codes])


def _written(edge: np.generic) -> str:
    if isinstance(edge, np.datetime64):
        return str(edge.astype("datetime64[D]"))
    return f"{edge:,.6g}"


def count_values(
    table: Table,
    columns: dict[str, Leveled],
    texts: Sequence[str],
    labels: Labels,
    learned: npt.NDArray[np.int64],
) -> pd.DataFrame:
    """Count the values of each class; for the result see `Explanation.value_counts`.

    Parameters
    ----------
    table
        n rows.
    columns
        Those that are not text, by name.
    texts
        Names of the columns whose words are counted.
    labels
        Classes, or sets of classes, of the n rows.
    learned
        The rows that are learned from: not those for testing.
    """
    rows = _spread(learned, table, texts)
    members = _members(labels, rows)
    parts = [_counted(EVERY_VALUE, [""], [NO_LEVEL], np.ones((len(rows), 1)), members)]
    for name, column in columns.items():
        has_level = np.arange(len(column.names)) == column.levels[rows, None]
        levels = range(len(column.names))
        parts.append(_counted(name, column.names, levels, has_level, members))
    for name in texts:
        beginnings = table[name].reordered(rows).beginnings()
        words = CountVectorizer(analyzer=words_of, max_features=MAX_WORDS, dtype=np.int32)
        try:
            has_word = words.fit_transform(beginnings)
        except ValueError:  # no row has a word
            continue
        names = words.get_feature_names_out().tolist()
        parts.append(_counted(name, names, [NO_LEVEL] * len(names), has_word, members))
    return pd.concat(parts, ignore_index=True)


def _spread(
    labeled: npt.NDArray[np.int64], table: Table, texts: Sequence[str]
) -> npt.NDArray[np.int64]:
    """Return evenly spread rows, few enough to be counted in seconds."""
    n_parts = len(labeled) / MAX_ROWS
    for name in texts:
        lengths = np.array([len(cell) for cell in table[name].distinct])
        n_characters = lengths[table[name].codes[labeled]].sum()
        n_parts = max(n_parts, n_characters / MAX_CHARACTERS)
    return labeled[:: max(1, math.ceil(n_parts))]


def _members(labels: Labels, rows: npt.NDArray[np.int64]) -> sparse.csr_array:
    """Return whether each row has each class."""
    targets = labels.targets[rows]
    if targets.ndim == 2:
        return sparse.csr_array(targets.astype(np.int32))
    shape = (len(rows), len(labels.classes))
    ones = np.ones(len(rows), dtype=np.int32)
    return sparse.csr_array((ones, (np.arange(len(rows)), targets)), shape=shape)


def _counted(
    column: str,
    names: Sequence[str],
    levels: Iterable[int],
    has_value: npt.NDArray[np.generic] | sparse.csr_array,
    members: sparse.csr_array,
) -> pd.DataFrame:
    has_value = sparse.csr_array(has_value, dtype=np.int32)
    totals = np.asarray(has_value.sum(axis=0)).ravel()
    by_class = sparse.coo_array(members.T @ has_value)
    is_frequent = totals >= MIN_ROWS
    frequent = np.flatnonzero(is_frequent)
    kept = is_frequent[by_class.col]
    place = np.concatenate([frequent, by_class.col[kept]])
    return pd.DataFrame(
        {
            "column": column,
            "value": np.asarray(names, dtype=object)[place],
            "level": np.asarray(list(levels), dtype=np.int16)[place],
            "code": np.concatenate([np.full(len(frequent), EVERY_CLASS), by_class.row[kept]]),
            "n": np.concatenate([totals[frequent], by_class.data[kept]]),
        }
    )
