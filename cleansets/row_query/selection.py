"""Translates a query to the SQL of a condition and an order."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cleansets.cell_filters import CellReading, cells_condition
from cleansets.issue_columns import issues_in
from cleansets.mapped_results import CELL_END, ROW_ID, mapped_table, searched_table
from cleansets.review_order import (
    FLAG,
    MAX_RANDOM_ROWS,
    RANDOM_PERIODS,
    RANDOM_PLACE,
    REVIEW_ORDERS,
    SCORE,
    VALUE_PLACE,
)
from cleansets.row_address import (
    CHANGED,
    COPIES_DIFFER,
    GIVEN,
    LABEL_RANGES,
    NO_CLASS,
    RANDOM,
    SUGGESTED,
    UNLABELED,
    CellFilter,
    RowQuery,
)
from cleansets.row_query.sets import SET_PLACE, set_places
from cleansets.row_query.source import CLUSTER, DECISION_COLUMNS, RowSource
from cleansets.row_sets import row_set
from studio import cell_sql, tables
from studio.engine.conventions.label_sets import join_labels
from studio.engine.ml_task import MLTask
from studio.engine.schema.split import SPLIT_COLUMN
from studio.sql import blank_sql, quoted, text_literal

LABELS = (GIVEN, SUGGESTED, "corrected_label")
COMPARED = (GIVEN, SUGGESTED, "is_label_issue")  # in two versions
# Near-duplicate sets whose rows, without excluded ones, have different labels now.
_DIFFERING_SETS = (
    f"SELECT {CLUSTER} FROM rows WHERE {CLUSTER} IS NOT NULL AND action IS DISTINCT FROM 'exclude'"
    f" GROUP BY {CLUSTER} HAVING count(DISTINCT coalesce(clean_label, '')) > 1"
)
# One class in the cell of a set, as `split_labels` reads it.
_FIELD = r'\s*(?:"(?:[^"]|"")*"|[^",\s][^,\n]*)?\s*'


@dataclass(frozen=True, slots=True)
class Selection:
    """A selection of rows in an order: the condition with its values, and the sort terms.

    `counted` and `sorted_from` are the tables from which the condition alone, and both, can be
    read: decisions are joined to all rows only where that is needed. `key` stands for the condition
    with everything that it reads, decisions as of their newest action; None if that is not known.
    """

    condition: str
    values: tuple[object, ...]
    order: str
    counted: str
    sorted_from: str
    key: tuple[object, ...] | None


def select(query: RowQuery, source: RowSource) -> Selection:
    """Return the selection of a query; its free-text search runs immediately."""
    conditions: list[str] = []
    values: list[object] = []
    _add_places(query, source)
    for issue in issues_in(source.result_columns):
        if issue.key == query.issue:
            conditions.append(_issue_condition(issue.flag, query, source))
    for column, wanted in ((GIVEN, query.given), (SUGGESTED, query.suggested)):
        if wanted and source.task is MLTask.MULTI_LABEL:
            _match_set(conditions, values, column, wanted)
        elif wanted and source.task is not MLTask.UNSUPERVISED:
            _match(conditions, values, column, wanted)
    if query.action or query.tag:
        conditions.append(source.decision_column(query.action, query.tag))
    _match_only(conditions, query.only, source)
    if query.part and SPLIT_COLUMN in source.result_columns:
        conditions.append(f"{quoted(SPLIT_COLUMN)} = ?")
        values.append(query.part)
    _match_ranges(conditions, values, query, source)
    _match_cells(conditions, query, source)
    if query.among:
        found = row_set(query.among)
        row_ids = pa.array([] if found is None else found.row_ids, pa.int64())
        source.register("row_set", pa.table({"row_id": row_ids}))
        conditions.append("row_id IN (SELECT row_id FROM row_set)")
    if query.search:
        source.register("found", rows_with_text(source.table_key, query.search))
        conditions.append("row_id IN (SELECT row_id FROM found)")
    # Results without suggested labels get the column, all null, in `rows` only.
    is_suggestion_named = bool(query.suggested) or any(
        part.column == SUGGESTED for part in query.ranges
    )
    lacks_suggestions = is_suggestion_named and SUGGESTED not in source.result_columns
    counted = "rows" if lacks_suggestions else "issues"
    sorts_decisions = source.sort_column(query) in DECISION_COLUMNS
    condition = " AND ".join(conditions) or "true"
    return Selection(
        condition=condition,
        values=tuple(values),
        order=order(query, source),
        counted=counted,
        sorted_from="rows" if sorts_decisions else counted,
        key=None if lacks_suggestions else _key(query, source, (condition, *values)),
    )


def _key(
    query: RowQuery, source: RowSource, found: tuple[object, ...]
) -> tuple[object, ...] | None:
    """Return the condition and its values with what else decides which rows they keep."""
    if query.cells or query.among or query.only == COPIES_DIFFER:
        return None
    read = (source.results_key, source.table_key, source.previous_key, query.search, query.only)
    if not (query.action or query.tag):
        return (*read, *found)
    if source.reviews_as_of is None:
        return None
    return (*read, *found, source.reviews_as_of, query.action, query.tag)


def _add_places(query: RowQuery, source: RowSource) -> None:
    """Make the places available by which the query orders its rows."""
    if source.sort_column(query) in REVIEW_ORDERS:
        source.with_places()
    if source.is_by_sets(query) and SET_PLACE not in source.results.column_names:
        source.add_columns({SET_PLACE: set_places(source.results_key)})


def order(query: RowQuery, source: RowSource) -> str:
    """Return the order of the query; ties are broken by row, so that pages partition the result."""
    column = source.sort_column(query)
    if source.is_by_sets(query):
        return f"{SET_PLACE}, {column} DESC, row_id"
    if column in REVIEW_ORDERS:
        return f"{_place_sql(column)} NULLS LAST, {SCORE} DESC, row_id"
    if source.task is MLTask.REGRESSION and column in LABELS:
        value = cell_sql.number(column, source.convention)
    else:
        value = quoted(column)
    direction = "ASC" if query.ascending or column == "row_id" else "DESC"
    return f"{value} {direction} NULLS LAST, row_id"


def _issue_condition(flag: str, query: RowQuery, source: RowSource) -> str:
    """Return the condition of an issue; random rows may be mixed in between label issues."""
    period = RANDOM_PERIODS.get(source.sort_column(query))
    if flag != FLAG or period is None or source.places is None:
        return flag
    n_random = -(-source.places.n_flagged // (period - 1))
    return f"({flag} OR {RANDOM_PLACE} BETWEEN 1 AND {n_random})"


def _place_sql(review_order: str) -> str:
    """Return SQL for the place of a row in an order of review; every so many rows a random one."""
    period = RANDOM_PERIODS.get(review_order)
    if period is None:
        return f"nullif({VALUE_PLACE}, 0)"
    return (
        f"CASE WHEN {VALUE_PLACE} > 0 THEN {VALUE_PLACE} + ({VALUE_PLACE} - 1) // {period - 1}"
        f" WHEN {RANDOM_PLACE} > 0 THEN {RANDOM_PLACE} * {period} END"
    )


@lru_cache(maxsize=8)
def rows_with_text(table_key: str, text: str) -> pa.Table:
    """Return the rows with the text in any of their cells, ignoring case.

    Cached for further pages of the same search, since the table never changes.
    """
    lower = pc.utf8_lower(pa.scalar(text.replace(CELL_END, ""))).as_py()
    with closing(tables.connect()) as connection:
        connection.register("texts", searched_table(table_key))
        rows = connection.sql(
            "SELECT row_id::INTEGER AS row_id FROM texts WHERE contains(text, ?)", params=[lower]
        )
        return rows.to_arrow_table()


@lru_cache(maxsize=4)
def rows_changed(results_key: str, previous_key: str) -> pa.Table:
    """Return the rows whose flag, suggestion or given label differs between two versions."""
    results = mapped_table(results_key)
    previous = mapped_table(previous_key)
    names = [name for name in COMPARED if name in results.column_names]
    same = [name for name in names if name in previous.column_names]
    differs = " OR ".join(f"now.{name} IS DISTINCT FROM before.{name}" for name in same)
    with closing(tables.connect()) as connection:
        connection.register("now", results)
        connection.register("before", previous)
        return connection.sql(
            "SELECT row_id::INTEGER AS row_id FROM now JOIN before USING (row_id)"
            f" WHERE {differs or 'false'}"
        ).to_arrow_table()


@lru_cache(maxsize=4)
def rows_with_cells(table: Path, wanted: tuple[tuple[CellFilter, CellReading], ...]) -> pa.Table:
    """Return the rows whose cells match all filters; cached as in `rows_with_text`."""
    conditions: list[str] = []
    values: list[object] = []
    for part, reading in wanted:
        condition, parameters = cells_condition(part, reading)
        conditions.append(f"({condition})")
        values.extend(parameters)
    rows = tables.connect().sql(
        f"SELECT {ROW_ID}::INTEGER AS row_id FROM read_parquet({text_literal(str(table))})"
        f" WHERE {' AND '.join(conditions)}",
        params=values,
    )
    return rows.to_arrow_table()


def _match(conditions: list[str], values: list[object], column: str, wanted: str) -> None:
    if wanted == UNLABELED:
        conditions.append(blank_sql(column))
    else:
        conditions.append(f"{column} = ?")
        values.append(wanted)


def _match_set(conditions: list[str], values: list[object], column: str, wanted: str) -> None:
    """Keep the rows whose set contains the class; a missing set is not the empty set."""
    if wanted == UNLABELED:
        conditions.append(f"{column} IS NULL")
    elif wanted == NO_CLASS:
        conditions.append(f"{column} IS NOT NULL AND {blank_sql(column)}")
    else:
        condition, pattern = set_condition(column, wanted)
        conditions.append(condition)
        values.append(pattern)


def set_condition(column: str, name: str) -> tuple[str, str]:
    """Return the condition that a set contains a class, and the value of its parameter."""
    return f"regexp_matches({column}, ?)", _set_pattern(name)


def _set_pattern(name: str) -> str:
    """Return the pattern of the sets that contain a class, whether its name is quoted or not."""
    quoted_name = '"' + name.replace('"', '""') + '"'
    spellings = sorted({join_labels([name]), quoted_name})
    wanted = "|".join(re.escape(spelling) for spelling in spellings)
    return rf"^(?:{_FIELD}[,\n])*\s*(?:{wanted})\s*(?:[,\n]|$)"


def _match_ranges(
    conditions: list[str], values: list[object], query: RowQuery, source: RowSource
) -> None:
    for part in query.ranges:
        is_label = part.column in LABEL_RANGES
        if is_label and source.task is MLTask.REGRESSION:
            column = cell_sql.number(part.column, source.convention)
        elif not is_label and part.column in source.result_columns:
            column = part.column
        else:
            continue  # classes have no range; other results lack the score
        for end, sign in ((part.low, ">="), (part.high, "<=")):
            if end is not None:
                conditions.append(f"{column} {sign} ?")
                values.append(end)


def _match_cells(conditions: list[str], query: RowQuery, source: RowSource) -> None:
    wanted_cells = tuple(
        (part, source.readings.get(part.column, CellReading()))
        for part in query.cells
        if part.column in source.own_columns
    )
    if wanted_cells:
        source.register("with_cells", rows_with_cells(source.table, wanted_cells))
        conditions.append("row_id IN (SELECT row_id FROM with_cells)")


def _match_only(conditions: list[str], only: str, source: RowSource) -> None:
    if only == RANDOM and source.places is not None:
        rows = source.places.random_rows[:MAX_RANDOM_ROWS]
        source.register("random_rows", pa.table({"row_id": rows}))
        conditions.append("row_id IN (SELECT row_id FROM random_rows)")
    elif only == COPIES_DIFFER and CLUSTER in source.result_columns:
        conditions.append(f"{CLUSTER} IN ({_DIFFERING_SETS})")
    elif only == CHANGED and source.previous_key:
        source.register("changed", rows_changed(source.results_key, source.previous_key))
        conditions.append("row_id IN (SELECT row_id FROM changed)")
