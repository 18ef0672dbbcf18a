"""The tables that a query reads: results of the analysis, uploaded rows, and decisions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as pt

from cleansets.cell_filters import CellReading
from cleansets.issue_columns import BADGES, SCORES, advice_sql, issues_in
from cleansets.mapped_results import ROW_ID, mapped_table
from cleansets.review_order import (
    FLAG,
    RANDOM_PLACE,
    REVIEW_ORDERS,
    VALUE_PLACE,
    ReviewPlaces,
    review_places,
)
from cleansets.row_address import GIVEN, SUGGESTED, RowQuery
from cleansets.row_query.decision_filter import rows_decided
from studio import tables
from studio.engine.conventions.convention import Convention
from studio.engine.ml_task import MLTask
from studio.sql import filled_sql, text_literal

INITIALLY_UNLABELED = "is_initially_unlabeled"
MAX_SLICES = 1_000  # rows that are sliced out of a mapped table one by one
NEAR_DUPLICATE = "near_duplicate"  # the view
CLUSTER = "near_duplicate_cluster_id"
_NAMES_DECISIONS = re.compile(r"\b(rows|reviews)\b")  # a table with decisions, in SQL
AS_OF = b"as_of"  # in the metadata of decisions: the cleanset and its newest action
DECISION_COLUMNS = ("corrected_label", "action")  # that the table can be sorted by


class RowSource:
    """The rows of a cleanset, for one request: all queries share one connection.

    Row i of `results`, which is memory-mapped, is row i of the dataset version. `task` and
    `convention` define how labels are read, and `readings` how uploaded cells are. `previous_key`
    are the results of the version before, if there is one, and `space_key` the vectors of contents.
    """

    def __init__(  # noqa: PLR0913  (most have a default)
        self,
        results_key: str,
        table_key: str,
        reviews: pa.Table,
        task: MLTask = MLTask.MULTI_CLASS,
        convention: Convention = Convention.POINT,
        readings: Mapping[str, CellReading] | None = None,
        previous_key: str = "",
        space_key: str = "",
    ) -> None:
        self.results_key = results_key
        self.results = mapped_table(results_key)
        self.table_key = table_key
        self.table = tables.local_path(table_key)
        self.reviews = reviews
        self.task = task
        self.convention = convention
        self.readings = readings or {}
        self.previous_key = previous_key
        self.space_key = space_key
        self._registered: dict[str, pa.Table] = {}
        self._decision_columns: dict[tuple[str, str], str] = {}
        self.result_columns = tuple(name for name in self.results.column_names if name != "row_id")

    @property
    def reviews_as_of(self) -> bytes | None:
        """The newest action in the decisions; None if nobody noted it."""
        noted: bytes | None = (self.reviews.schema.metadata or {}).get(AS_OF)
        return noted

    @property
    def text_columns(self) -> tuple[str, ...]:
        """The result columns that hold text."""
        kinds = zip(self.results.column_names, self.results.schema.types, strict=True)
        return tuple(name for name, kind in kinds if pt.is_string(kind) or pt.is_dictionary(kind))

    @cached_property
    def own_columns(self) -> tuple[str, ...]:
        """The uploaded columns."""
        return column_names(self.table)

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        connection = self._connect_to_results()
        for name, table in self._registered.items():
            connection.register(name, table)
        return connection

    @cached_property
    def _connection_with_decisions(self) -> duckdb.DuckDBPyConnection:
        self._add_decisions(self._connection)
        return self._connection

    def _connection_for(self, sql: str) -> duckdb.DuckDBPyConnection:
        """Return the connection for a query; without decisions it is there 3 ms earlier."""
        if _NAMES_DECISIONS.search(sql):
            return self._connection_with_decisions
        return self._connection

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Return a new connection with the views `issues`, `reviews` and `rows`, for streamed
        results.
        """
        connection = self._connect_to_results()
        self._add_decisions(connection)
        return connection

    def _connect_to_results(self) -> duckdb.DuckDBPyConnection:
        connection = tables.connect()
        connection.register("results", self.results)
        connection.execute(f"CREATE TEMP VIEW issues AS {self.issues_sql('results')}")
        return connection

    def _add_decisions(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.register("reviews", self.reviews)
        connection.execute(f"CREATE TEMP VIEW rows AS {self.rows_sql('issues')}")

    def _disconnect(self) -> None:
        self.__dict__.pop("_connection", None)
        self.__dict__.pop("_connection_with_decisions", None)

    def picked(self, row_ids: Sequence[int]) -> pa.Table:
        """Return the results of some rows."""
        if len(row_ids) > MAX_SLICES:
            return self.results.take(row_ids)
        # Taking rows out of a mapped table reads whole columns; slices read what they name.
        rows = [self.results.slice(row_id, 1) for row_id in row_ids]
        return pa.concat_tables(rows).combine_chunks()

    @property
    def places(self) -> ReviewPlaces | None:
        """The places of the rows in the orders of review; None if labels were not checked."""
        return review_places(self.results_key, self.space_key)

    def with_places(self) -> None:
        """Make the places of the rows available to queries, as columns."""
        places = self.places
        if places is None or VALUE_PLACE in self.results.column_names:
            return
        self.add_columns({VALUE_PLACE: places.by_value, RANDOM_PLACE: places.by_chance})

    def decision_column(self, action: str, tag: str) -> str:
        """Return the column that holds whether a row has this action and this tag; empty means any.

        Of a million rows it is made in a millisecond; joining the decisions takes twenty.
        """
        if (action, tag) not in self._decision_columns:
            name = f"has_decision_{len(self._decision_columns)}"
            self.add_columns({name: rows_decided(self.reviews, len(self.results), action, tag)})
            self._decision_columns[action, tag] = name
        return self._decision_columns[action, tag]

    def add_columns(self, columns: Mapping[str, npt.NDArray[Any]]) -> None:
        """Make a value per row available to queries, as columns."""
        for name, values in columns.items():
            self.results = self.results.append_column(name, pa.array(values))
        self._disconnect()

    def is_by_sets(self, query: RowQuery) -> bool:
        """Whether the rows are listed by sets of near duplicates: unless another order is
        requested.
        """
        return query.issue == NEAR_DUPLICATE and not query.sort and CLUSTER in self.result_columns

    def register(self, name: str, table: pa.Table) -> None:
        """Make a table available to queries under a name."""
        self._registered[name] = table
        self._connection.register(name, table)

    def fetch(self, sql: str, values: Iterable[object] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a result."""
        return self._connection_for(sql).execute(sql, list(values)).fetchall()

    def fetch_ids(self, sql: str, values: Iterable[object] = ()) -> npt.NDArray[np.int32]:
        """Return the row ids that a query finds."""
        found = self._connection_for(sql).execute(sql, list(values)).fetchnumpy()
        [row_ids] = found.values()
        return np.asarray(row_ids, dtype=np.int32)

    def fetch_parts(
        self, sql: str, values: Iterable[object] = (), *, rows_per_part: int
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield a large result as dictionaries, in parts; nothing else may be read meanwhile."""
        found = self._connection_for(sql).sql(sql, params=list(values))
        for batch in found.to_arrow_reader(rows_per_part):
            yield batch.to_pylist()

    def renew(self, reviews: pa.Table) -> None:
        """Reload the decisions after a write."""
        if reviews is self.reviews:
            return
        self.reviews = reviews
        if self._decision_columns:
            self.results = self.results.drop_columns([*self._decision_columns.values()])
            self._decision_columns = {}
        self._disconnect()

    @property
    def own_rows_sql(self) -> str:
        """The SQL for the uploaded rows, as `own_rows`."""
        return f"read_parquet({text_literal(str(self.table))}) AS own_rows"

    def issues_sql(self, results: str) -> str:
        """Return SQL for the results.

        Files written before list cells could be read store the given empty set as null.
        """
        if self.task is not MLTask.MULTI_LABEL or INITIALLY_UNLABELED not in self.result_columns:
            return f"SELECT * FROM {results}"
        given = f"CASE WHEN {GIVEN} IS NULL AND NOT {INITIALLY_UNLABELED} THEN '' ELSE {GIVEN} END"
        return f"SELECT * REPLACE ({given} AS {GIVEN}) FROM {results}"

    def rows_sql(self, issues: str) -> str:
        """Return SQL for the rows of the table `issues` with their decisions."""
        suggested = ""
        if SUGGESTED not in self.result_columns:
            suggested = f", NULL::VARCHAR AS {SUGGESTED}"
        uploaded = (
            "CASE WHEN is_given_corrected THEN reviews.uploaded_label ELSE given_label::VARCHAR END"
        )
        if self.task is not MLTask.MULTI_LABEL:
            uploaded = filled_sql(f"({uploaded})")
        return f"""
            SELECT {issues}.*, action, decided_label, corrected_label,
                {uploaded} AS uploaded_label,
                coalesce(corrected_label, {uploaded}) AS clean_label,
                coalesce(is_given_corrected, false) AS is_given_corrected,
                coalesce(needs_review, false) AS needs_review,
                coalesce(is_manual, false) AS is_manual,
                coalesce(tags, '') AS tags{suggested}
            FROM {issues} LEFT JOIN reviews ON {issues}.row_id = reviews.row_id"""

    def advised_sql(self, rows: str) -> str:
        """Return SQL for the rows of the view `rows` with the action of auto-fix."""
        advice = advice_sql(self.result_columns)
        if CLUSTER not in self.result_columns:
            return f"SELECT *, {advice} AS advice FROM {rows}"
        self.register("first_rows", first_rows_of_sets(self.results_key))
        return f"""
            SELECT *, {advice} AS advice FROM (
                SELECT each.*, each.row_id IS NOT DISTINCT FROM first_row AS is_first_of_set
                FROM {rows} AS each LEFT JOIN first_rows ON each.{CLUSTER} = first_rows.set_id)"""

    def sort_column(self, query: RowQuery) -> str:
        """The sort column: as requested, else the score of the issue in view, else the row."""
        if query.sort in REVIEW_ORDERS and FLAG in self.result_columns:
            return query.sort
        if query.sort:
            is_known = query.sort in self.result_columns or query.sort in DECISION_COLUMNS
            return query.sort if is_known else "row_id"
        of_view = [
            issue.score for issue in issues_in(self.result_columns) if issue.key == query.issue
        ]
        for score in (*of_view, *SCORES):
            if score is not None and score in self.result_columns:
                return score
        return "row_id"


@lru_cache(maxsize=64)
def column_names(table: Path) -> tuple[str, ...]:
    """Return the uploaded columns of a stored table, which never changes."""
    return tuple(name for name in pq.read_schema(table).names if name != ROW_ID)


@lru_cache(maxsize=16)
def first_rows_of_sets(results_key: str) -> pa.Table:
    """Return the first row of each set of near duplicates."""
    rows = mapped_table(results_key).select([CLUSTER, "row_id"])
    rows = rows.filter(pc.is_valid(rows.column(CLUSTER)))
    first = rows.group_by(CLUSTER).aggregate([("row_id", "min")])
    return first.select([CLUSTER, "row_id_min"]).rename_columns(["set_id", "first_row"])


def review_flags(columns: Iterable[str]) -> list[str]:
    """Return the issue flags to review: label issues, or any issue if there are no labels."""
    flags = [issue.flag for issue in issues_in(columns) if issue in BADGES]
    return flags[:1] if "is_label_issue" in flags else flags
