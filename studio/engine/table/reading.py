"""Unreadable cells, rows without any readable cell, and new categories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from studio.engine.counted import counted
from studio.engine.table import cell_values
from studio.engine.table.cells import LEARNED_CHARACTERS, Cells, Table
from studio.engine.table.columns import ColumnKind
from studio.engine.table.levels import SpelledLevels

N_EXAMPLES = 3  # in one sentence
N_ROWS_NAMED = 10
_MAX_SHOWN_CHARS = 40
_WANTED = {
    ColumnKind.INTEGER: ("a number", "numbers"),
    ColumnKind.NUMBER: ("a number", "numbers"),
    ColumnKind.DATETIME: ("a date", "dates"),
    ColumnKind.BOOLEAN: ("yes or no", "yes or no"),
}


@dataclass(slots=True)
class UnreadCells:
    """Cells of one column that are not of its kind.

    `examples` are the first ones, each with its row, counted from 1.
    """

    n_cells: int = 0
    examples: list[tuple[int, str]] = field(default_factory=list)

    def add(
        self, cells: Cells, is_unread: npt.NDArray[np.bool_], row_numbers: npt.NDArray[np.int64]
    ) -> None:
        rows = np.flatnonzero(is_unread)
        self.n_cells += len(rows)
        for row in rows[: N_EXAMPLES - len(self.examples)].tolist():
            self.examples.append((int(row_numbers[row]), cells[row].strip()[:_MAX_SHOWN_CHARS]))

    def named(self) -> str:
        return ", ".join(f"“{cell}” in row {row:,}" for row, cell in self.examples)


class Reading:
    """What could not be read in a table, collected part by part.

    Parameters
    ----------
    kinds
        Kind of each column that is read.
    known
        Categories of the training data, by column; None when reading the training data.
    """

    def __init__(
        self, kinds: Mapping[str, ColumnKind], known: Mapping[str, SpelledLevels] | None = None
    ) -> None:
        self._kinds = kinds
        self._known = known or {}
        self._unread = {name: UnreadCells() for name in kinds}
        self._new = {name: UnreadCells() for name in self._known}
        self._long = {
            name: UnreadCells() for name, kind in kinds.items() if kind is ColumnKind.TEXT
        }
        self._blank_rows: list[int] = []
        self._n_blank = 0

    def add(self, table: Table, row_numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Collect from rows, numbered from 1; return which have no readable cell, shape (n,)."""
        is_empty = np.ones(table.n_rows, dtype=bool)
        for name, cells in table.items():
            is_readable = readable(cells, self._kinds[name])[cells.codes]
            is_empty &= ~is_readable
            self._unread[name].add(cells, ~is_readable & ~cells.is_blank, row_numbers)
            if name in self._long:
                self._long[name].add(cells, cells.is_long, row_numbers)
            if name in self._known:
                is_new = self._known[name].are_new(cells.distinct.tolist())[cells.codes]
                self._new[name].add(cells, is_new, row_numbers)
        self._n_blank += int(is_empty.sum())
        rows = row_numbers[is_empty][: N_ROWS_NAMED - len(self._blank_rows)]
        self._blank_rows.extend(rows.tolist())
        return is_empty

    def readable_cells(self, name: str, cells: Cells) -> npt.NDArray[np.bool_]:
        """Return which distinct cells of a column have a value of its kind."""
        return readable(cells, self._kinds[name])

    def unread_cells(self, name: str, cells: Cells) -> npt.NDArray[np.bool_]:
        """Return which distinct cells of a column are neither blank nor of its kind."""
        is_blank = cell_values.is_blank(cells.distinct.tolist())
        return ~readable(cells, self._kinds[name]) & ~is_blank

    def new_cells(self, name: str, cells: Cells) -> npt.NDArray[np.bool_]:
        """Return which distinct cells of a column hold a category that training did not have."""
        if name not in self._known:
            return np.zeros(len(cells.distinct), dtype=bool)
        return self._known[name].are_new(cells.distinct.tolist())

    def wanted(self, name: str) -> str:
        """Return what a cell of a column should be: a number, a date, yes or no."""
        return _WANTED[self._kinds[name]][0]

    @property
    def counts(self) -> dict[str, tuple[int, int]]:
        """How many cells of each column could not be read, and how many hold a new category."""
        return {
            name: (unread.n_cells, self._new[name].n_cells if name in self._new else 0)
            for name, unread in self._unread.items()
        }

    @property
    def n_blank_rows(self) -> int:
        return self._n_blank

    def notes(self, *, of_blank_rows: str) -> tuple[str, ...]:
        """Return a sentence for each finding.

        `of_blank_rows` says what happens to rows without any readable cell.
        """
        notes = []
        for name, unread in self._unread.items():
            if unread.n_cells:
                one, many = _WANTED[self._kinds[name]]
                found = counted(
                    unread.n_cells,
                    f"cell is not {one} and counts as missing",
                    f"cells are not {many} and count as missing",
                )
                notes.append(f"Column “{name}”: {found}: {unread.named()}.")
        for name, new in self._new.items():
            if new.n_cells:
                unknown = "a value that the training data does not have, and"
                found = counted(
                    new.n_cells, f"cell holds {unknown} is", f"cells hold {unknown} are"
                )
                notes.append(f"Column “{name}”: {found} read like a rare one: {new.named()}.")
        for name, long in self._long.items():
            if long.n_cells:
                count = counted(long.n_cells, "text has", "texts have")
                notes.append(
                    f"Column “{name}”: {count} more than {LEARNED_CHARACTERS:,} characters; what"
                    f" comes after them is not learned from: {long.named()}."
                )
        if self._n_blank:
            notes.append(self._blank_note(of_blank_rows))
        return tuple(notes)

    def _blank_note(self, consequence: str) -> str:
        rows = ", ".join(f"{row:,}" for row in self._blank_rows)
        if self._n_blank == 1:
            return f"1 row has no cell that can be read; {consequence}: row {rows}."
        n_more = self._n_blank - len(self._blank_rows)
        if n_more:
            rows += f" and {n_more:,} more"
        found = counted(self._n_blank, "row has", "rows have")
        return f"{found} no cell that can be read; {consequence}: rows {rows}."


def readable(cells: Cells, kind: ColumnKind) -> npt.NDArray[np.bool_]:
    """Return which distinct cells have a value of the kind, shape (n_distinct,)."""
    if kind in (ColumnKind.INTEGER, ColumnKind.NUMBER):
        return ~np.isnan(cells.distinct_numbers)
    if kind is ColumnKind.DATETIME:
        return ~np.isnat(cells.distinct_moments)
    if kind is ColumnKind.BOOLEAN:
        return ~np.isnan(cell_values.booleans(cells.distinct.tolist()))
    return ~cell_values.is_blank(cells.distinct.tolist())
