"""Notes on single rows of a file: cells that cannot be read, that are new, that are respelled."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from studio.engine.table.cells import Cells, Table
from studio.engine.table.reading import Reading

_MAX_SHOWN_CHARS = 40
BLANK_ROW = "No cell can be read."


def row_notes(table: Table, meant: Mapping[str, Mapping[str, str]], reading: Reading) -> list[str]:
    """Return what is to be said of each row, empty where there is nothing.

    Parameters
    ----------
    table
        The cells as they are written.
    meant
        The categories that some spellings stand for, by column.
    reading
        Knows the kinds of the columns, and the categories of the training data.
    """
    found: list[list[str]] = [[] for _ in range(table.n_rows)]
    has_readable = np.zeros(table.n_rows, dtype=bool)
    for name, cells in table.items():
        has_readable |= reading.readable_cells(name, cells)[cells.codes]
        of_distinct = _notes_of_distinct(name, cells, meant.get(name, {}), reading)
        is_noted = np.zeros(len(cells.distinct), dtype=bool)
        is_noted[list(of_distinct)] = True
        for row in np.flatnonzero(is_noted[cells.codes]).tolist():
            found[row].append(of_distinct[int(cells.codes[row])])
    for row in np.flatnonzero(~has_readable).tolist():
        found[row].insert(0, BLANK_ROW)
    return [" ".join(sentences) for sentences in found]


def _notes_of_distinct(
    name: str, cells: Cells, spelled: Mapping[str, str], reading: Reading
) -> dict[int, str]:
    """Return the note on each distinct cell of a column that has one, by its code."""
    notes = {}
    for code in np.flatnonzero(reading.unread_cells(name, cells)).tolist():
        notes[code] = f"{name}: {_shown(cells, code)} is not {reading.wanted(name)}."
    for code in np.flatnonzero(reading.new_cells(name, cells)).tolist():
        notes[code] = f"{name}: {_shown(cells, code)} is not in the training data."
    if spelled:
        for code, cell in enumerate(cells.distinct.tolist()):
            known = spelled.get(cell.strip())
            if known is not None:
                notes[code] = f"{name}: {_shown(cells, code)} is read as “{known}”."
    return notes


def _shown(cells: Cells, code: int) -> str:
    return f"“{cells.distinct[code].strip()[:_MAX_SHOWN_CHARS]}”"
