"""Cells that a program wrote in another form when it saved the table, such as 7.0 for 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from projects.readers.profile import ColumnProfile
from studio.cell_sql import matches, moment, number
from studio.engine.conventions import Convention
from studio.engine.table.columns import MEASURED, ColumnKind
from studio.sql import quoted


@dataclass(frozen=True, slots=True)
class WrittenForm:
    """A form in which programs save cells of another form.

    `in_file` and `in_dataset` are patterns of both; `as_dataset` is the SQL that turns a cell
    `{cell}` of the file into the form of the dataset. `example` has one cell in both forms.
    """

    in_file: str
    in_dataset: str
    as_dataset: str
    example: tuple[str, str]


_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MIDNIGHT = "[ T]00:00:00(\\.0+)?(Z|\\+00:00)?"
_ANY_CASE = "(?i:true|false)"
FORMS = (
    # A column of whole numbers with an empty cell becomes one of floats in pandas.
    WrittenForm(
        "-?[0-9]+\\.0+", "-?[0-9]+", "regexp_replace(trim({cell}), '\\.0+$', '')", ("7.0", "7")
    ),
    WrittenForm(
        f"{_DAY}{_MIDNIGHT}",
        _DAY,
        "left(trim({cell}), 10)",
        ("2024-05-01 00:00:00", "2024-05-01"),
    ),
    WrittenForm(_ANY_CASE, "true|false", "lower(trim({cell}))", ("True", "true")),
    WrittenForm(_ANY_CASE, "TRUE|FALSE", "upper(trim({cell}))", ("True", "TRUE")),
    WrittenForm(
        _ANY_CASE,
        "True|False",
        "upper(left(trim({cell}), 1)) || lower(substr(trim({cell}), 2))",
        ("TRUE", "True"),
    ),
)


def forms_of_file(
    connection: duckdb.DuckDBPyConnection, sources: Mapping[str, str]
) -> dict[str, WrittenForm]:
    """Return the form of each column that the file writes throughout in another form than the
    dataset.

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
        in_file = _throughout(connection, form, {name: sources[name] for name in names})
        for name in in_file:
            cell = f"trim({quoted(name)})"
            has_own = matches(cell, form.in_dataset)
            has_other = f"{matches(cell, form.in_file)} AND NOT {has_own}"
            row = connection.execute(
                f"SELECT count(*) FILTER (WHERE {has_own}), count(*) FILTER (WHERE {has_other})"
                " FROM old_rows"
            ).fetchone()
            assert row is not None
            if row[0] and not row[1]:
                found[name] = form
    return found


def _throughout(
    connection: duckdb.DuckDBPyConnection, form: WrittenForm, sources: Mapping[str, str]
) -> list[str]:
    """Return the columns whose filled cells all have the form in the file, some of them not the
    form of the dataset.
    """
    if not sources:
        return []
    counts = []
    for source in sources.values():
        cell = f"trim({quoted(source)})"
        is_filled = f"nullif({cell}, '') IS NOT NULL"
        counts.append(
            f"coalesce(bool_and({matches(cell, form.in_file)}) FILTER (WHERE {is_filled}), false)"
        )
        counts.append(
            f"count(*) FILTER (WHERE {is_filled} AND NOT {matches(cell, form.in_dataset)})"
        )
    row = connection.execute(f"SELECT {', '.join(counts)} FROM file_rows").fetchone()
    assert row is not None
    return [name for place, name in enumerate(sources) if row[2 * place] and row[2 * place + 1]]


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
        is_filled = f"nullif(trim({cell}), '') IS NOT NULL"
        row = connection.execute(
            f"SELECT count(*) FILTER (WHERE {value} IS NULL), count(*),"
            f" min({cell}) FILTER (WHERE {value} IS NULL) FROM new_rows WHERE {is_filled}"
        ).fetchone()
        assert row is not None
        if row[0]:
            found.append(UnreadableCells(profile.name, profile.kind, *row))
    return found
