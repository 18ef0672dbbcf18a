"""Cells that a program wrote in another form when it saved the table, such as 7.0 for 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from projects.readers.column_profile import ColumnProfile
from studio.cell_sql import matches, moment, number
from studio.engine.conventions import Convention
from studio.engine.table.columns import MEASURED, ColumnKind
from studio.sql import quoted


@dataclass(frozen=True, slots=True)
class WrittenForm:
    """A form in which programs save cells of another form.

    `in_file` and `in_dataset` are patterns of both; `as_dataset` is the SQL that turns a trimmed
    cell `{cell}` of the file into the form of the dataset. `example` has one cell in both forms.
    """

    in_file: str
    in_dataset: str
    as_dataset: str
    example: tuple[str, str]

    def has_form(self, cell: str) -> str:
        """Return the condition that a cell has the form of the file, and not of the dataset."""
        return f"({matches(cell, self.in_file)} AND NOT {matches(cell, self.in_dataset)})"

    def rewritten(self, cell: str) -> str:
        """Return a cell of the file in the form of the dataset; other cells stay."""
        bare = f"trim({cell})"
        as_dataset = self.as_dataset.format(cell=bare)
        return f"CASE WHEN {self.has_form(bare)} THEN {as_dataset} ELSE {cell} END"


_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MIDNIGHT = "[ T]00:00:00(\\.0+)?(Z|\\+00:00)?"
_ANY_CASE = "(?i:true|false)"
FORMS = (
    # A column of whole numbers with an empty cell becomes one of floats in pandas.
    WrittenForm("-?[0-9]+\\.0+", "-?[0-9]+", "regexp_replace({cell}, '\\.0+$', '')", ("7.0", "7")),
    WrittenForm(
        f"{_DAY}{_MIDNIGHT}",
        _DAY,
        "left({cell}, 10)",
        ("2024-05-01 00:00:00", "2024-05-01"),
    ),
    WrittenForm(_ANY_CASE, "true|false", "lower({cell})", ("True", "true")),
    WrittenForm(_ANY_CASE, "TRUE|FALSE", "upper({cell})", ("True", "TRUE")),
    WrittenForm(
        _ANY_CASE,
        "True|False",
        "upper(left({cell}, 1)) || lower(substr({cell}, 2))",
        ("TRUE", "True"),
    ),
)


def forms_of_file(
    connection: duckdb.DuckDBPyConnection, sources: Mapping[str, str]
) -> dict[str, WrittenForm]:
    """Return the form of each column that only the file uses, where the dataset uses the other one.

    Parameters
    ----------
    connection
        With the views `old_rows`, and `file_rows` as the file has them.
    sources
        The column of the file for each column of the dataset.
    """
    found: dict[str, WrittenForm] = {}
    for form in FORMS:
        names = [name for name in sources if name not in found]
        in_file = _counts(connection, "file_rows", form, [sources[name] for name in names])
        likely = [
            name
            for name, (n_form, n_other) in zip(names, in_file, strict=True)
            if n_form and not n_other
        ]
        in_dataset = _counts(connection, "old_rows", form, likely)
        for name, (n_form, n_other) in zip(likely, in_dataset, strict=True):
            if n_other and not n_form:
                found[name] = form
    return found


def _counts(
    connection: duckdb.DuckDBPyConnection, rows: str, form: WrittenForm, columns: Sequence[str]
) -> list[tuple[int, int]]:
    """Return how many cells of each column have the form of the file, and that of the dataset."""
    if not columns:
        return []
    counts = []
    for column in columns:
        cell = f"trim({quoted(column)})"
        counts.append(f"count(*) FILTER (WHERE {form.has_form(cell)})")
        counts.append(f"count(*) FILTER (WHERE {matches(cell, form.in_dataset)})")
    row = connection.execute(f"SELECT {', '.join(counts)} FROM {rows}").fetchone()
    assert row is not None
    return list(zip(row[::2], row[1::2], strict=True))


@dataclass(frozen=True, slots=True)
class UnreadableCells:
    """Cells of a column of numbers or dates that are none, among its filled cells in the file."""

    column: str
    kind: ColumnKind
    n_unreadable: int
    n_filled: int
    example: str


def unreadable_cells(
    connection: duckdb.DuckDBPyConnection,
    profiles: Sequence[ColumnProfile],
    columns: Sequence[str],
) -> list[UnreadableCells]:
    """Return the columns of numbers and dates in which cells of the view `new_rows` are none."""
    found = []
    for profile in profiles:
        if profile.kind not in MEASURED or profile.name not in columns:
            continue
        cell = quoted(profile.name)
        if profile.kind is ColumnKind.DATETIME:
            value = moment(cell, profile.convention or Convention.YEAR_FIRST)
        else:
            value = number(cell, profile.convention or Convention.POINT)
        is_filled = f"nullif({cell}, '') IS NOT NULL"
        row = connection.execute(
            f"SELECT count(*) FILTER (WHERE {value} IS NULL), count(*),"
            f" min({cell}) FILTER (WHERE {value} IS NULL) FROM new_rows WHERE {is_filled}"
        ).fetchone()
        assert row is not None
        if row[0]:
            found.append(UnreadableCells(profile.name, profile.kind, *row))
    return found
