"""Rows for pages, API and actions: find the rows first, then load their contents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from cleansets.row_address import RowQuery
from cleansets.row_query.decided_rows import decided_rows
from cleansets.row_query.fixed_results import orders
from cleansets.row_query.own_cells import own_cells
from cleansets.row_query.selection import Selection, select
from cleansets.row_query.source import CLUSTER, RowSource
from cleansets.row_query.view_labels import count, count_with_labels

PAGE_SIZE = 50
DEEP = 1_000  # rows; up to there, DuckDB finds the first ones without sorting all
DECIDABLE = (
    "row_id, suggested_label, clean_label, advice, is_manual, action, decided_label, needs_review,"
    " tags"
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


def fetch_page(
    query: RowQuery, source: RowSource, own_columns: Sequence[str] | None = None
) -> RowPage:
    """Return a page of rows with their cells under `own`; past the end, return the last page."""
    selection = select(query, source)
    n_rows = count_with_labels(query, selection, source)
    n_pages = max(-(-n_rows // PAGE_SIZE), 1)
    page = min(query.page, n_pages)
    row_ids = _row_ids(selection, source, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
    return RowPage(fetch_rows(row_ids, source, own_columns), n_rows, page)


def fetch_slice(
    query: RowQuery, source: RowSource, *, limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """Return a slice of the rows, with their cells under `own`, and the total count."""
    selection = select(query, source)
    row_ids = _row_ids(selection, source, limit=limit, offset=offset)
    return fetch_rows(row_ids, source), count(selection, source)


def _row_ids(selection: Selection, source: RowSource, *, limit: int, offset: int) -> list[int]:
    ordered = (
        f"SELECT row_id FROM {selection.sorted_from} WHERE {selection.condition}"
        f" ORDER BY {selection.order}"
    )
    if selection.key is not None and selection.sorted_from == "issues" and offset >= DEEP:
        key = (*selection.key, selection.order)
        row_ids = orders.get(key, lambda: source.fetch_ids(ordered, selection.values))
        found: list[int] = row_ids[offset : offset + limit].tolist()
        return found
    some = source.fetch(f"{ordered} LIMIT {int(limit)} OFFSET {int(offset)}", selection.values)
    return [row_id for (row_id,) in some]


def fetch_rows(
    row_ids: Sequence[int], source: RowSource, own_columns: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """Return the rows in this order, with their cells under `own`; None selects all rows."""
    columns = source.own_columns if own_columns is None else own_columns
    own = own_cells(source.table, row_ids, columns)
    rows = decided_rows(row_ids, source)
    return [rows[row_id] | {"own": own[row_id]} for row_id in row_ids]


def fetch_row(row_id: int, source: RowSource) -> dict[str, Any] | None:
    """Return one row with its cells under `own`, or None."""
    if not 0 <= row_id < len(source.results):
        return None
    return fetch_rows([row_id], source)[0]


def fetch_decidable(row_ids: Sequence[int], source: RowSource) -> dict[int, dict[str, Any]]:
    """Return what an action needs of these rows, by row; rows that do not exist are omitted."""
    existing = [row_id for row_id in row_ids if 0 <= row_id < len(source.results)]
    return decided_rows(existing, source)


def fetch_first(
    query: RowQuery, source: RowSource, k: int, *, rows_per_part: int
) -> Iterator[list[dict[str, Any]]]:
    """Yield what a bulk action needs of the first `k` rows of the view, by row and in parts."""
    selection = select(query, source)
    yield from source.fetch_parts(
        f"SELECT {DECIDABLE} FROM ({source.advised_sql('rows')}) WHERE row_id IN"
        f" ({_first_ids_sql(selection, k)}) ORDER BY row_id",
        selection.values,
        rows_per_part=rows_per_part,
    )


def count_first(query: RowQuery, source: RowSource, k: int) -> int:
    """Return how many of the first `k` rows of the view there are."""
    return min(count(select(query, source), source), k)


def sample_first(
    query: RowQuery, source: RowSource, k: int, label: str
) -> list[tuple[dict[str, Any], int]]:
    """Return one row for each way in which a bulk action may treat the first `k` rows of the view,
    with the number of rows that are treated alike. `label` is the one to set.
    """
    selection = select(query, source)
    alike = (
        "is_manual, action, needs_review, advice, tags,"
        " decided_label IS NOT DISTINCT FROM suggested_label,"
        " decided_label IS NOT DISTINCT FROM ?"
    )
    counted = source.fetch(
        f"SELECT min(row_id), count(*) FROM ({source.advised_sql('rows')}) WHERE row_id IN"
        f" ({_first_ids_sql(selection, k)}) GROUP BY {alike}",
        [*selection.values, label],
    )
    rows = fetch_decidable([row_id for row_id, _ in counted], source)
    return [(rows[row_id], int(n_rows)) for row_id, n_rows in counted]


def _first_ids_sql(selection: Selection, k: int) -> str:
    return (
        f"SELECT row_id FROM {selection.sorted_from} WHERE {selection.condition}"
        f" ORDER BY {selection.order} LIMIT {int(k)}"
    )


def fetch_decidable_in_parts(
    row_ids: Sequence[int], source: RowSource, *, rows_per_part: int
) -> Iterator[list[dict[str, Any]]]:
    """Yield what an action needs of many rows, by row and in parts; rows that do not exist are
    omitted.
    """
    source.register("wanted", pa.table({"row_id": pa.array(row_ids, pa.int64())}))
    yield from source.fetch_parts(
        f"SELECT {DECIDABLE} FROM ({source.advised_sql('rows')})"
        " WHERE row_id IN (SELECT row_id FROM wanted) ORDER BY row_id",
        rows_per_part=rows_per_part,
    )


def fetch_near_duplicates(
    cluster_id: int, row_id: int, source: RowSource, limit: int = 5
) -> list[dict[str, Any]]:
    """Return other rows of a near-duplicate set with their cells, nearest first."""
    found = source.fetch(
        f"SELECT row_id FROM issues WHERE {CLUSTER} = ? AND row_id != ?"
        " ORDER BY near_duplicate_score DESC, row_id LIMIT ?",
        [cluster_id, row_id, limit],
    )
    return fetch_rows([other for (other,) in found], source)


def fetch_labeled(
    labels: Sequence[str], source: RowSource, *, rows_per_part: int
) -> Iterator[list[dict[str, Any]]]:
    """Yield what an action needs of the rows that have one of these labels now and are not
    excluded, by row and in parts.
    """
    source.register("wanted_labels", pa.table({"label": pa.array(labels, pa.string())}))
    yield from source.fetch_parts(
        f"SELECT {DECIDABLE} FROM ({source.advised_sql('rows')}) WHERE clean_label IN"
        " (SELECT label FROM wanted_labels) AND action IS DISTINCT FROM 'exclude'"
        " ORDER BY row_id",
        rows_per_part=rows_per_part,
    )


def fetch_places(
    query: RowQuery, source: RowSource, places: Sequence[int], own_columns: Sequence[str]
) -> list[tuple[int, dict[str, Any]]]:
    """Return the rows at these places of the view, counted from 1, with their cells."""
    if not places:
        return []
    selection = select(query, source)
    wanted = ", ".join(str(int(place)) for place in places)
    found = source.fetch(
        f"SELECT row_number() OVER (ORDER BY {selection.order}) AS place, row_id"
        f" FROM {selection.sorted_from} WHERE {selection.condition} QUALIFY place IN ({wanted})"
        " ORDER BY place",
        selection.values,
    )
    rows = fetch_rows([row_id for _, row_id in found], source, own_columns)
    return [(int(place), row) for (place, _), row in zip(found, rows, strict=True)]


def count_changes(
    query: RowQuery, source: RowSource, k: int, *, limit: int
) -> list[tuple[str | None, str, int]]:
    """Count how often auto-fix would change a label to another one in the first `k` rows of the
    view, most frequent first.
    """
    selection = select(query, source)
    return source.fetch(
        f"SELECT clean_label, suggested_label, count(*) FROM ({source.advised_sql('rows')})"
        f" WHERE row_id IN ({_first_ids_sql(selection, k)}) AND advice = 'label'"
        " AND NOT coalesce(is_manual, false)"
        " AND decided_label IS DISTINCT FROM suggested_label GROUP BY ALL"
        f" ORDER BY count(*) DESC, clean_label, suggested_label LIMIT {int(limit)}",
        selection.values,
    )


def undecided_scores(query: RowQuery, source: RowSource, k: int) -> list[float]:
    """Return the label issue scores of the undecided label issues among the first `k` rows of the
    view.
    """
    if "is_label_issue" not in source.result_columns:
        return []
    selection = select(query, source)
    found = source.fetch(
        "SELECT label_issue_score FROM rows WHERE is_label_issue AND action IS NULL AND row_id IN"
        f" ({_first_ids_sql(selection, k)})",
        selection.values,
    )
    return [score for (score,) in found]
