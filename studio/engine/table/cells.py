"""The cells of a table as the engine holds them: the distinct ones of a column, coded by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import overload

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine.conventions import (
    DATE_ORDERS,
    DECIMALS,
    Convention,
    Conventions,
    FoundConvention,
    find_date_order,
)
from studio.engine.conventions.written_dates import date_evidence, read_moments
from studio.engine.conventions.written_numbers import decimal_mark, read_numbers
from studio.engine.table import cell_values
from studio.engine.table.columns import MEASURED, ColumnKind

LEARNED_CHARACTERS = 50_000  # of a cell; a longer text is a book, and takes minutes


class Cells(Sequence[str]):
    """The cells of one column as text; a missing cell is the empty text.

    Reading, comparing and hashing are done once per distinct cell, however many rows there are.

    Parameters
    ----------
    codes
        Position of each row's cell in `distinct`, shape (n,), int32.
    distinct
        The distinct cells, shape (n_distinct,), each of which occurs.
    convention
        How numbers or dates are read; None finds it from these cells.
    """

    def __init__(
        self,
        codes: npt.NDArray[np.int32],
        distinct: npt.NDArray[np.object_],
        convention: Convention | None = None,
    ) -> None:
        self.codes = codes
        self.distinct = distinct
        self.convention = convention
        self.whole: Cells | None = None
        self.rows = slice(None)

    @classmethod
    def of(cls, cells: Iterable[str | None], convention: Convention | None = None) -> Cells:
        found, distinct = pd.factorize(np.asarray(cells, dtype=object))
        codes = found.astype(np.int32)
        is_missing = codes < 0
        if is_missing.any():
            # A missing cell counts as an empty one, which the column may also have.
            blank = np.flatnonzero(distinct == "")
            if not len(blank):
                blank = np.array([len(distinct)])
                distinct = np.append(distinct, np.array([""], dtype=object))
            codes[is_missing] = blank[0]
        return cls(codes, distinct, convention)

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[str]:
        return iter(self.to_list())

    @overload
    def __getitem__(self, rows: int) -> str: ...
    @overload
    def __getitem__(self, rows: slice) -> list[str]: ...
    def __getitem__(self, rows: int | slice) -> str | list[str]:
        if isinstance(rows, slice):
            cells: list[str] = self.distinct[self.codes[rows]].tolist()
            return cells
        return str(self.distinct[self.codes[rows]])

    def to_list(self) -> list[str]:
        return self[:]

    @property
    def is_long(self) -> npt.NDArray[np.bool_]:
        """Where a cell has more text than is learned from, shape (n,)."""
        lengths = np.array([len(cell) for cell in self.distinct], dtype=np.int64)
        return np.asarray(lengths[self.codes] > LEARNED_CHARACTERS)

    def beginnings(self) -> list[str]:
        """Return as much of every row's cell as is learned from."""
        cut = [cell[:LEARNED_CHARACTERS] for cell in self.distinct.tolist()]
        return [cut[code] for code in self.codes.tolist()]

    def reordered(self, order: npt.NDArray[np.int64]) -> Cells:
        """Return the cells with their rows in another order."""
        return self._with_codes(self.codes[order])

    def read_as(self, convention: Convention) -> Cells:
        """Return the cells with their convention settled."""
        if convention is self.convention:
            return self
        return Cells(self.codes, self.distinct, convention)

    def spelled(self, meant: Mapping[str, str]) -> Cells:
        """Return the cells respelled; `meant` has the new spellings by the stripped old ones."""
        distinct = [meant.get(cell.strip(), cell) for cell in self.distinct.tolist()]
        return Cells(self.codes, np.array(distinct, dtype=object), self.convention)

    def _with_codes(self, codes: npt.NDArray[np.int32]) -> Cells:
        cells = Cells(codes, self.distinct, self.convention)
        cells.__dict__.update({name: value for name, value in vars(self).items() if name in _READ})
        return cells

    def part(self, rows: slice) -> Cells:
        """Return the cells of some rows, of the different ones only those that they have.

        They know of which cells they are a part, and which rows they are.
        """
        kept, codes = np.unique(self.codes[rows], return_inverse=True)
        part = Cells(codes.astype(np.int32), self.distinct[kept], self.convention)
        part.whole = self
        part.rows = rows
        part.__dict__.update(
            {name: read[kept] for name, read in vars(self).items() if name in _READ}
        )
        return part

    def counts(self) -> npt.NDArray[np.int64]:
        """Return the number of rows of each distinct cell, shape (n_distinct,)."""
        return np.bincount(self.codes, minlength=len(self.distinct))

    def each(self, read: Callable[[list[str]], npt.NDArray[np.generic]]) -> npt.NDArray[np.generic]:
        """Return `read` of every row's cell, shape (n,), called once with the distinct cells."""
        return read(self.distinct.tolist())[self.codes]

    def found_convention(self, kind: ColumnKind) -> FoundConvention | None:
        """Return how numbers or dates are written; None for other kinds of column."""
        if kind is ColumnKind.DATETIME:
            return find_date_order(date_evidence(self.distinct.tolist(), self.counts()))
        if kind in MEASURED:
            return decimal_mark(self.distinct.tolist(), self.counts())
        return None

    @cached_property
    def decimal(self) -> Convention:
        """Whether a point or a comma is the decimal mark of numbers."""
        if self.convention is not None and self.convention in DECIMALS:
            return self.convention
        return decimal_mark(self.distinct.tolist(), self.counts()).convention

    @cached_property
    def date_order(self) -> Convention:
        """The order of day, month and year in dates."""
        if self.convention is not None and self.convention in DATE_ORDERS:
            return self.convention
        return find_date_order(date_evidence(self.distinct.tolist(), self.counts())).convention

    @cached_property
    def distinct_numbers(self) -> npt.NDArray[np.float64]:
        """The distinct cells as numbers, shape (n_distinct,); NaN if not a number."""
        return read_numbers(self.distinct.tolist(), self.decimal)

    @cached_property
    def distinct_moments(self) -> npt.NDArray[np.datetime64]:
        """The distinct cells as moments in UTC, shape (n_distinct,); NaT if not a date."""
        return read_moments(self.distinct.tolist(), self.date_order).dt.tz_localize(None).to_numpy()

    @property
    def numbers(self) -> npt.NDArray[np.float64]:
        """Every row's cell as a number, shape (n,); NaN if not a number."""
        return self.distinct_numbers[self.codes]

    @property
    def is_blank(self) -> npt.NDArray[np.bool_]:
        """Whether each row's cell is blank, shape (n,)."""
        return np.asarray(self.each(cell_values.is_blank), dtype=bool)


# Cached values of the distinct cells, which cells derived from these keep.
_READ = ("distinct_numbers", "distinct_moments")


class Table(Mapping[str, Cells]):
    """Columns of cells by name, with as many rows each."""

    def __init__(self, columns: Mapping[str, Cells], n_rows: int) -> None:
        self._columns = columns
        self.n_rows = n_rows

    @classmethod
    def of(cls, frame: pd.DataFrame, columns: Sequence[str]) -> Table:
        """Read columns of a frame of text, None or NaN."""
        return cls({name: Cells.of(frame[name]) for name in columns}, len(frame))

    def __getitem__(self, name: str) -> Cells:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def parts(self, n_rows: int) -> Iterator[Table]:
        """Yield the table in parts of at most `n_rows` rows, in order."""
        if self.n_rows <= n_rows:
            yield self
            return
        for first in range(0, self.n_rows, n_rows):
            rows = slice(first, min(first + n_rows, self.n_rows))
            yield Table({name: cells.part(rows) for name, cells in self.items()}, rows.stop - first)

    def read_as(self, conventions: Conventions) -> Table:
        """Return the table with the conventions of some columns settled."""
        columns = dict(self)
        for name in columns.keys() & conventions.keys():
            columns[name] = columns[name].read_as(conventions[name])
        return Table(columns, self.n_rows)

    def spelled(self, meant: Mapping[str, Mapping[str, str]]) -> Table:
        """Return the table with other spellings in some columns."""
        columns = dict(self)
        for name in columns.keys() & meant.keys():
            if meant[name]:
                columns[name] = columns[name].spelled(meant[name])
        return Table(columns, self.n_rows)

    def reordered(self, order: npt.NDArray[np.int64]) -> Table:
        """Return the table with its rows in another order."""
        return Table({name: cells.reordered(order) for name, cells in self.items()}, self.n_rows)
