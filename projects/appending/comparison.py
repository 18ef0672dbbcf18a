"""Which rows of a file a dataset already has; on disk and in DuckDB, so that memory is bounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from projects.appending.choice import AppendChoice, AppendRefused
from projects.appending.written_forms import UnreadableCells, forms_of_file, unreadable_cells
from projects.readers.column_profile import ColumnProfile
from projects.readers.facts import ROW_ID
from studio import tables
from studio.sql import quoted, text_literal

N_EXAMPLES = 20
ROWS_PER_BATCH = 50_000
KEY_CHARS = 80  # of a key in a sentence


@dataclass(frozen=True, slots=True)
class AppendEffect:
    """What appending a file does to a dataset, in numbers of rows of the file.

    `n_known` rows are in the dataset with the same cells. `n_changed` rows have the key of a row
    with other cells. `n_without_key` rows have no key, so that they are new. `n_repeated` rows are
    copies of earlier rows of the file. `n_added` and `n_updated` are what the choice makes of them
    all. `n_absent` rows of the dataset are not in the file; counted if the file has known rows.
    """

    n_rows: int
    n_known: int
    n_changed: int
    n_without_key: int
    n_repeated: int
    n_added: int
    n_updated: int
    n_absent: int

    def to_dict(self) -> dict[str, int]:
        """Return it for a JSON column of the database."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ChangedCell:
    """A cell of a known row for which the file has another value."""

    row_id: int
    key: str
    column: str
    before: str | None
    after: str | None


class Comparison:
    """The rows of a file beside those of a dataset version; use `compared`."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        base: Path,
        file: Path,
        choice: AppendChoice,
    ) -> None:
        self.base = base
        self.columns = [name for name in pq.read_schema(base).names if name != ROW_ID]
        in_file = [name for name in pq.read_schema(file).names if name != ROW_ID]
        self.choice = choice
        self.sources: Mapping[str, str] = choice.sources(self.columns, in_file)
        # Keys are compared without the white space around them, and stay as the dataset has them.
        self.compared_columns = [name for name in self.sources if name != choice.key]
        self.ignored_columns = [name for name in in_file if name not in self.sources.values()]
        self._connection = connection
        for view, path in (("old_rows", base), ("file_rows", file)):
            connection.execute(
                f"CREATE TEMP VIEW {view} AS SELECT * FROM read_parquet({text_literal(str(path))})"
            )
        self.rewritten = forms_of_file(connection, self.sources)
        cells = ", ".join(self._cell_of_file(name) for name in self.sources)
        connection.execute(f"CREATE TEMP VIEW new_rows AS SELECT {ROW_ID}, {cells} FROM file_rows")
        if choice.key:
            self._match_by_key()
        else:
            self._match_by_content()

    def _cell_of_file(self, name: str) -> str:
        """Return a cell of the file in the form that the column has in the dataset."""
        cell = quoted(self.sources[name])
        if name in self.rewritten:
            cell = self.rewritten[name].rewritten(cell)
        return f"{cell} AS {quoted(name)}"

    @property
    def _is_same(self) -> str:
        if not self.compared_columns:
            return "true"
        return " AND ".join(
            f"new_rows.{quoted(name)} IS NOT DISTINCT FROM old_rows.{quoted(name)}"
            for name in self.compared_columns
        )

    def _match_by_content(self) -> None:
        self._connection.execute(
            f"CREATE TEMP TABLE matched AS SELECT new_rows.{ROW_ID} AS file_row,"
            " NULL::BIGINT AS row_id, true AS is_same"
            f" FROM new_rows SEMI JOIN old_rows ON {self._is_same}"
        )

    def _match_by_key(self) -> None:
        for rows, owner in (("old_rows", "dataset"), ("new_rows", "file")):
            self._refuse_repeated_key(rows, owner)
        self._connection.execute(
            f"CREATE TEMP TABLE matched AS SELECT new_rows.{ROW_ID} AS file_row,"
            f" old_rows.{ROW_ID} AS row_id, {self._is_same} AS is_same"
            f" FROM new_rows JOIN old_rows ON {self._key('new_rows')} = {self._key('old_rows')}"
        )

    def _key(self, rows: str) -> str:
        return f"nullif(trim({rows}.{quoted(self.choice.key)}), '')"

    def _refuse_repeated_key(self, rows: str, owner: str) -> None:
        key = self._key(rows)
        repeated = self._connection.execute(
            f"SELECT {key}, count(*) FROM {rows} WHERE {key} IS NOT NULL GROUP BY 1"
            " HAVING count(*) > 1 ORDER BY 2 DESC, 1 LIMIT 1"
        ).fetchall()
        for value, n_rows in repeated:
            raise AppendRefused(
                f"“{self.choice.key}” cannot be the key: “{value[:KEY_CHARS]}” is in {n_rows:,}"
                f" rows of the {owner}. Choose a column whose values differ from row to row, or"
                " recognise rows by their content."
            )

    @cached_property
    def effect(self) -> AppendEffect:
        """The numbers of rows."""
        n_rows = self._count("new_rows")
        n_known = self._count("matched WHERE is_same")
        n_changed = self._count("matched WHERE NOT is_same")
        n_without_key = 0
        if self.choice.key:
            n_without_key = self._count(f"new_rows WHERE {self._key('new_rows')} IS NULL")
        n_added = n_rows - n_known - n_changed
        if self.choice.keeps_copies and not self.choice.key:
            n_added = n_rows
        n_updated = 0
        if self.choice.updates_existing:
            n_updated = n_changed
        return AppendEffect(
            n_rows=n_rows,
            n_known=n_known,
            n_changed=n_changed,
            n_without_key=n_without_key,
            n_repeated=self._n_repeated(),
            n_added=n_added,
            n_updated=n_updated,
            n_absent=self._n_absent() if n_known + n_changed else 0,
        )

    def _n_repeated(self) -> int:
        if self.choice.key:
            return 0  # repeated keys are refused
        cells = ", ".join(quoted(name) for name in self.sources)
        return self._count("new_rows") - self._count(f"(SELECT DISTINCT {cells} FROM new_rows)")

    def _n_absent(self) -> int:
        is_same = self._is_same
        if self.choice.key:
            is_same = f"{self._key('new_rows')} = {self._key('old_rows')}"
        return self._count(f"old_rows ANTI JOIN new_rows ON {is_same}")

    def unreadable_cells(self, profiles: Sequence[ColumnProfile]) -> list[UnreadableCells]:
        """Return the columns of numbers and dates in which cells of the file are none."""
        return unreadable_cells(self._connection, profiles, list(self.sources))

    def _count(self, rows: str) -> int:
        [(n_rows,)] = self._connection.execute(f"SELECT count(*) FROM {rows}").fetchall()
        return int(n_rows)

    def changed_cells(self) -> list[ChangedCell]:
        """Return the first cells for which the file has another value than the dataset."""
        cells: list[ChangedCell] = []
        names = self.compared_columns
        pairs = ", ".join(f"old_rows.{quoted(name)}, new_rows.{quoted(name)}" for name in names)
        found = self._connection.execute(
            f"SELECT old_rows.{ROW_ID}, {self._key('old_rows')}, {pairs} FROM matched"
            f" JOIN old_rows ON old_rows.{ROW_ID} = matched.row_id"
            f" JOIN new_rows ON new_rows.{ROW_ID} = matched.file_row"
            f" WHERE NOT is_same ORDER BY matched.row_id LIMIT {N_EXAMPLES}"
        ).fetchall()
        for row_id, key, *values in found:
            for place, name in enumerate(names):
                before, after = values[2 * place : 2 * place + 2]
                if before != after:
                    cells.append(ChangedCell(row_id, key, name, before, after))
        return cells[:N_EXAMPLES]

    def added_rows(self) -> Iterator[list[pa.Array]]:
        """Yield the rows to append, in the order of the file: an array for each column."""
        known = "" if self._keeps_all else "ANTI JOIN matched ON file_row = new_rows." + ROW_ID
        cells = ", ".join(self._new_cell(name) for name in self.columns)
        found = self._connection.sql(
            f"SELECT {cells} FROM new_rows {known} ORDER BY new_rows.{ROW_ID}"
        )
        for batch in found.to_arrow_reader(ROWS_PER_BATCH):
            yield batch.columns

    @property
    def _keeps_all(self) -> bool:
        return self.choice.keeps_copies and not self.choice.key

    def _new_cell(self, name: str) -> str:
        if name in self.sources:
            return f"new_rows.{quoted(name)}"
        return f"NULL::VARCHAR AS {quoted(name)}"

    def updated_rows(self) -> pa.ChunkedArray:
        """Return the ids of the old rows whose cells the file replaces, in order."""
        wanted = "NOT is_same" if self.choice.updates_existing else "false"
        found = self._connection.sql(
            f"SELECT row_id FROM matched WHERE {wanted} ORDER BY row_id"
        ).to_arrow_table()
        return found.column("row_id").cast(pa.int64())

    def updated_cells(self, rows: range) -> pa.Table:
        """Return the new cells of the updated rows in a range of ids, as `row_id` and the compared
        columns.
        """
        cells = ", ".join(f"new_rows.{quoted(name)}" for name in self.compared_columns)
        return self._connection.sql(
            f"SELECT matched.row_id, {cells} FROM matched"
            f" JOIN new_rows ON new_rows.{ROW_ID} = matched.file_row"
            f" WHERE NOT is_same AND row_id BETWEEN {rows.start} AND {rows.stop - 1}"
            " ORDER BY matched.row_id"
        ).to_arrow_table()


@contextmanager
def compared(base: Path, file: Path, choice: AppendChoice) -> Iterator[Comparison]:
    """Yield the comparison of a file with a dataset version, both as tables.

    Raises
    ------
    AppendRefused
        If columns are missing, or the key does not tell rows apart.
    """
    connection = tables.connect()
    try:
        yield Comparison(connection, base, file, choice)
    finally:
        connection.close()
