"""The review table as SQL for DuckDB: the one place that turns a `RowQuery` into rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from cleansets.issue_columns import BADGES, SCORES, advice_sql, issues_in
from cleansets.row_address import (
    ALL_ROWS,
    CORRECTED,
    GIVEN,
    LABEL_RANGES,
    NEEDS_REVIEW,
    NO_CLASS,
    SUGGESTED,
    UNDECIDED,
    UNLABELED,
    RowQuery,
)
from studio import cell_sql, tables
from studio.engine.conventions import Convention
from studio.engine.conventions.label_sets import join_labels, split_labels
from studio.engine.ml_task import MLTask
from studio.tables import blank_sql, filled_sql, quoted

PAGE_SIZE = 50
ROW_ID = "__row_id"
EVERY_ROW = RowQuery(issue=ALL_ROWS)
_DECIDABLE = "row_id, suggested_label, advice, is_manual, action, decided_label, needs_review"
INITIALLY_UNLABELED = "is_initially_unlabeled"
LABELS = (GIVEN, SUGGESTED, "corrected_label")
_FIELD = (  # one class in the cell of a set, as `split_labels` reads it
    r'\s*(?:"(?:[^"]|"")*"|[^",\s][^,\n]*)?\s*'
)


@dataclass(frozen=True, slots=True)
class RowSource:
    """The files and decisions that a query reads; `task` and `convention` say how their labels are
    read.
    """

    issues: Path
    table: Path
    reviews: pa.Table
    own_columns: tuple[str, ...]
    result_columns: tuple[str, ...]
    task: MLTask = MLTask.MULTI_CLASS
    convention: Convention = Convention.POINT

    @classmethod
    def of(
        cls,
        issues: Path,
        table: Path,
        reviews: pa.Table,
        task: MLTask = MLTask.MULTI_CLASS,
        convention: Convention = Convention.POINT,
    ) -> RowSource:
        """Read the columns' names from the files."""
        own = tuple(name for name in pq.read_schema(table).names if name != ROW_ID)
        results = tuple(name for name in pq.read_schema(issues).names if name != "row_id")
        return cls(issues, table, reviews, own, results, task, convention)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Return a connection with the views `issues`, `own_rows`, `reviews` and `rows`."""
        connection = tables.connect()
        connection.register("reviews", self.reviews)
        connection.execute(
            f"CREATE TEMP VIEW issues AS SELECT {self._issues} FROM"
            f" read_parquet('{_path(self.issues)}')"
        )
        connection.execute(
            f"CREATE TEMP VIEW own_rows AS SELECT * FROM read_parquet('{_path(self.table)}')"
        )
        connection.execute(self._rows_view())
        return connection

    @property
    def _issues(self) -> str:
        """The columns of the results; before lists could be read, a given set without classes was
        written as null.
        """
        if self.task is not MLTask.MULTI_LABEL or INITIALLY_UNLABELED not in self.result_columns:
            return "*"
        given = f"CASE WHEN {GIVEN} IS NULL AND NOT {INITIALLY_UNLABELED} THEN '' ELSE {GIVEN} END"
        return f"* REPLACE ({given} AS {GIVEN})"

    def _rows_view(self) -> str:
        first = join_first = ""
        if SUGGESTED not in self.result_columns:
            first = f", NULL::VARCHAR AS {SUGGESTED}"
        if "near_duplicate_cluster_id" in self.result_columns:
            first += ", issues.row_id IS NOT DISTINCT FROM first_row AS is_first_of_set"
            join_first = """LEFT JOIN (SELECT near_duplicate_cluster_id AS set_id,
              min(row_id) AS first_row FROM issues
                WHERE near_duplicate_cluster_id IS NOT NULL GROUP BY ALL) sets
                ON issues.near_duplicate_cluster_id = sets.set_id"""
        uploaded = (
            "CASE WHEN is_given_corrected THEN reviews.uploaded_label ELSE given_label::VARCHAR END"
        )
        if self.task is not MLTask.MULTI_LABEL:
            uploaded = filled_sql(f"({uploaded})")
        return f"""CREATE TEMP VIEW rows AS SELECT *,
          {advice_sql(self.result_columns)} AS advice FROM (
            SELECT issues.*, action, decided_label, corrected_label, {uploaded} AS uploaded_label,
                   coalesce(corrected_label, {uploaded}) AS clean_label,
                   coalesce(is_given_corrected, false) AS is_given_corrected,
                   coalesce(needs_review, false) AS needs_review, coalesce(is_manual,
                     false) AS is_manual{first}
            FROM issues LEFT JOIN reviews ON issues.row_id = reviews.row_id {join_first})"""

    def sort_column(self, query: RowQuery) -> str:
        """The column that orders the table: the one asked for, else the score of the issue looked
        at, else the row.
        """
        if query.sort:
            is_known = query.sort in self.result_columns or query.sort in (
                "corrected_label",
                "action",
            )
            return query.sort if is_known else "row_id"
        looked_at = [
            issue.score for issue in issues_in(self.result_columns) if issue.key == query.issue
        ]
        return next(
            (score for score in (*looked_at, *SCORES) if score in self.result_columns), "row_id"
        )

    @property
    def to_review(self) -> str:
        """The SQL for the rows that a reviewer is led to."""
        return " OR ".join(_review_flags(self.result_columns)) or "false"


def _review_flags(columns: Iterable[str]) -> list[str]:
    """Return the flags of what a reviewer is led to: label issues, or any issue where nothing has a
    label.
    """
    flags = [issue.flag for issue in issues_in(columns) if issue in BADGES]
    return flags[:1] if "is_label_issue" in flags else flags


@lru_cache(maxsize=64)
def rows_to_review(issues: Path) -> npt.NDArray[np.bool_]:
    """Return which rows a reviewer is led to, shape (n_rows,); the file never changes."""
    flags = _review_flags(pq.read_schema(issues).names)
    found = np.zeros(pq.read_metadata(issues).num_rows, dtype=bool)
    for column in pq.read_table(issues, columns=flags).columns:
        found |= column.to_numpy()
    return found


def _path(path: Path) -> str:
    return str(path).replace("'", "''")


def where(query: RowQuery, source: RowSource) -> tuple[str, list[object]]:
    """Return the condition of the query and its parameters."""
    parts: list[str] = []
    values: list[object] = []
    for issue in issues_in(source.result_columns):
        if issue.key == query.issue:
            parts.append(issue.flag)
    for column, wanted in ((GIVEN, query.given), (SUGGESTED, query.suggested)):
        if wanted and source.task is MLTask.MULTI_LABEL:
            _match_set(parts, values, column, wanted)
        elif wanted and source.task is not MLTask.UNSUPERVISED:
            _match(parts, values, column, wanted)
    _match_action(parts, values, query.action)
    _match_ranges(parts, values, query, source)
    if query.search:
        cells = f"concat_ws(' ', *COLUMNS(* EXCLUDE ({ROW_ID})))"
        parts.append(
            f"row_id IN (SELECT {ROW_ID} FROM own_rows WHERE contains(lower({cells}), lower(?)))"
        )
        values.append(query.search)
    return " AND ".join(parts) or "true", values


def _match(parts: list[str], values: list[object], column: str, wanted: str) -> None:
    if wanted == UNLABELED:
        parts.append(blank_sql(column))
    else:
        parts.append(f"{column} = ?")
        values.append(wanted)


def _match_set(parts: list[str], values: list[object], column: str, wanted: str) -> None:
    """Keep the rows whose set has the class; a missing set is none at all, which is not the empty
    one.
    """
    if wanted == UNLABELED:
        parts.append(f"{column} IS NULL")
    elif wanted == NO_CLASS:
        parts.append(f"{column} IS NOT NULL AND {blank_sql(column)}")
    else:
        parts.append(f"regexp_matches({column}, ?)")
        values.append(_set_pattern(wanted))


def _set_pattern(name: str) -> str:
    spellings = {join_labels([name]), '"' + name.replace('"', '""') + '"'}
    wanted = "|".join(re.escape(spelling) for spelling in sorted(spellings))
    return rf"^(?:{_FIELD}[,\n])*\s*(?:{wanted})\s*(?:[,\n]|$)"


def _match_ranges(
    parts: list[str], values: list[object], query: RowQuery, source: RowSource
) -> None:
    for part in query.ranges:
        is_label = part.column in LABEL_RANGES and source.task is MLTask.REGRESSION
        if not is_label and (
            part.column in LABEL_RANGES or part.column not in source.result_columns
        ):
            continue
        column = cell_sql.number(part.column, source.convention) if is_label else part.column
        for end, sign in ((part.low, ">="), (part.high, "<=")):
            if end is not None:
                parts.append(f"{column} {sign} ?")
                values.append(end)


def _match_action(parts: list[str], values: list[object], action: str) -> None:
    if action == UNDECIDED:
        parts.append("action IS NULL")
    elif action == CORRECTED:
        parts.append("corrected_label IS NOT NULL")
    elif action == NEEDS_REVIEW:
        parts.append("needs_review")
    elif action:
        parts.append("action = ?")
        values.append(action)


def order(query: RowQuery, source: RowSource) -> str:
    """Return the order of the query; ties go by row, so that pages partition the result."""
    column = source.sort_column(query)
    by_number = source.task is MLTask.REGRESSION and column in LABELS
    value = cell_sql.number(column, source.convention) if by_number else quoted(column)
    return (
        f"{value} {'ASC' if query.ascending or column == 'row_id' else 'DESC'} NULLS LAST, row_id"
    )


@dataclass(frozen=True, slots=True)
class RowPage:
    """One page of the review table."""

    rows: list[dict[str, Any]]
    n_rows: int
    page: int

    @property
    def first(self) -> int:
        """1-based place of the first row shown."""
        return (self.page - 1) * PAGE_SIZE + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """1-based place of the last row shown."""
        return (self.page - 1) * PAGE_SIZE + len(self.rows)

    @property
    def has_next(self) -> bool:
        """Whether there is a page after this one."""
        return self.last < self.n_rows


def fetch_page(query: RowQuery, source: RowSource) -> RowPage:
    """Return one page of rows with their own cells under `own`; a page past the end becomes the
    last one.
    """
    rows, n_rows = fetch_slice(query, source, limit=PAGE_SIZE, offset=(query.page - 1) * PAGE_SIZE)
    page = min(query.page, max(-(-n_rows // PAGE_SIZE), 1))
    if page != query.page:
        rows, n_rows = fetch_slice(query, source, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
    return RowPage(rows, n_rows, page)


def fetch_slice(
    query: RowQuery, source: RowSource, *, limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """Return some rows of the query with their own cells under `own`, and how many there are in
    all.
    """
    condition, values = where(query, source)
    with closing(source.connect()) as connection:
        counted = connection.execute(
            f"SELECT count(*) FROM rows WHERE {condition}", values
        ).fetchone()
        limits = f"LIMIT {int(limit)} OFFSET {int(offset)}"
        found = connection.execute(
            f"SELECT * FROM rows WHERE {condition} ORDER BY {order(query, source)} {limits}", values
        )
        rows = _as_dicts(found)
    own = _own_cells(source, [row["row_id"] for row in rows])
    return [row | {"own": own[row["row_id"]]} for row in rows], int(counted[0]) if counted else 0


def fetch_row(row_id: int, source: RowSource) -> dict[str, Any] | None:
    """Return one row with its own cells under `own`, or None."""
    with closing(source.connect()) as connection:
        found = _as_dicts(connection.execute("SELECT * FROM rows WHERE row_id = ?", [row_id]))
    return found[0] | {"own": _own_cells(source, [row_id])[row_id]} if found else None


def fetch_first(query: RowQuery, source: RowSource, k: int) -> list[dict[str, Any]]:
    """Return what a bulk action must know of the first `k` rows of the view."""
    condition, values = where(query, source)
    with closing(source.connect()) as connection:
        wanted = (
            f"SELECT {_DECIDABLE} FROM rows WHERE {condition} ORDER BY {order(query, source)} LIMIT"
            f" {int(k)}"
        )
        return _as_dicts(connection.execute(wanted, values))


def fetch_decidable(row_ids: Sequence[int], source: RowSource) -> dict[int, dict[str, Any]]:
    """Return what a bulk action must know of these rows, by row; rows that do not exist are left
    out.
    """
    with closing(source.connect()) as connection:
        connection.register("wanted", pa.table({"row_id": pa.array(row_ids, pa.int64())}))
        found = connection.execute(
            f"SELECT {_DECIDABLE} FROM rows WHERE row_id IN (SELECT row_id FROM wanted)"
        )
        return {row["row_id"]: row for row in _as_dicts(found)}


def fetch_near_duplicates(
    cluster_id: int, row_id: int, source: RowSource, limit: int = 5
) -> list[dict[str, Any]]:
    """Return other rows of a near-duplicate set, nearest copies first."""
    with closing(source.connect()) as connection:
        found = connection.execute(
            "SELECT row_id, given_label, action FROM rows WHERE near_duplicate_cluster_id = ? AND"
            " row_id != ? ORDER BY near_duplicate_score DESC, row_id LIMIT ?",
            [cluster_id, row_id, limit],
        )
        rows = _as_dicts(found)
    own = _own_cells(source, [row["row_id"] for row in rows])
    return [row | {"own": own[row["row_id"]]} for row in rows]


@dataclass(frozen=True, slots=True)
class ReviewCounts:
    """How many rows there are to review, how many of those are decided, and what is decided about
    all rows.
    """

    n_to_review: int
    n_to_review_decided: int
    n_decided: int
    n_corrected: int
    n_excluded: int
    n_needs_review: int


def review_counts(source: RowSource) -> ReviewCounts:
    """Count the rows that a reviewer is led to, and the decided ones."""
    with closing(source.connect()) as connection:
        counted = connection.execute(
            f"""SELECT count(*) FILTER (wanted), count(*) FILTER (wanted
              AND action IS NOT NULL), count(action),
                count(corrected_label), count(*) FILTER (action = 'exclude'),
                  count(*) FILTER (needs_review)
            FROM (SELECT {source.to_review} AS wanted, action, corrected_label, needs_review
                FROM issues LEFT JOIN reviews ON issues.row_id = reviews.row_id)"""
        ).fetchone()
    assert counted is not None
    return ReviewCounts(*counted)


@dataclass(frozen=True, slots=True)
class ViewProgress:
    """How far the rows of one view are decided; `first_undecided` is a row and the page that it
    stands on.
    """

    first_undecided: tuple[int, int] | None
    n_rows: int
    n_undecided: int
    n_put_off: int
    n_fixed: int
    n_kept: int
    n_excluded: int


def view_progress(query: RowQuery, source: RowSource) -> ViewProgress:
    """Count what is decided in a view, and find where to go on: rows put off for later come
    last.
    """
    condition, values = where(query, source)
    with closing(source.connect()) as connection:
        counted = connection.execute(
            f"""SELECT count(*), count(*) FILTER (WHERE action IS NULL),
                count(*) FILTER (WHERE action IS NULL AND needs_review),
                count(*) FILTER (WHERE action IN ('auto-fix', 'label')),
                count(*) FILTER (WHERE action = 'keep'), count(*) FILTER (WHERE action = 'exclude')
            FROM rows WHERE {condition}""",
            values,
        ).fetchone()
        first = connection.execute(
            f"""SELECT row_id, place FROM (
                SELECT *, row_number() OVER (ORDER BY {order(query, source)}) AS place
                FROM rows WHERE {condition})
            WHERE action IS NULL ORDER BY needs_review, place LIMIT 1""",
            values,
        ).fetchone()
    assert counted is not None
    at = None
    if first is not None:
        at = int(first[0]), (int(first[1]) - 1) // PAGE_SIZE + 1
    return ViewProgress(at, *counted)


def undecided_by_issue(source: RowSource) -> dict[str, int]:
    """Count the undecided rows of each kind of issue that a reviewer looks through."""
    issues = [issue for issue in issues_in(source.result_columns) if issue in BADGES]
    if not issues:
        return {}
    columns = ", ".join(f"count(*) FILTER (WHERE {issue.flag})" for issue in issues)
    with closing(source.connect()) as connection:
        found = connection.execute(f"SELECT {columns} FROM rows WHERE action IS NULL").fetchone()
    return dict(zip((issue.key for issue in issues), found or (), strict=False))


def _own_cells(source: RowSource, row_ids: Sequence[int]) -> dict[int, dict[str, str | None]]:
    """Return the uploaded cells by row; only the row groups that hold them are read."""
    if not row_ids:
        return {}
    found = pq.read_table(source.table, filters=[(ROW_ID, "in", list(row_ids))]).to_pylist()
    return {row.pop(ROW_ID): row for row in found}


def _as_dicts(found: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def label_choices(
    source: RowSource, column: str, query: RowQuery = EVERY_ROW
) -> list[tuple[str, int]]:
    """Return the classes in a label column with their number of rows in a view, most frequent
    first; none for numbers.

    The view's own filter on this column does not count.
    """
    if column not in source.result_columns or source.task in (
        MLTask.REGRESSION,
        MLTask.UNSUPERVISED,
    ):
        return []
    unfiltered = {GIVEN: replace(query, given=""), SUGGESTED: replace(query, suggested="")}
    condition, values = where(unfiltered[column], source)
    with closing(source.connect()) as connection:
        counted = connection.execute(
            f"SELECT {column} AS label, count(*) FROM rows WHERE NOT {blank_sql(column)} AND"
            f" {condition} GROUP BY ALL ORDER BY 2 DESC, 1",
            values,
        )
        by_label: list[tuple[str, int]] = counted.fetchall()
    if source.task is not MLTask.MULTI_LABEL:
        return by_label
    n_rows: Counter[str] = Counter()
    for label, n in by_label:
        n_rows.update(dict.fromkeys(split_labels(label), n))
    return sorted(n_rows.items(), key=lambda pair: (-pair[1], pair[0]))
