"""The Cleanlab columns of a cleanset for the public client: a table in JSON, inside a JSON string.

The client casts columns by the schema. It is built by hand because pandas' own schema would turn
missing labels into text. No column has the name of an uploaded one, since the client joins both.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.types as pt

from cleansets import selectors
from cleansets.api.client_details import Details, detail_columns
from cleansets.api.client_json import inside_string, records
from cleansets.api.client_labels import LabelType, class_type, column_type, given_type, label_sql
from cleansets.label_text import written_sets
from cleansets.models import Cleanset, RowReview
from cleansets.overlay import LEFT_OUT
from cleansets.row_query import ROW_ID, RowSource
from studio import tables
from studio.engine.conventions.label_sets import Separator
from studio.engine.ml_task import MLTask
from studio.engine.schema.split import SPLIT_COLUMN
from studio.exports import free_names
from studio.sql import blank_sql, filled_sql, quoted

ID_COLUMN = "cleanlab_row_ID"
SENT_AS = "id"  # the client renames this column to what `id_column` answers
JOINED = ("action", "corrected_label")  # which the client reads by these very names
BATCH_ROWS = 10_000
_LABELS = ("given_label", "suggested_label", "corrected_label")
_FORMATS_WITH_LISTS = ("json", "jsonl", "parquet")
_UPLOADED = "uploaded_label"
EARLIER = "rows.row_id IN (SELECT row_id FROM earlier)"
_NULLABLE = {"integer": "Int64", "boolean": "boolean"}


def id_column(cleanset: Cleanset) -> str:
    """Return the name of the ID column, avoiding an uploaded column of that name without IDs."""
    if _has_own_ids(cleanset):
        return ID_COLUMN
    names = {column["name"] for column in cleanset.version.columns}
    return free_names([ID_COLUMN], names)[0]


def _has_own_ids(cleanset: Cleanset) -> bool:
    """Whether the dataset has row IDs of its own, as the file of an earlier export does."""
    version = cleanset.version
    if ID_COLUMN not in (column["name"] for column in version.columns):
        return False
    counts = (
        f"SELECT count(*), count({ID_COLUMN}), count(DISTINCT {ID_COLUMN}) FROM read_parquet(?)"
    )
    with closing(tables.connect()) as connection:
        found = connection.execute(counts, [str(tables.local_path(version.table_key))]).fetchone()
    return found is not None and len(set(found)) == 1


def identities(cleanset: Cleanset) -> Iterator[pa.Array]:
    """Yield the IDs of all rows in row order, in batches."""
    source = selectors.row_source(cleanset)
    made = _identity(cleanset).made
    own = ""
    if _has_own_ids(cleanset):
        own = f" LEFT JOIN {source.own_rows_sql} ON rows.row_id = own_rows.{ROW_ID}"
    with closing(source.connect()) as connection:
        found = connection.sql(f"SELECT {made} AS id FROM issues AS rows{own} ORDER BY rows.row_id")
        for batch in found.to_arrow_reader(BATCH_ROWS):
            yield batch.column(0)


@dataclass(frozen=True, slots=True)
class ClientColumn:
    """A column of the table: its name, its SQL expression over `rows`, and its type in the schema.

    A column of sets has the separator of the uploaded labels.
    """

    name: str
    made: str
    kind: str
    is_nullable: bool = False
    separator: Separator | None = None

    @property
    def is_json(self) -> bool:
        """Whether its cells are JSON, because they are lists or of mixed types."""
        is_list = self.separator is not None and self.kind == LabelType.MIXED
        return is_list or (self.kind == LabelType.MIXED and "to_json(" in self.made)

    @property
    def field(self) -> dict[str, str]:
        """Its entry in the schema."""
        field = {"name": self.name, "type": self.kind}
        if self.is_nullable and self.kind in _NULLABLE:
            field["extDtype"] = _NULLABLE[self.kind]
        return field


@dataclass(frozen=True, slots=True)
class ClientTable:
    """The table to send: SQL columns, then those made from predictions, by name and type."""

    cleanset: Cleanset
    source: RowSource
    columns: tuple[ClientColumn, ...]
    details: Mapping[str, ClientColumn]
    class_type: LabelType

    def stream(self, *, is_table: bool) -> Iterator[bytes]:
        """Yield the response in pieces; without `is_table`, the inner text is a list of rows."""
        fields = [column.field for column in (*self.columns, *self.details.values())]
        head = "["
        end = "]"
        if is_table:
            head = f'{{"schema": {json.dumps({"fields": fields})}, "data": ['
            end = "]}"
        yield b'{"cleanset_json": "' + inside_string(head)
        comma = ""
        for rows in self._rows():
            yield inside_string(comma + ",".join(rows))
            comma = ","
        yield inside_string(end) + b'"}'

    def _rows(self) -> Iterator[list[str]]:
        names = [column.name for column in (*self.columns, *self.details.values())]
        in_json = [column.name for column in self.columns if column.is_json]
        details = Details(self.cleanset, self.class_type) if self.details else None
        for batch in self._batches():
            columns = [
                written_sets(cells, column.separator) if column.separator else cells
                for column, cells in zip(self.columns, batch.columns[2:], strict=True)
            ]
            if details is not None:
                made = details.of(batch.column(0), batch.column(1))
                columns += [made[name] for name in self.details]
            yield records(names, columns, in_json=in_json)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows in order: uploaded and suggested label as text, then the columns."""
        expressions = [_UPLOADED, "suggested_label"]
        expressions += [column.made for column in self.columns]
        made = ", ".join(f"{text} AS c{place}" for place, text in enumerate(expressions))
        own = ""
        if any(column.name == SENT_AS and column.made != "rows.row_id" for column in self.columns):
            own = f" LEFT JOIN {self.source.own_rows_sql} ON rows.row_id = own_rows.{ROW_ID}"
        with closing(self.source.connect()) as connection:
            connection.register("earlier", _decided_earlier(self.cleanset))
            found = connection.sql(f"SELECT {made} FROM rows{own} ORDER BY rows.row_id")
            yield from found.to_arrow_reader(BATCH_ROWS)


def client_table(cleanset: Cleanset, *, with_issues: bool, with_details: bool) -> ClientTable:
    """Build the table: ID and clean label always, issues and decisions on request."""
    source = selectors.row_source(cleanset)
    labels = given_type(cleanset, source)
    plan = _Plan(cleanset, source, labels)
    class_names = class_type(cleanset.classes, labels)
    columns = [_identity(cleanset)]
    if cleanset.task is not MLTask.UNSUPERVISED:
        columns.append(plan.clean_label())
    if with_issues or with_details:
        columns += plan.label("corrected_label")
    if with_issues:
        columns += plan.issues()
    details: dict[str, ClientColumn] = {}
    if with_details:
        columns += plan.decisions()
        details = plan.details()
    named = _named([*columns, *details.values()], source.own_columns)
    details = dict(zip(details, named[len(columns) :], strict=True))
    return ClientTable(cleanset, source, tuple(named[: len(columns)]), details, class_names)


def _named(columns: Sequence[ClientColumn], uploaded: Sequence[str]) -> list[ClientColumn]:
    """Rename columns that clash with uploaded ones.

    The client joins by some names; these are kept, and it reports the clash itself.
    """
    is_fixed = [column.name in (SENT_AS, *JOINED) for column in columns]
    wanted = [column.name for column, fixed in zip(columns, is_fixed, strict=True) if not fixed]
    names = iter(free_names(wanted, uploaded))
    return [
        column if fixed else replace(column, name=next(names))
        for column, fixed in zip(columns, is_fixed, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Plan:
    cleanset: Cleanset
    source: RowSource
    labels: LabelType

    @property
    def _has_unlabeled(self) -> bool:
        return bool(self.cleanset.root.counts.get("is_initially_unlabeled", 1))

    @property
    def _separator(self) -> Separator | None:
        if self.cleanset.task is not MLTask.MULTI_LABEL:
            return None
        return self.cleanset.project.spec().separator

    def _sets(self, name: str, read: str) -> ClientColumn:
        """Return a column of sets: lists where the uploaded file held lists, else text as in the
        uploaded column.
        """
        has_lists = self.cleanset.version.file_format in _FORMATS_WITH_LISTS
        is_json = self._separator in (Separator.JSON, Separator.NUMBERS)
        kind = LabelType.MIXED if has_lists and is_json else LabelType.STRING
        return ClientColumn(name, f"rows.{read}", kind.value, separator=self._separator)

    def clean_label(self) -> ClientColumn:
        if self._separator is not None:
            return self._sets("clean_label", "clean_label")
        kind = column_type(self.source, "clean_label", self.labels)
        made = label_sql(filled_sql("rows.clean_label"), kind, self.source.convention)
        return ClientColumn("clean_label", made, kind.value, is_nullable=self._has_unlabeled)

    def label(self, name: str) -> list[ClientColumn]:
        """Return a column of labels where the task has any; corrections can always be read.

        A program's given label is that of its own data: the uploaded one.
        """
        if name != "corrected_label" and name not in self.source.result_columns:
            return []
        read = _UPLOADED if name == "given_label" else name
        if self._separator is not None:
            return [self._sets(name, read)]
        kind = column_type(self.source, read, self.labels)
        is_nullable = name != "given_label" or self._has_unlabeled
        made = label_sql(filled_sql(f"rows.{read}"), kind, self.source.convention)
        return [ClientColumn(name, made, kind.value, is_nullable)]

    def issues(self) -> list[ClientColumn]:
        schema = self.source.results.schema
        columns: list[ClientColumn] = []
        for name in self.source.result_columns:
            if name == SPLIT_COLUMN:  # which the client does not know
                continue
            if name == "suggested_label":
                columns += self.label(name)
            elif name not in _LABELS:
                columns.append(_of_type(name, name, schema.field(name).type))
        if LEFT_OUT not in self.source.result_columns:
            columns.append(ClientColumn(LEFT_OUT, "false", "boolean"))
        return columns

    def decisions(self) -> list[ClientColumn]:
        columns = [ClientColumn("action", "rows.action", "string"), *self.label("given_label")]
        columns.append(ClientColumn("previously_resolved", EARLIER, "boolean"))
        if "is_initially_unlabeled" in self.source.result_columns:
            is_unlabeled = blank_sql(f"rows.{_UPLOADED}")
            if self._separator is not None:
                is_unlabeled = f"rows.{_UPLOADED} IS NULL"
            columns.append(ClientColumn("initially_unlabeled", is_unlabeled, "boolean"))
        return columns

    def details(self) -> dict[str, ClientColumn]:
        predicted = class_type(self.cleanset.classes, self.labels)
        kinds = {"predicted_label": predicted.value, "top_labels": "any", "top_probs": "any"}
        if self.cleanset.task is MLTask.REGRESSION:
            kinds["predicted_label"] = "number"
        return {
            name: ClientColumn(name, "", kinds.get(name, "number"))
            for name in detail_columns(self.cleanset)
        }


def _identity(cleanset: Cleanset) -> ClientColumn:
    """Return the ID column: the 0-based row number, by which the client finds rows in its frame."""
    if not _has_own_ids(cleanset):
        return ClientColumn(SENT_AS, "rows.row_id", "integer")
    own = f"own_rows.{ID_COLUMN}"
    if _is_whole(cleanset):
        return ClientColumn(SENT_AS, f"CAST({own} AS BIGINT)", "integer")
    return ClientColumn(SENT_AS, own, "string")


def _is_whole(cleanset: Cleanset) -> bool:
    query = f"SELECT bool_and(try_cast({ID_COLUMN} AS BIGINT) IS NOT NULL) FROM read_parquet(?)"
    table = tables.local_path(cleanset.version.table_key)
    with closing(tables.connect()) as connection:
        found = connection.execute(query, [str(table)]).fetchone()
    return found is not None and bool(found[0])


def _of_type(name: str, column: str, kind: pa.DataType) -> ClientColumn:
    made = f"rows.{quoted(column)}"
    if pt.is_boolean(kind):
        return ClientColumn(name, f"coalesce({made}, false)", "boolean")
    if pt.is_integer(kind):
        return ClientColumn(name, made, "integer", is_nullable=True)
    if pt.is_floating(kind):
        return ClientColumn(name, made, "number")
    if pt.is_list(kind) or pt.is_struct(kind):
        return ClientColumn(name, made, "any")
    return ClientColumn(name, made, "string")


def _decided_earlier(cleanset: Cleanset) -> pa.Table:
    """Return the rows with a decision in an earlier cleanset of the project."""
    earlier = RowReview.objects.filter(
        cleanset__project=cleanset.project, cleanset__number__lt=cleanset.number
    )
    row_ids = earlier.exclude(action="").values_list("row_id", flat=True).distinct()
    return pa.table({"row_id": pa.array(list(row_ids), pa.int64())})
