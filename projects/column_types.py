"""Column types that programs declare with an upload, checked and turned into kinds of column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from projects.readers.column_profile import ColumnProfile
from projects.readers.kinds import PLACEHOLDER_PATTERN
from studio import cell_sql, sql, tables
from studio.engine.conventions import Convention
from studio.engine.errors import DataProblem
from studio.engine.table.columns import ColumnKind
from studio.engine.table.required_columns import quoted, some

STRING = "string"
IMAGE = "image_external"
_KINDS = {"integer": ColumnKind.INTEGER, "float": ColumnKind.NUMBER, "boolean": ColumnKind.BOOLEAN}
_CHECKED = (ColumnKind.INTEGER, ColumnKind.NUMBER, ColumnKind.BOOLEAN)
_BOOLEAN_PATTERN = r"(?i)true|false|t|f|yes|no|y|n|1|0|1\.0|0\.0"
_OWN_KINDS = {kind.value: kind for kind in ColumnKind}  # the words of our own pages
TYPES = (STRING, *_KINDS)
NEARLY_ALL = 0.99  # fraction of cells that must fit, as for inferred kinds
_DISTINCT = 0.95  # fraction of distinct cells from which numbers declared as strings identify rows


def checked_types(overrides: object) -> dict[str, str]:
    """Return the declared types by column, from a list of objects with `name` and `column_type`.

    Raises DataProblem for any other form, an unknown type, and a column with two types.
    """
    if not overrides:
        return {}
    entries = overrides if isinstance(overrides, list) else [None]
    types: dict[str, str] = {}
    for entry in entries:
        fields = entry if isinstance(entry, dict) else {}
        name = fields.get("name")
        column_type = fields.get("column_type")
        if not isinstance(name, str) or not isinstance(column_type, str):
            raise DataProblem(
                'Schema overrides are a list such as [{"name": "age", "column_type": "integer"}].'
            )
        if column_type == IMAGE:
            raise DataProblem(
                f"The column “{name}” is declared to hold images, which this studio does not read."
            )
        if column_type not in TYPES and column_type not in _OWN_KINDS:
            raise DataProblem(
                f"There is no column type “{column_type}”; choose one of {', '.join(TYPES)}."
            )
        if types.setdefault(name, column_type) != column_type:
            raise DataProblem(
                f"The schema overrides give the column “{name}” two types. Keep one of them."
            )
    return types


def kinds_of_types(
    types: Mapping[str, str], profiles: Sequence[ColumnProfile], table: Path
) -> dict[str, ColumnKind]:
    """Return the kinds of column that the declared types stand for.

    Raises DataProblem for columns that the table lacks, and for cells that are not of the type.
    """
    by_name = {profile.name: profile for profile in profiles}
    unknown = [name for name in types if name not in by_name]
    if unknown:
        raise DataProblem(
            f"The schema overrides name {quoted(unknown)}, but the file has only the columns"
            f" {some(list(by_name))}. Correct the names."
        )
    kinds = {name: _kind(column_type, by_name[name]) for name, column_type in types.items()}
    for name, kind in kinds.items():
        if kind in _CHECKED:
            _refuse_unfit(by_name[name], kind, types[name], table)
    return kinds


def _kind(column_type: str, profile: ColumnProfile) -> ColumnKind:
    if column_type in _KINDS:
        return _KINDS[column_type]
    if column_type in _OWN_KINDS:
        return _OWN_KINDS[column_type]
    if profile.inferred_kind not in (ColumnKind.INTEGER, ColumnKind.NUMBER, ColumnKind.BOOLEAN):
        return profile.inferred_kind
    n_filled = profile.n_rows - profile.n_missing
    if profile.n_distinct > _DISTINCT * n_filled:
        return ColumnKind.IDENTIFIER
    return ColumnKind.CATEGORICAL


def _refuse_unfit(profile: ColumnProfile, kind: ColumnKind, column_type: str, table: Path) -> None:
    name = profile.name
    number = cell_sql.number("cell", profile.convention or Convention.POINT)
    fits = {
        ColumnKind.INTEGER: f"coalesce({number} = trunc({number}), false)",
        ColumnKind.NUMBER: f"{number} IS NOT NULL",
        ColumnKind.BOOLEAN: cell_sql.matches("cell", _BOOLEAN_PATTERN),
    }
    query = f"""
        SELECT count(*), count(*) FILTER (WHERE NOT fits), min(cell) FILTER (WHERE NOT fits) FROM (
            SELECT cell, {fits[kind]} AS fits FROM (
                SELECT trim({sql.quoted(name)}) AS cell FROM read_parquet(?)
            ) WHERE cell != '' AND NOT regexp_full_match(cell, ?)
        )"""
    with closing(tables.connect()) as connection:
        found = connection.execute(query, [str(table), PLACEHOLDER_PATTERN]).fetchone()
    n_cells, n_unfit, example = found or (0, 0, None)
    if n_unfit > (1 - NEARLY_ALL) * n_cells:
        raise DataProblem(
            f"The column “{name}” is to be of type {column_type}, but {n_unfit:,} of its"
            f" {n_cells:,} cells are not, such as “{str(example)[:60]}”. Correct the cells, or"
            " leave this column out of the schema overrides."
        )
