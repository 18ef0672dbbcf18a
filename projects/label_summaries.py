"""Summaries of a label column, for the page of a new project and for the engine's checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from projects.guess import guess_choice
from projects.models import DatasetVersion
from projects.readers.column_profile import ColumnProfile, Histogram
from projects.readers.facts import ROW_ID
from projects.readers.label_cells import LabelCells, sample_cells
from projects.selectors import column_profiles
from studio import cell_sql, tables
from studio.engine.choices.facts import ColumnFacts, facts_of_classes
from studio.engine.conventions import Convention
from studio.engine.conventions.label_sets import Separator
from studio.engine.conventions.set_guess import (
    likely_separator,
    possible_separator,
    recognised_separator,
)
from studio.engine.labels.reading import ClassCounts
from studio.engine.ml_task import MLTask
from studio.engine.table.columns import ColumnKind
from studio.sql import blank_sql, quoted

_MEASURED = (ColumnKind.INTEGER, ColumnKind.NUMBER)


@dataclass(frozen=True, slots=True)
class NumberSummary:
    """The distribution of a column of numbers.

    `unreadable` is the id and the cell of the first row whose cell is not a number.
    """

    n_unlabeled: int
    n_distinct: int
    lowest: float | None
    highest: float | None
    mean: float | None
    median: float | None
    histogram: Histogram | None
    unreadable: tuple[int, str] | None


LabelSummary = ClassCounts | NumberSummary


def label_cells(version: DatasetVersion, column: str) -> LabelCells:
    """Return the distinct cells of a column."""
    return LabelCells.of(tables.local_path(version.table_key), column)


def label_facts(profile: ColumnProfile, summary: LabelSummary) -> ColumnFacts:
    """Return what the engine's checks need to know of the label column."""
    if isinstance(summary, NumberSummary):
        return ColumnFacts(
            profile.name,
            profile.kind,
            summary.n_unlabeled,
            summary.n_distinct,
            summary.unreadable,
        )
    return facts_of_classes(profile.name, profile.kind, summary)


def number_summary(version: DatasetVersion, profile: ColumnProfile) -> NumberSummary:
    """Read the column as numbers."""
    name = quoted(profile.name)
    number = cell_sql.number(name, profile.convention or Convention.POINT)
    cells = f"SELECT {name} AS cell, {number} AS x, {ROW_ID} AS row_id FROM read_parquet(?)"
    is_blank = blank_sql("cell")
    spread = "count(DISTINCT x), min(x), max(x), avg(x), median(x)"
    counted = _fetched(
        version, f"SELECT count(*) FILTER (WHERE {is_blank}), {spread} FROM ({cells})"
    )
    n_blank, n_distinct, lowest, highest, mean, median = counted[0]
    unread = _fetched(
        version,
        f"SELECT row_id, cell FROM ({cells}) WHERE x IS NULL AND NOT ({is_blank}) ORDER BY 1"
        " LIMIT 1",
    )
    return NumberSummary(
        n_unlabeled=n_blank,
        n_distinct=n_distinct,
        lowest=lowest,
        highest=highest,
        mean=mean,
        median=median,
        histogram=profile.histogram if profile.kind in _MEASURED else None,
        unreadable=unread[0] if unread else None,
    )


def set_columns(version: DatasetVersion, profiles: Sequence[ColumnProfile]) -> dict[str, Separator]:
    """Return the separators of the columns whose cells are sets of classes."""
    found = {
        profile.name: _recognised(version.table_key, profile.name)
        for profile in profiles
        if profile.kind in (ColumnKind.CATEGORICAL, ColumnKind.TEXT) and profile.n_distinct > 2
    }
    return {name: separator for name, separator in found.items() if separator is not None}


# Tables never change, so what was recognised once stays valid.
@lru_cache(maxsize=1_000)
def _recognised(table_key: str, column: str) -> Separator | None:
    return recognised_separator(sample_cells(tables.local_path(table_key), column))


@lru_cache(maxsize=1_000)
def separator_that_may_be(table_key: str, column: str) -> Separator | None:
    """Return the separator that the cells of a column may use; None if they are not sets."""
    return possible_separator(sample_cells(tables.local_path(table_key), column))


def separator_of(version: DatasetVersion, column: str) -> Separator:
    """Return the most likely separator of a column whose cells are known to be sets."""
    return likely_separator(sample_cells(tables.local_path(version.table_key), column))


def label_guess(version: DatasetVersion, task: str) -> str | None:
    """Guess the label column of a task; None where no column looks like one."""
    profiles = column_profiles(version)
    if task == MLTask.MULTI_LABEL:
        sets = set_columns(version, profiles)
        guess = guess_choice(profiles, task=MLTask.MULTI_LABEL, sets=sets)
        if guess.label_column is not None:
            return guess.label_column
        listed = [
            profile for profile in profiles if any("," in top.value for top in profile.top_values)
        ]
        shortest = min(listed, key=lambda profile: profile.mean_length, default=None)
        return None if shortest is None else shortest.name
    guess = guess_choice(profiles)
    if task == MLTask.REGRESSION and guess.task is not MLTask.REGRESSION:
        numbers = [
            profile.name
            for profile in profiles
            if profile.kind in _MEASURED and profile.n_distinct > 1
        ]
        return numbers[-1] if numbers else None
    return guess.label_column


def _fetched(version: DatasetVersion, query: str) -> list[tuple]:  # type: ignore[type-arg]
    with tables.connect() as connection:
        return connection.execute(query, [str(tables.local_path(version.table_key))]).fetchall()
