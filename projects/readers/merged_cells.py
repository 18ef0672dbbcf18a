"""Fills merged cells, of which a spreadsheet stores only the first one's value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from projects.readers.sheets import Merge, SheetRow
from studio.engine.counted import counted


class MergedCells:
    """Fills the merged cells in the rows of a sheet below its header."""

    def __init__(self, merges: Sequence[Merge], *, header_row: int, n_columns: int) -> None:
        below = (merge for merge in merges if merge.first_row > header_row)
        self._waiting = sorted(
            (merge for merge in below if merge.first_column < n_columns), reverse=True
        )
        self._n_columns = n_columns
        self._open: list[tuple[Merge, str]] = []
        self.n_filled = 0

    def filled(self, rows: Iterator[SheetRow]) -> Iterator[SheetRow]:
        """Yield the rows; a row that has nothing of its own stays blank."""
        for row in rows:
            self._open = [
                (merge, value) for merge, value in self._open if merge.last_row >= row.number
            ]
            while self._waiting and self._waiting[-1].first_row <= row.number:
                self._begin(self._waiting.pop(), row)
            if self._open and any(row.cells):
                self._fill(row.cells)
            yield row

    def _begin(self, merge: Merge, row: SheetRow) -> None:
        if merge.first_row < row.number or merge.first_column >= len(row.cells):
            return
        value = row.cells[merge.first_column]
        if value:
            self._open.append((merge, value))
            self.n_filled += 1

    def _fill(self, cells: list[str]) -> None:
        for merge, value in self._open:
            end = min(merge.last_column + 1, self._n_columns)
            cells += [""] * (end - len(cells))
            for place in range(merge.first_column, end):
                cells[place] = cells[place] or value

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done, for the user."""
        if not self.n_filled:
            return ()
        ranges = counted(self.n_filled, "range")
        return (f"Merged cells: each cell of {ranges} has the value that the range shows.",)


def is_title(row: SheetRow, merges: Sequence[Merge]) -> bool:
    """Say whether a row's only value is merged over several columns, like a title."""
    filled = [place for place, cell in enumerate(row.cells) if cell]
    if len(filled) != 1:
        return False
    place = filled[0]
    return any(
        merge.first_row == row.number and merge.first_column == place and merge.last_column > place
        for merge in merges
    )
