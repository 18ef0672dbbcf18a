"""Exports of a cleanset: the choice of rows and columns, streamed from DuckDB in batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as pt
from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from cleansets import row_query, selectors
from cleansets.label_text import written_sets
from cleansets.models import Cleanset
from cleansets.row_address import RowQuery
from cleansets.row_query import ROW_ID, RowSource
from cleansets.shown_columns import own_columns_shown, scores_shown
from projects.selectors import column_profiles
from studio import cell_sql, tables
from studio.engine.conventions.label_sets import Separator
from studio.engine.ml_task import MLTask
from studio.engine.table.columns import ColumnKind
from studio.exports import (
    MAX_SHEET_CELL_CHARS,
    MAX_SHEET_ROWS,
    free_names,
    refuse_beyond_sheet,
    stream_csv,
    stream_json,
    stream_parquet,
    stream_safe_csv,
    stream_xlsx,
)
from studio.sql import quoted, text_literal

FORMATS = ("csv", "xlsx", "json", "parquet")
DEFAULT = "default"
CUSTOM = "custom"
EVERYTHING = "everything"
MODES = (DEFAULT, CUSTOM, EVERYTHING)
BATCH_ROWS = 10_000
FIRST_ROWS = 100  # of a sorted export, which are sent first
PART_ROWS = 20_480  # ten row groups
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
}

LABEL_COLUMNS: Mapping[str, str] = {
    "cleanlab_corrected_label": "rows.corrected_label",
    "cleanlab_clean_label": "rows.clean_label",
}
REVIEW_COLUMNS: Mapping[str, str] = {
    "cleanlab_row_ID": "rows.row_id + 1",
    **LABEL_COLUMNS,
    "action": "rows.action",
    "tags": (
        "nullif(concat_ws(', ', CASE WHEN rows.needs_review THEN 'needs review' END,"
        " nullif(replace(rows.tags, chr(10), ', '), '')), '')"
    ),
}
SUGGESTED_LABEL = f"rows.{quoted('suggested_label')}"
SETS = frozenset({SUGGESTED_LABEL, *LABEL_COLUMNS.values()})  # hold sets in a multi-label task


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """An export as SQL: each column's name and expression, the condition on rows, and their order.

    `separator` is the one that sets of classes are written with; None for other tasks.
    """

    columns: Mapping[str, str]
    condition: str
    values: tuple[object, ...]
    order: str
    separator: Separator | None = None

    @property
    def names(self) -> list[str]:
        """The header of the file."""
        return list(self.columns)


def export_plan(
    cleanset: Cleanset, source: RowSource, query: RowQuery, mode: str, *, is_typed: bool = False
) -> ExportPlan:
    """Plan an export: the default mode omits excluded rows, the custom mode exports the view.

    A typed export writes the labels of a regression as numbers if all of them are numbers.
    """
    plan = _plan(cleanset, source, query, mode)
    if cleanset.task is MLTask.MULTI_LABEL:
        return replace(plan, separator=cleanset.project.spec().separator)
    if not (is_typed and cleanset.task is MLTask.REGRESSION and _has_numbers(cleanset, source)):
        return plan
    uploaded = f"own_rows.{quoted(cleanset.project.label_column)}"
    labels = (uploaded, SUGGESTED_LABEL, *LABEL_COLUMNS.values())
    columns = {
        name: cell_sql.number(made, source.convention) if made in labels else made
        for name, made in plan.columns.items()
    }
    return replace(plan, columns=columns)


def _has_numbers(cleanset: Cleanset, source: RowSource) -> bool:
    """Whether the label column holds numbers and no cell would be lost by parsing it as one."""
    column = cleanset.project.label_column
    kinds = {profile.name: profile.kind for profile in column_profiles(cleanset.version)}
    if kinds.get(column) not in (ColumnKind.INTEGER, ColumnKind.NUMBER):
        return False
    lost = f"count({quoted(column)}) - count({cell_sql.number(quoted(column), source.convention)})"
    return source.fetch(f"SELECT {lost} FROM {source.own_rows_sql}") == [(0,)]


def _plan(cleanset: Cleanset, source: RowSource, query: RowQuery, mode: str) -> ExportPlan:
    if mode == CUSTOM:
        own = own_columns_shown(cleanset, query, source)
        results = ("is_label_issue", "suggested_label", *scores_shown(cleanset, query, source))
        selection = row_query.select(query, source)
        label = cleanset.project.label_column
        if label and label not in own:
            own = (*own, label)
        kept = tuple(dict.fromkeys(name for name in results if name in source.result_columns))
        columns = _columns(source, own, kept)
        return ExportPlan(columns, selection.condition, selection.values, selection.order)
    condition = "true" if mode == EVERYTHING else "action IS DISTINCT FROM 'exclude'"
    results = tuple(name for name in source.result_columns if name != "given_label")
    return ExportPlan(_columns(source, source.own_columns, results), condition, (), "row_id")


def _columns(source: RowSource, own: tuple[str, ...], results: tuple[str, ...]) -> dict[str, str]:
    """Return expressions by column name: uploaded columns, then ours under names still free."""
    columns = {name: f"own_rows.{quoted(name)}" for name in own}
    added = {
        name: made
        for name, made in REVIEW_COLUMNS.items()
        if source.task is not MLTask.UNSUPERVISED or name not in LABEL_COLUMNS
    }
    added |= {name: f"rows.{quoted(name)}" for name in results}
    names = free_names(list(added), source.own_columns)
    return columns | dict(zip(names, added.values(), strict=True))


def batches(plan: ExportPlan, source: RowSource) -> Iterator[pa.RecordBatch]:
    """Yield the rows, a batch at a time."""
    if plan.order == "row_id":
        found = _in_file_order(plan, source)
    else:
        found = _sorted(plan, source)
    for batch in found:
        yield pa.RecordBatch.from_arrays(_written(batch.columns, plan), names=plan.names)


def _in_file_order(plan: ExportPlan, source: RowSource) -> Iterator[pa.RecordBatch]:
    """Yield consecutive parts of the table, which avoids a sort and bounds memory."""
    with closing(source.connect()) as connection:
        for start in range(0, len(source.results), PART_ROWS):
            connection.register("part_results", source.results.slice(start, PART_ROWS))
            part = f"({source.issues_sql('part_results')})"
            connection.execute(f"CREATE OR REPLACE TEMP VIEW part AS {part}")
            wanted = f"SELECT * FROM ({source.rows_sql('part')}) WHERE {plan.condition}"
            own = (
                f"(SELECT * FROM {source.own_rows_sql}"
                f" WHERE {ROW_ID} BETWEEN {start} AND {start + PART_ROWS - 1}) AS own_rows"
            )
            found = connection.sql(
                f"SELECT {_made_of(plan)} FROM ({wanted}) AS rows"
                f" JOIN {own} ON rows.row_id = own_rows.{ROW_ID} ORDER BY rows.row_id",
                params=list(plan.values),
            )
            yield from found.to_arrow_table().to_batches(BATCH_ROWS)


def _sorted(plan: ExportPlan, source: RowSource) -> Iterator[pa.RecordBatch]:
    """Yield the first rows, then all others: the download begins before the whole table is
    sorted.
    """
    with closing(source.connect()) as connection:
        first = connection.execute(
            f"SELECT row_id FROM rows WHERE {plan.condition} ORDER BY {plan.order}"
            f" LIMIT {FIRST_ROWS}",
            list(plan.values),
        ).fetchnumpy()["row_id"]
        connection.register("first_places", {"row_id": first, "place": np.arange(len(first))})
        ids = ", ".join(str(row_id) for row_id in first.tolist()) or "NULL"
        yield from (
            connection.sql(
                f"SELECT {_made_of(plan)} FROM (SELECT * FROM rows WHERE row_id IN ({ids})) AS rows"
                f" JOIN (SELECT * FROM {source.own_rows_sql} WHERE {ROW_ID} IN ({ids})) AS own_rows"
                f" ON rows.row_id = own_rows.{ROW_ID} JOIN first_places USING (row_id)"
                " ORDER BY first_places.place"
            )
            .to_arrow_table()
            .to_batches()
        )
        if len(first) < FIRST_ROWS:
            return
        wanted = (
            f"SELECT *, row_number() OVER (ORDER BY {plan.order}) AS place FROM rows WHERE"
            f" {plan.condition} QUALIFY place > {FIRST_ROWS}"
        )
        found = connection.sql(
            f"SELECT {_made_of(plan)} FROM ({wanted}) AS rows JOIN {source.own_rows_sql}"
            f" ON rows.row_id = own_rows.{ROW_ID} ORDER BY rows.place",
            params=list(plan.values),
        )
        yield from found.to_arrow_reader(BATCH_ROWS)


def _made_of(plan: ExportPlan) -> str:
    return ", ".join(f"{made} AS c{place}" for place, made in enumerate(plan.columns.values()))


def _written(columns: Sequence[pa.Array], plan: ExportPlan) -> list[pa.Array]:
    """Write sets of classes in the form of the label column."""
    if plan.separator is None:
        return list(columns)
    return [
        written_sets(column, plan.separator) if made in SETS else column
        for column, made in zip(columns, plan.columns.values(), strict=True)
    ]


def export_response(
    cleanset: Cleanset,
    query: RowQuery,
    *,
    mode: str,
    file_format: str,
    safe_for_spreadsheets: bool = False,
) -> HttpResponseBase:
    """Return the download as a streaming response."""
    source = selectors.row_source(cleanset)
    plan = export_plan(cleanset, source, query, mode, is_typed=file_format != "csv")
    rows = batches(plan, source)
    name = file_name(cleanset, file_format)
    if file_format == "xlsx":
        _refuse_beyond_sheet(plan, source)
        stream = stream_xlsx(plan.names, rows)
    elif file_format == "parquet":
        stream = stream_parquet(plan.names, rows)
    elif file_format == "json":
        stream = stream_json(plan.names, rows)
    elif safe_for_spreadsheets:
        stream = stream_safe_csv(plan.names, rows)
    else:
        # Columns with arbitrary text: a spreadsheet must not take their cells for formulas.
        free_text = {name for name in source.own_columns if name != cleanset.project.label_column}
        stream = stream_csv(plan.names, rows, guarded=free_text)
    response = StreamingHttpResponse(stream, content_type=CONTENT_TYPES[file_format])
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return response


def _refuse_beyond_sheet(plan: ExportPlan, source: RowSource) -> None:
    """Raise DataProblem before the first byte is sent if a sheet cannot hold the rows."""
    count = f"SELECT count(*) FROM rows WHERE {plan.condition}"
    [(n_rows,)] = source.fetch(count, plan.values)
    longest = max(
        longest_cell(source.table_key),
        longest_cell(source.results_key),
        pc.max(pc.utf8_length(source.reviews.column("corrected_label"))).as_py() or 0,
        *map(len, plan.names),
    )
    if n_rows >= MAX_SHEET_ROWS or longest > MAX_SHEET_CELL_CHARS:
        refuse_beyond_sheet(len(plan.names), batches(plan, source))


@lru_cache(maxsize=64)
def longest_cell(key: str) -> int:
    """Return the number of characters of the longest text in a published table."""
    path = tables.local_path(key)
    fields = pq.read_schema(path)
    texts = [
        field.name
        for field in fields
        if pt.is_string(field.type)
        or pt.is_large_string(field.type)
        or pt.is_dictionary(field.type)
    ]
    if not texts:
        return 0
    lengths = ", ".join(f"max(length({quoted(name)}))" for name in texts)
    with closing(tables.connect()) as connection:
        found = connection.execute(
            f"SELECT {lengths} FROM read_parquet({text_literal(str(path))})"
        ).fetchone()
    return max(n or 0 for n in found or ())


def file_name(cleanset: Cleanset, file_format: str) -> str:
    """Return the name of the downloaded file, derived from the uploaded one."""
    stem = Path(cleanset.version.filename).name.split(".")[0] or "dataset"
    return f"{stem}-cleanset-{cleanset.number}.{file_format}"


def full_manifest(cleanset: Cleanset) -> dict[str, object]:
    """Return the run's manifest with the fold of each row; -1 if the row was never held out."""
    folds = np.load(tables.local_path(cleanset.fold_id_key))
    return {**cleanset.manifest, "cleanset_id": str(cleanset.pk), "fold_id": folds.tolist()}
