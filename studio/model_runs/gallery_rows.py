"""The rows of a run with their predictions: filtered and sorted by DuckDB, ids first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from django.core.exceptions import ValidationError

from cleansets import row_query, selectors
from cleansets.cell_filters import CellReading
from cleansets.mapped_results import mapped_table
from cleansets.row_address import NO_CLASS
from cleansets.row_query import RowSource
from studio import cell_sql, tables
from studio.engine.conventions import Convention
from studio.engine.conventions.label_sets import join_labels
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask
from studio.model_runs.compared_runs import row_changes
from studio.model_runs.gallery_address import RIGHT, GalleryQuery, PredictionFilters
from studio.model_runs.models import ModelRun
from studio.model_runs.sources import Floats, predicted_values
from studio.runs import Status
from studio.sql import quoted, text_literal

PAGE_SIZE = 48
MAX_SHOWN_PROBABILITIES = 3
_TABLE = "predictions"
_TRIED_ROWS = 2_000
_PARTS = {"gained": "gained", "lost": "lost", "bothwrong": "both_wrong"}


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a run predicts for a row, and the label it is measured by.

    `label` and `predicted` are a class, a tuple of classes, or a number. `is_right` is None for
    numbers, which have an error instead.
    """

    label: str | tuple[str, ...] | float
    predicted: str | tuple[str, ...] | float
    confidence: float | None
    is_right: bool | None
    error: float | None
    part: str


class RunSource:
    """The rows of a run for one request, beside those of its cleanset."""

    def __init__(self, run: ModelRun) -> None:
        assert run.cleanset is not None
        self.run = run
        self.rows: RowSource = selectors.row_source(run.cleanset)
        self.columns = mapped_table(run.rows_key).column_names
        self.rows.register(_TABLE, mapped_table(run.rows_key))

    @property
    def has_confidence(self) -> bool:
        """Whether each prediction has a probability of its own."""
        return "confidence" in self.columns

    @property
    def sort_columns(self) -> tuple[str, ...]:
        """The columns of predictions that the rows can be sorted by."""
        if self.run.task is MLTask.REGRESSION:
            return ("error", "predicted", "label")
        if self.run.task is MLTask.MULTI_LABEL:
            return ()
        return (*(("confidence",) if self.has_confidence else ()), "predicted", "label")

    def count(self, query: GalleryQuery) -> int:
        """Count the rows of a query."""
        condition, values = self._condition(query)
        [(n_rows,)] = self.rows.fetch(f"SELECT count(*) FROM {_TABLE} WHERE {condition}", values)
        return int(n_rows)

    def row_ids(self, query: GalleryQuery, *, limit: int, offset: int = 0) -> list[int]:
        """Return rows of a query, in its order."""
        condition, values = self._condition(query)
        table, order = self._order(query)
        found = self.rows.fetch(
            f"SELECT {_TABLE}.row_id FROM {table} WHERE {condition}"
            f" ORDER BY {order} LIMIT {int(limit)} OFFSET {int(offset)}",
            values,
        )
        return [row_id for (row_id,) in found]

    def all_row_ids(self, query: GalleryQuery) -> npt.NDArray[np.int64]:
        """Return all rows of a query, ascending."""
        condition, values = self._condition(query)
        sql = f"SELECT row_id FROM {_TABLE} WHERE {condition} ORDER BY row_id"
        return np.array([row for (row,) in self.rows.fetch(sql, values)], dtype=np.int64)

    def fetch(self, row_ids: Sequence[int], own: Sequence[str]) -> list[dict[str, Any]]:
        """Return rows of the cleanset, in this order, with their cells under `own`."""
        return row_query.fetch_rows(row_ids, self.rows, own)

    @property
    def is_right_sql(self) -> str:
        """SQL for whether a prediction is its label."""
        return _is_right_sql(self.run)

    def register_rows(self, row_ids: npt.NDArray[Any]) -> None:
        """Make rows available to queries as `shown_rows`."""
        self.rows.register("shown_rows", pa.table({"row_id": row_ids.astype(np.int64)}))

    def predicted_texts(self, row_ids: npt.NDArray[Any]) -> list[Any]:
        """Return the predictions of ascending rows as texts, or as numbers."""
        self.register_rows(row_ids)
        columns = ["predicted"]
        if self.run.task is MLTask.MULTI_LABEL:
            columns = [f"predicted_{k}" for k in range(_n_bytes(self.run))]
        found = self.rows.fetch(
            f"SELECT {', '.join(columns)} FROM {_TABLE}"
            " WHERE row_id IN (SELECT row_id FROM shown_rows) ORDER BY row_id"
        )
        if self.run.task is MLTask.REGRESSION:
            return [float(value) for (value,) in found]
        if self.run.task is MLTask.MULTI_CLASS:
            return [self.run.classes[code] for (code,) in found]
        rows = (dict(zip(columns, row, strict=True)) for row in found)
        return [join_labels(_members(self.run, row, "predicted")) for row in rows]

    def _condition(self, query: GalleryQuery) -> tuple[str, list[object]]:
        conditions, values = filter_sql(self.run, query.predictions)
        selection = row_query.select(query.rows, self.rows)
        if selection.condition != "true":
            conditions.append(
                f"{_TABLE}.row_id IN"
                f" (SELECT row_id FROM {selection.counted} WHERE {selection.condition})"
            )
            values.extend(selection.values)
        if query.predictions.change:
            changed = changed_rows(self.run, query.predictions)
            self.rows.register("changed_rows", pa.table({"row_id": changed}))
            conditions.append(f"{_TABLE}.row_id IN (SELECT row_id FROM changed_rows)")
        return " AND ".join(conditions) or "true", values

    def _order(self, query: GalleryQuery) -> tuple[str, str]:
        """Return the tables to read, and the terms of the order."""
        sort = query.rows.sort
        direction = "ASC" if query.rows.ascending else "DESC"
        last = f"NULLS LAST, {_TABLE}.row_id"
        if query.sorts_own in self.rows.own_columns:
            reading = self.rows.readings.get(query.sorts_own, CellReading())
            self.rows.register("own_values", own_values(self.rows.table, query.sorts_own, reading))
            joined = f"{_TABLE} JOIN own_values ON own_values.row_id = {_TABLE}.row_id"
            return joined, f"own_values.value {direction} {last}"
        if sort in self.sort_columns:
            value = f"{_TABLE}.{sort}"
            if sort == "error":
                value = f"abs({_TABLE}.predicted - {_TABLE}.label)"
            return _TABLE, f"{value} {direction} {last}"
        if sort in self.rows.result_columns:
            joined = f"{_TABLE} JOIN issues ON issues.row_id = {_TABLE}.row_id"
            return joined, f"issues.{quoted(sort)} {direction} {last}"
        return _TABLE, f"{_TABLE}.row_id"


def predictions_of(
    run: ModelRun, row_ids: Sequence[int], source: RowSource
) -> dict[int, Prediction]:
    """Return the predictions of a run for some rows; those without one are left out."""
    if not row_ids:
        return {}
    name = "predictions_shown"
    source.register(name, mapped_table(run.rows_key))
    wanted = ", ".join(str(int(row_id)) for row_id in row_ids)
    found = source.fetch_parts(
        f"SELECT * FROM {name} WHERE row_id IN ({wanted})", rows_per_part=len(row_ids)
    )
    return {row["row_id"]: _prediction(run, row) for part in found for row in part}


def probabilities_of(run: ModelRun, row_ids: Sequence[int]) -> dict[int, list[tuple[str, float]]]:
    """Return the likeliest classes of rows with their probabilities."""
    values = None
    if row_ids:
        values = predicted_values(run, np.asarray(row_ids, dtype=np.int64))
    if values is None:
        return {}
    names = run.configuration.get("classes") or run.classes
    return {
        row_id: _likeliest(names, chances) for row_id, chances in zip(row_ids, values, strict=True)
    }


def rows_where(run: ModelRun, filters: PredictionFilters) -> npt.NDArray[np.int64]:
    """Return the rows of a run whose predictions match, ascending."""
    conditions, values = filter_sql(run, filters)
    with closing(tables.connect()) as connection:
        connection.register(_TABLE, mapped_table(run.rows_key))
        sql = f"SELECT row_id FROM {_TABLE} WHERE {' AND '.join(conditions) or 'true'}"
        found = connection.execute(sql, values).fetchnumpy()["row_id"]
    row_ids = np.sort(np.asarray(found, dtype=np.int64))
    if filters.change:
        return np.intersect1d(row_ids, changed_rows(run, filters))
    return row_ids


def changed_rows(run: ModelRun, filters: PredictionFilters) -> npt.NDArray[np.int64]:
    """Return the rows that changed as asked in another run of the project; none without it."""
    other = other_run(run, filters.other)
    if other is None:
        return np.zeros(0, dtype=np.int64)
    changes = row_changes(run, other)
    return np.asarray(getattr(changes, _PARTS[filters.change]), dtype=np.int64)


def other_run(run: ModelRun, run_id: str) -> ModelRun | None:
    """Return another evaluated run of the same project."""
    if not run_id or run_id == str(run.pk):
        return None
    mine = ModelRun.objects.filter(project=run.project_id, status=Status.SUCCEEDED)
    try:
        return mine.select_related("project", "cleanset").filter(pk=run_id).first()
    except (ValidationError, ValueError):
        return None


def filter_sql(run: ModelRun, filters: PredictionFilters) -> tuple[list[str], list[object]]:
    """Return the conditions of the filters with their values."""
    conditions: list[str] = []
    values: list[object] = []
    if filters.predicted and run.task is not MLTask.REGRESSION:
        conditions.append(_predicted_sql(run, filters.predicted))
    if filters.verdict and run.task is not MLTask.REGRESSION:
        is_right = _is_right_sql(run)
        conditions.append(is_right if filters.verdict == RIGHT else f"NOT ({is_right})")
    ranges = {}
    if run.task is MLTask.REGRESSION:
        ranges[f"abs({_TABLE}.predicted - {_TABLE}.label)"] = filters.error
    elif "confidence" in mapped_table(run.rows_key).column_names:
        ranges[f"{_TABLE}.confidence"] = filters.confidence
    for column, (low, high) in ranges.items():
        for end, sign in ((low, ">="), (high, "<=")):
            if end is not None:
                conditions.append(f"{column} {sign} ?")
                values.append(end)
    return conditions, values


def _n_bytes(run: ModelRun) -> int:
    return -(-len(run.classes) // 8)


def _is_right_sql(run: ModelRun) -> str:
    if run.task is not MLTask.MULTI_LABEL:
        return f"{_TABLE}.label = {_TABLE}.predicted"
    places = range(_n_bytes(run))
    return " AND ".join(f"{_TABLE}.label_{k} = {_TABLE}.predicted_{k}" for k in places)


def _predicted_sql(run: ModelRun, wanted: str) -> str:
    if run.task is MLTask.MULTI_LABEL and wanted == NO_CLASS:
        return " AND ".join(f"{_TABLE}.predicted_{k} = 0" for k in range(_n_bytes(run)))
    if wanted not in run.classes:
        return "false"
    code = run.classes.index(wanted)
    if run.task is MLTask.MULTI_LABEL:
        return f"({_TABLE}.predicted_{code // 8}::INTEGER & {128 >> code % 8}) != 0"
    return f"{_TABLE}.predicted = {code}"


def _prediction(run: ModelRun, row: Mapping[str, Any]) -> Prediction:
    label = _shown(run, row, "label")
    predicted = _shown(run, row, "predicted")
    error = None
    is_right = None
    if isinstance(label, float) and isinstance(predicted, float):
        error = abs(predicted - label)
    else:
        is_right = label == predicted
    confidence = row.get("confidence")
    return Prediction(label, predicted, confidence, is_right, error, row["part"] or "")


def _shown(run: ModelRun, row: Mapping[str, Any], name: str) -> str | tuple[str, ...] | float:
    if run.task is MLTask.REGRESSION:
        return float(row[name])
    if run.task is MLTask.MULTI_LABEL:
        return _members(run, row, name)
    return str(run.classes[row[name]])


def _members(run: ModelRun, row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    packed = np.array([row[f"{name}_{k}"] for k in range(_n_bytes(run))], dtype=np.uint8)
    members = np.unpackbits(packed, count=len(run.classes))
    return tuple(run.classes[code] for code in np.flatnonzero(members))


def _likeliest(names: Sequence[str], chances: Floats) -> list[tuple[str, float]]:
    best = np.argsort(-chances, kind="stable")[:MAX_SHOWN_PROBABILITIES]
    return [(names[code], float(chances[code])) for code in best if np.isfinite(chances[code])]


@lru_cache(maxsize=4)
def own_values(table: Path, column: str, reading: CellReading) -> pa.Table:
    """Return the values of an uploaded column to sort by: moments, numbers where all filled cells
    are some, else texts. Cached for further pages, since the table never changes.
    """
    cell = quoted(column)
    convention = reading.convention or Convention.POINT
    value = cell_sql.number(cell, convention)
    if reading.is_moment:
        value = cell_sql.moment(cell, reading.convention or Convention.YEAR_FIRST)
    read = f"read_parquet({text_literal(str(table))})"
    with closing(tables.connect()) as connection:
        # Reading a million texts as numbers takes seconds, so the first of them are tried before.
        for rows in (f"(SELECT {cell} FROM {read} LIMIT {_TRIED_ROWS})", read):
            [(n_filled, n_read)] = connection.execute(
                f"SELECT count(*) FILTER (trim({cell}) != ''), count({value}) FROM {rows}"
            ).fetchall()
            if n_read < n_filled:
                value = f"nullif(trim({cell}), '')"
                break
        return connection.sql(
            f"SELECT {quoted(row_query.ROW_ID)} AS row_id, {value} AS value FROM {read}"
        ).to_arrow_table()


def refuse_unknown_sort(sort: str, source: RunSource) -> None:
    """Raise DataProblem if the rows cannot be sorted so."""
    own = tuple(f"own.{name}" for name in source.rows.own_columns)
    known = (*source.sort_columns, *source.rows.result_columns, *own)
    if sort and sort not in known:
        raise DataProblem(
            f"These rows cannot be sorted by '{sort}'. Sort by one of"
            f" {', '.join(source.sort_columns) or 'the columns'}, a result column, or own.COLUMN."
        )
