"""How the rows of a file are appended: which column is which, and what becomes of known rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from studio.engine.errors import DataProblem
from studio.engine.table.required_columns import MissingColumnsProblem, RequiredColumns, some


class AppendRefused(DataProblem):
    """The rows cannot be appended as it was asked for, so that the dataset stays as it is."""


@dataclass(frozen=True, slots=True)
class AppendChoice:
    """How the rows of a file are appended.

    Attributes
    ----------
    column_map
        Columns of the dataset that have another name in the file, with that name.
    blank_columns
        Columns of the dataset that stay empty in the new rows.
    key
        The column of the dataset that recognises rows; empty recognises them by all their cells.
    keeps_copies
        Without a key: whether rows that the dataset already has are appended once more.
    updates_existing
        With a key: whether the cells of the file replace those of the row with the same key.
    """

    column_map: Mapping[str, str] = field(default_factory=dict)
    blank_columns: tuple[str, ...] = ()
    key: str = ""
    keeps_copies: bool = False
    updates_existing: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return it for a JSON column of the database."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> AppendChoice:
        """Return the choice that `to_dict` wrote."""
        return cls(**{**stored, "blank_columns": tuple(stored["blank_columns"])})

    def sources(self, columns: Sequence[str], in_file: Sequence[str]) -> dict[str, str]:
        """Return the column of the file for each column of the dataset that is not left empty.

        Raises
        ------
        AppendRefused
            If the file lacks columns, or the choice names columns that the dataset does not have or
            contradicts itself.
        """
        named = [*self.column_map, *self.blank_columns, *([self.key] if self.key else [])]
        unknown = [name for name in dict.fromkeys(named) if name not in columns]
        if unknown:
            raise AppendRefused(
                f"The dataset has no column {some(unknown)}. Its columns are {some(columns)}."
            )
        if self.key in self.blank_columns:
            raise AppendRefused(
                f"Rows cannot be recognised by “{self.key}” if it is left empty. Choose another key"
                " column, or the column of the file that holds it."
            )
        wanted = tuple(name for name in columns if name not in self.blank_columns)
        if not wanted:
            raise AppendRefused("Every column would be left empty, so there is nothing to append.")
        try:
            required = RequiredColumns(wanted, self.column_map)
            required.check(in_file)
        except MissingColumnsProblem as problem:
            raise AppendRefused(
                f"{problem.finding()} Name the column of the file that stands for each"
                " (column_map, or --map in a terminal), or leave it empty in the new rows"
                " (blank_columns, or --blank)."
            ) from problem
        except DataProblem as problem:
            raise AppendRefused(str(problem)) from problem
        return {name: required.source(name) for name in wanted}
