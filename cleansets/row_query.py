"""The review table as a query: what an address asks for, and the one place that turns it into SQL for DuckDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from django.http import QueryDict

from cleansets.issue_columns import ISSUE_COLUMNS, SCORES, advice_sql, issues_in
from studio import tables
from studio.tables import quoted

PAGE_SIZE = 50
ROW_ID = "__row_id"
UNDECIDED, CORRECTED, NEEDS_REVIEW, UNLABELED = "undecided", "corrected", "needs-review", "-"
RANGE_FIELDS = (("range_score", ""), ("range_min", "0"), ("range_max", "1"))  # of the form that adds a filter
ACTIONS = (UNDECIDED, "auto-fix", "keep", "exclude", "label", CORRECTED, NEEDS_REVIEW)


@dataclass(frozen=True, slots=True)
class ScoreRange:
    """Rows whose score lies within [low, high]."""

    score: str
    low: float = 0.0
    high: float = 1.0

    def __str__(self) -> str:
        return f"{self.score}:{self.low:g}:{self.high:g}"


@dataclass(frozen=True, slots=True)
class RowQuery:
    """Filters, order and page of the review table; empty means no filter."""

    issue: str = "label_issue"
    given: str = ""
    suggested: str = ""
    action: str = ""
    ranges: tuple[ScoreRange, ...] = ()
    search: str = ""
    sort: str = ""
    ascending: bool = False
    page: int = 1
    own: tuple[str, ...] = ()
    scores: tuple[str, ...] = ()

    @classmethod
    def parse(cls, params: QueryDict) -> RowQuery:
        """Read an address; what does not make sense counts as not asked for."""
        page = params.get("page", "1")
        keys = [issue.key for issue in ISSUE_COLUMNS]
        return cls(
            issue=_one_of(params.get("issue", "label_issue"), (*keys, "all"), "label_issue"),
            given=params.get("given", ""),
            suggested=params.get("suggested", ""),
            action=_one_of(params.get("action", ""), ACTIONS, ""),
            ranges=_ranges(params),
            search=params.get("q", "").strip(),
            sort=params.get("sort", ""),
            ascending=params.get("dir") == "asc",
            page=max(int(page), 1) if page.isdecimal() and len(page) < 10 else 1,
            own=tuple(params.getlist("own")),
            scores=tuple(score for score in params.getlist("show") if score in SCORES),
        )

    @property
    def sort_column(self) -> str:
        """The column that orders the table: the one asked for, else the score of the issue that is looked at."""
        if self.sort:
            return self.sort
        return next((i.score for i in ISSUE_COLUMNS if i.key == self.issue and i.score), "label_issue_score")

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The query as names and values, for the hidden fields of a form."""
        return [(name, value) for name, values in QueryDict(self.params(page=self.page)).lists() for value in values]

    def params(self, **changes: Any) -> str:
        """Return the address's query string, with some fields changed; a changed filter starts at page 1."""
        wanted = replace(self, **({"page": 1} | changes))
        params = QueryDict(mutable=True)
        single = {"issue": wanted.issue, "given": wanted.given, "suggested": wanted.suggested, "action": wanted.action}
        single |= {"q": wanted.search, "sort": wanted.sort, "dir": "asc" if wanted.ascending else ""}
        for name, value in single.items():
            if value:
                params[name] = value
        params.setlist("range", [str(part) for part in wanted.ranges])
        params.setlist("own", list(wanted.own))
        params.setlist("show", list(wanted.scores))
        if wanted.page > 1:
            params["page"] = str(wanted.page)
        return params.urlencode()


def _one_of(value: str, choices: Sequence[str], default: str) -> str:
    return value if value in choices else default


def _ranges(params: QueryDict) -> tuple[ScoreRange, ...]:
    """Read `range=score:low:high`, and the three fields of the form that adds one."""
    asked = [str(text).split(":") for text in params.getlist("range")]
    if params.get("range_score"):
        asked.append([params.get(name) or default for name, default in RANGE_FIELDS])
    found: dict[str, ScoreRange] = {}
    for parts in asked:
        if len(parts) == 3 and parts[0] in SCORES and (low := _number(parts[1])) is not None:
            high = _number(parts[2])
            found[parts[0]] = ScoreRange(parts[0], low, 1.0 if high is None else high)
    return tuple(found.values())


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None


@dataclass(frozen=True, slots=True)
class RowSource:
    """The files and decisions that a query reads."""

    issues: Path
    table: Path
    reviews: pa.Table
    own_columns: tuple[str, ...]
    result_columns: tuple[str, ...]

    @classmethod
    def of(cls, issues: Path, table: Path, reviews: pa.Table) -> RowSource:
        """Read the columns' names from the files."""
        own = tuple(name for name in pq.read_schema(table).names if name != ROW_ID)
        results = tuple(name for name in pq.read_schema(issues).names if name != "row_id")
        return cls(issues, table, reviews, own, results)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Return a connection with the views `issues`, `own_rows`, `reviews` and `rows`."""
        connection = tables.connect()
        connection.register("reviews", self.reviews)
        connection.execute(f"CREATE TEMP VIEW issues AS SELECT * FROM read_parquet('{_path(self.issues)}')")
        connection.execute(f"CREATE TEMP VIEW own_rows AS SELECT * FROM read_parquet('{_path(self.table)}')")
        connection.execute(self._rows_view())
        return connection

    def _rows_view(self) -> str:
        first = join_first = ""
        if "near_duplicate_cluster_id" in self.result_columns:
            first = ", issues.row_id IS NOT DISTINCT FROM first_row AS is_first_of_set"
            join_first = """LEFT JOIN (SELECT near_duplicate_cluster_id AS set_id, min(row_id) AS first_row FROM issues
                WHERE near_duplicate_cluster_id IS NOT NULL GROUP BY ALL) sets
                ON issues.near_duplicate_cluster_id = sets.set_id"""
        return f"""CREATE TEMP VIEW rows AS SELECT *, {advice_sql(self.result_columns)} AS advice FROM (
            SELECT issues.*, action, corrected_label,
                   coalesce(needs_review, false) AS needs_review, coalesce(is_manual, false) AS is_manual{first}
            FROM issues LEFT JOIN reviews ON issues.row_id = reviews.row_id {join_first})"""

    def has_column(self, name: str) -> bool:
        """Return whether the table can be ordered by this column."""
        return name in self.result_columns or name in ("corrected_label", "action", "row_id")


def _path(path: Path) -> str:
    return str(path).replace("'", "''")


def where(query: RowQuery, source: RowSource) -> tuple[str, list[object]]:
    """Return the condition of the query and its parameters."""
    parts: list[str] = []
    values: list[object] = []
    for issue in issues_in(source.result_columns):
        if issue.key == query.issue:
            parts.append(issue.flag)
    _match(parts, values, "given_label", query.given)
    _match(parts, values, "suggested_label", query.suggested)
    _match_action(parts, values, query.action)
    for part in query.ranges:
        if part.score in source.result_columns:
            parts.append(f"{part.score} BETWEEN ? AND ?")
            values += [part.low, part.high]
    if query.search:
        cells = f"concat_ws(' ', *COLUMNS(* EXCLUDE ({ROW_ID})))"
        parts.append(f"row_id IN (SELECT {ROW_ID} FROM own_rows WHERE contains(lower({cells}), lower(?)))")
        values.append(query.search)
    return " AND ".join(parts) or "true", values


def _match(parts: list[str], values: list[object], column: str, wanted: str) -> None:
    if wanted == UNLABELED:
        parts.append(f"{column} IS NULL")
    elif wanted:
        parts.append(f"{column} = ?")
        values.append(wanted)


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
    column = query.sort_column
    if not source.has_column(column):
        return "row_id"
    return f"{quoted(column)} {'ASC' if query.ascending else 'DESC'} NULLS LAST, row_id"


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
    """Return one page of rows with their own cells under `own`; a page past the end becomes the last one."""
    condition, values = where(query, source)
    with closing(source.connect()) as connection:
        counted = connection.execute(f"SELECT count(*) FROM rows WHERE {condition}", values).fetchone()
        n_rows = int(counted[0]) if counted else 0
        page = min(query.page, max(-(-n_rows // PAGE_SIZE), 1))
        limits = f"LIMIT {PAGE_SIZE} OFFSET {(page - 1) * PAGE_SIZE}"
        found = connection.execute(
            f"SELECT * FROM rows WHERE {condition} ORDER BY {order(query, source)} {limits}", values
        )
        rows = _as_dicts(found)
    own = _own_cells(source, [row["row_id"] for row in rows])
    return RowPage([row | {"own": own[row["row_id"]]} for row in rows], n_rows, page)


def fetch_row(row_id: int, source: RowSource) -> dict[str, Any] | None:
    """Return one row with its own cells under `own`, or None."""
    with closing(source.connect()) as connection:
        found = _as_dicts(connection.execute("SELECT * FROM rows WHERE row_id = ?", [row_id]))
    return found[0] | {"own": _own_cells(source, [row_id])[row_id]} if found else None


def fetch_first(query: RowQuery, source: RowSource, k: int) -> list[dict[str, Any]]:
    """Return what a bulk action must know of the first `k` rows of the view."""
    condition, values = where(query, source)
    columns = "row_id, suggested_label, advice, is_manual, action, corrected_label, needs_review"
    with closing(source.connect()) as connection:
        statement = f"SELECT {columns} FROM rows WHERE {condition} ORDER BY {order(query, source)} LIMIT {int(k)}"
        return _as_dicts(connection.execute(statement, values))


def fetch_near_duplicates(cluster_id: int, row_id: int, source: RowSource, limit: int = 5) -> list[dict[str, Any]]:
    """Return other rows of a near-duplicate set, nearest copies first."""
    with closing(source.connect()) as connection:
        found = connection.execute(
            "SELECT row_id, given_label, action FROM rows WHERE near_duplicate_cluster_id = ? AND row_id != ? "
            "ORDER BY near_duplicate_score DESC, row_id LIMIT ?",
            [cluster_id, row_id, limit],
        )
        rows = _as_dicts(found)
    own = _own_cells(source, [row["row_id"] for row in rows])
    return [row | {"own": own[row["row_id"]]} for row in rows]


def count_reviewed(source: RowSource) -> tuple[int, int]:
    """Return how many rows are decided, and how many of the label issues are."""
    issue = "is_label_issue" if "is_label_issue" in source.result_columns else "false"
    with closing(source.connect()) as connection:
        counted = connection.execute(
            f"SELECT count(*), count(*) FILTER (WHERE {issue}) FROM issues JOIN reviews USING (row_id) "
            "WHERE action IS NOT NULL"
        ).fetchone()
    return (int(counted[0]), int(counted[1])) if counted else (0, 0)


def _own_cells(source: RowSource, row_ids: Sequence[int]) -> dict[int, dict[str, str | None]]:
    """Return the uploaded cells by row; only the row groups that hold them are read."""
    if not row_ids:
        return {}
    found = pq.read_table(source.table, filters=[(ROW_ID, "in", list(row_ids))]).to_pylist()
    return {row.pop(ROW_ID): row for row in found}


def _as_dicts(found: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def label_choices(source: RowSource, column: str) -> list[Mapping[str, Any]]:
    """Return the values of a label column with their number of rows, most frequent first."""
    with closing(source.connect()) as connection:
        counted = f"SELECT {column} AS label, count(*) AS n_rows FROM issues WHERE label IS NOT NULL GROUP BY ALL"
        return list(_as_dicts(connection.execute(f"{counted} ORDER BY n_rows DESC, label")))
