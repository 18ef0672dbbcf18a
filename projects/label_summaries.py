"""What a label column holds, read as the task says: for the page of a new project, and for the engine's checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from projects.models import DatasetVersion
from projects.readers.facts import ROW_ID
from projects.readers.profile import ColumnProfile, Histogram
from projects.selectors import LabelCounts, label_counts
from studio import tables
from studio.engine import cell_values
from studio.engine.columns import ColumnKind
from studio.engine.label_sets import split_labels
from studio.engine.ml_task import MLTask
from studio.engine.validate import ColumnFacts

MAX_SETS = 50_000  # different cells that are taken apart; a column with more is no column of labels
SAMPLE_ROWS = 20_000  # in which a column of sets is recognised
MIN_SHARE_OF_SETS = 0.03  # of the cells, those with two names or more
MIN_ROWS_PER_NAME = 5.0  # on average, in a column of sets
MAX_NAME_CHARS = 40  # on average
MAX_WORDS = 6.0  # on average, in a cell that may be a set
N_UNREAD = 1_000  # different cells that DuckDB takes for no numbers, which are then read as the engine reads them


@dataclass(frozen=True, slots=True)
class SetCounts:
    """How often each class occurs in sets: `classes` are (name, rows), most frequent first."""

    classes: tuple[tuple[str, int], ...]
    n_rows: int
    n_without: int

    @property
    def n_classes(self) -> int:
        """How many different classes occur."""
        return len(self.classes)

    @property
    def n_per_row(self) -> float:
        """How many classes a row has on average."""
        return sum(n for _, n in self.classes) / self.n_rows if self.n_rows else 0.0


@dataclass(frozen=True, slots=True)
class NumberSummary:
    """How the numbers of a column lie; `unreadable` is the first row that has none, with its cell."""

    n_unlabeled: int
    n_distinct: int
    lowest: float | None
    highest: float | None
    mean: float | None
    median: float | None
    histogram: Histogram | None
    unreadable: tuple[int, str] | None


LabelSummary = LabelCounts | SetCounts | NumberSummary


def label_summary(version: DatasetVersion, profile: ColumnProfile, task: MLTask) -> LabelSummary:
    """Read the label column as the task says."""
    if task is MLTask.MULTI_LABEL:
        return set_counts(version, profile.name)
    if task is MLTask.REGRESSION:
        return number_summary(version, profile)
    return label_counts(version, profile.name)


def label_facts(profile: ColumnProfile, summary: LabelSummary) -> ColumnFacts:
    """Return what the engine's checks need to know of the label column."""
    name, kind = profile.name, profile.kind
    if isinstance(summary, SetCounts):
        return ColumnFacts(name, kind, summary.n_without, summary.n_classes)
    if isinstance(summary, NumberSummary):
        return ColumnFacts(name, kind, summary.n_unlabeled, summary.n_distinct, summary.unreadable)
    return ColumnFacts(name, kind, summary.n_unlabeled, summary.n_classes)


def set_counts(version: DatasetVersion, column: str) -> SetCounts:
    """Count the classes of a column of sets; an empty cell is a set without any class."""
    query = f"SELECT {tables.quoted(column)}, count(*) FROM read_parquet(?) GROUP BY 1 ORDER BY 2 DESC LIMIT {MAX_SETS}"
    return _counted(_fetched(version, query))


def _counted(cells: Sequence[tuple[str | None, int]]) -> SetCounts:
    n_rows: Counter[str] = Counter()
    n_without = 0
    for cell, n in cells:
        names = split_labels(cell)
        n_without += 0 if names else n
        n_rows.update(dict.fromkeys(names, n))
    ordered = sorted(n_rows.items(), key=lambda pair: (-pair[1], pair[0]))
    return SetCounts(tuple(ordered), sum(n for _, n in cells), n_without)


def number_summary(version: DatasetVersion, profile: ColumnProfile) -> NumberSummary:
    """Read the column as numbers."""
    name = tables.quoted(profile.name)
    bare = f"regexp_replace({name}, {tables.text_literal(cell_values.DECORATION_PATTERN)}, '', 'g')"
    cells = f"SELECT {name} AS cell, try_cast({bare} AS DOUBLE) AS x, {ROW_ID} AS row_id FROM read_parquet(?)"
    is_blank = "cell IS NULL OR cell SIMILAR TO '\\s*'"
    spread = "count(DISTINCT x), min(x), max(x), avg(x), median(x)"
    counted = _fetched(version, f"SELECT count(*) FILTER (WHERE {is_blank}), {spread} FROM ({cells})")
    n_blank, n_distinct, lowest, highest, mean, median = counted[0]
    unread = _fetched(
        version,
        f"SELECT min(row_id), cell FROM ({cells}) WHERE x IS NULL AND NOT ({is_blank}) GROUP BY cell ORDER BY 1 "
        f"LIMIT {N_UNREAD}",
    )
    values = cell_values.numbers([cell for _, cell in unread])
    wrong = np.flatnonzero(np.isnan(values))
    return NumberSummary(
        n_unlabeled=n_blank,
        n_distinct=n_distinct + len(set(values[~np.isnan(values)])),
        lowest=lowest,
        highest=highest,
        mean=mean,
        median=median,
        histogram=profile.histogram if profile.kind in (ColumnKind.INTEGER, ColumnKind.NUMBER) else None,
        unreadable=unread[wrong[0]] if len(wrong) else None,
    )


def set_columns(version: DatasetVersion, profiles: Sequence[ColumnProfile]) -> frozenset[str]:
    """Return the columns whose cells look like sets of classes: few names, in combinations that repeat."""
    words = [
        profile.name
        for profile in profiles
        if profile.kind in (ColumnKind.CATEGORICAL, ColumnKind.TEXT)
        and profile.mean_words <= MAX_WORDS
        and profile.n_distinct > 2
    ]
    return frozenset(name for name in _with_commas(version, words) if _looks_like_sets(_sample(version, name)))


def _with_commas(version: DatasetVersion, names: Sequence[str]) -> list[str]:
    """Return the columns with a comma in enough cells to look closer; one scan, however many columns there are."""
    if not names:
        return []
    shares = ", ".join(f"avg(contains({tables.quoted(name)}, ',')::INTEGER)" for name in names)
    cells = ", ".join(tables.quoted(name) for name in names)
    [found] = _fetched(version, f"SELECT {shares} FROM (SELECT {cells} FROM read_parquet(?) LIMIT {SAMPLE_ROWS})")
    return [name for name, share in zip(names, found, strict=True) if (share or 0.0) >= MIN_SHARE_OF_SETS]


def _sample(version: DatasetVersion, column: str) -> list[tuple[str | None, int]]:
    some = f"SELECT {tables.quoted(column)} AS cell FROM read_parquet(?) LIMIT {SAMPLE_ROWS}"
    return _fetched(version, f"SELECT cell, count(*) FROM ({some}) WHERE cell IS NOT NULL GROUP BY 1")


def _looks_like_sets(cells: Sequence[tuple[str | None, int]]) -> bool:
    counted = _counted(cells)
    n_sets = sum(n for cell, n in cells if len(split_labels(cell)) > 1)
    if not counted.n_rows or n_sets < MIN_SHARE_OF_SETS * counted.n_rows:
        return False
    in_cells = Counter(name for cell, _ in cells for name in split_labels(cell))
    n_shared = sum(n > 1 for n in in_cells.values())
    return (
        sum(n for _, n in counted.classes) >= MIN_ROWS_PER_NAME * counted.n_classes
        and n_shared >= counted.n_classes / 2
        and sum(map(len, in_cells)) <= MAX_NAME_CHARS * len(in_cells)
        and all(any(mark.isalpha() for mark in name) for name in in_cells)
    )


def _fetched(version: DatasetVersion, query: str) -> list[tuple]:  # type: ignore[type-arg]
    with tables.connect() as connection:
        return connection.execute(query, [str(tables.local_path(version.table_key))]).fetchall()
