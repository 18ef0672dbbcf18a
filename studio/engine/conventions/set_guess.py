"""Recognises columns whose cells are sets of classes, and the mark between the classes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from studio.engine.conventions.label_sets import Separator, is_list_cell, read_set

MIN_SHARE_OF_SETS = 0.03  # of the cells, those with two names or more
_MIN_SHARE_OF_LISTS = 0.95  # of the cells, in a column of lists
_MIN_ROWS_PER_NAME = 5.0  # on average
_MIN_ROWS_PER_LIST_ITEM = 2.0  # on average: brackets say already that a cell holds several things
_MIN_SHARED = 0.5  # of the names, those that occur in different sets
_MIN_SHARED_OF_WORDS = 0.6  # slashes and spaces also stand inside the name of one class
_MIN_SHARE_OF_SIZE = 0.02  # of the cells, those with another number of names than most
_MAX_NAME_CHARS = 40  # on average
_MAX_WORDS = 6.0  # on average, in a cell that may be a set
_MARKS: Mapping[Separator, str] = {
    Separator.COMMA: ",\n",
    Separator.SEMICOLON: ";",
    Separator.BAR: "|",
    Separator.SLASH: "/",
    Separator.SPACE: " ",
}
# These also occur inside numbers.
_ONLY_OF_WORDS = frozenset({Separator.COMMA, Separator.SLASH, Separator.SPACE})
_ALSO_INSIDE_NAMES = frozenset({Separator.SLASH, Separator.SPACE})
_JSON_TEXT = re.compile(r'[\[,]\s*"')
_PYTHON_TEXT = re.compile(r"[\[({,]\s*'")

CountedCells = Sequence[tuple[str, int]]


def recognised_separator(cells: CountedCells) -> Separator | None:
    """Return how the cells write sets of classes; None unless they certainly are sets.

    Parameters
    ----------
    cells
        The different cells that are not empty, each with its number of rows.

    Notes
    -----
    A mark separates classes where the parts recur, in different company and in numbers that vary:
    so it is neither part of a name ("New York", "n/a", "Portland, OR"), nor does it lead down a
    hierarchy ("food/fruit/apple").
    """
    list_kind = _list_kind(cells)
    if list_kind is not None:
        if _has_recurring_items(cells, list_kind):
            return list_kind
        return None
    for separator in _MARKS:
        if _occurs(cells, separator) and _SetParts.of(cells, separator).are_sets:
            return separator
    return None


def possible_separator(cells: CountedCells) -> Separator | None:
    """Return how the cells would write sets of classes; None if they do not look like sets.

    Worth a question, but not a guess: “urgent billing” is written like “strongly agree”.
    """
    recognised = recognised_separator(cells)
    if recognised is not None:
        return recognised
    for separator in _MARKS:
        if _occurs(cells, separator) and _SetParts.of(cells, separator).may_be_sets:
            return separator
    return None


def likely_separator(cells: CountedCells) -> Separator:
    """Return how the cells most probably write sets, given that they do."""
    recognised = recognised_separator(cells) or _list_kind(cells)
    if recognised is not None:
        return recognised
    by_separator = [_SetParts.of(cells, separator) for separator in _MARKS]
    plausible = [parts for parts in by_separator if parts.n_sets and parts.n_shared]
    if not plausible:
        return Separator.COMMA

    def likelihood(parts: _SetParts) -> tuple[bool, int]:
        return parts.separator not in _ALSO_INSIDE_NAMES, parts.n_sets

    return max(plausible, key=likelihood).separator


def _occurs(cells: CountedCells, separator: Separator) -> bool:
    """Return whether enough cells have the mark to be worth a closer look."""
    n_rows = 0
    n_with = 0
    for cell, n in cells:
        n_rows += n
        if any(mark in cell for mark in _MARKS[separator]):
            n_with += n
    return n_with >= MIN_SHARE_OF_SETS * n_rows


def _list_kind(cells: CountedCells) -> Separator | None:
    lists = {cell: n for cell, n in cells if is_list_cell(cell)}
    if not lists or sum(lists.values()) < _MIN_SHARE_OF_LISTS * sum(n for _, n in cells):
        return None
    if any(_JSON_TEXT.search(cell) for cell in lists):
        return Separator.JSON
    if any(_PYTHON_TEXT.search(cell) for cell in lists):
        return Separator.PYTHON
    return Separator.NUMBERS


def _has_recurring_items(cells: CountedCells, separator: Separator) -> bool:
    n_rows: Counter[str] = Counter()
    for cell, n in cells:
        n_rows.update(dict.fromkeys(read_set(cell, separator) or (), n))
    return bool(n_rows) and n_rows.total() >= _MIN_ROWS_PER_LIST_ITEM * len(n_rows)


@dataclass(frozen=True, slots=True)
class _SetParts:
    """The cells, split at a mark.

    Attributes
    ----------
    names
        Each part with the rows that have it.
    n_shared
        Parts that occur in different sets.
    n_sets
        Rows with two parts or more; `n_different` are the different cells, whatever the order of
        their parts.
    n_of_usual_size
        Rows with as many parts as most rows have.
    """

    separator: Separator
    names: Counter[str]
    n_shared: int
    n_rows: int
    n_sets: int
    n_different: int
    n_of_usual_size: int
    n_words: float

    @classmethod
    def of(cls, cells: CountedCells, separator: Separator) -> _SetParts:
        by_set: Counter[frozenset[str]] = Counter()  # in whatever order cells write the names
        for cell, n in cells:
            by_set[frozenset(read_set(cell, separator) or ())] += n
        names: Counter[str] = Counter()
        different_sets: Counter[str] = Counter()
        sizes: Counter[int] = Counter()
        n_sets = 0
        for members, n in by_set.items():
            names.update(dict.fromkeys(members, n))
            different_sets.update(members)
            sizes[len(members)] += n
            if len(members) > 1:
                n_sets += n
        return cls(
            separator=separator,
            names=names,
            n_shared=sum(n > 1 for n in different_sets.values()),
            n_rows=by_set.total(),
            n_sets=n_sets,
            n_different=len(by_set),
            n_of_usual_size=max(sizes.values(), default=0),
            n_words=sum(n * len(cell.split()) for cell, n in cells),
        )

    @property
    def are_sets(self) -> bool:
        """Whether the parts certainly are classes."""
        n_needed = 0
        if self.separator is Separator.SLASH:
            n_needed = len(self.names)
        if self.separator is Separator.SPACE:  # "strongly agree" beside "agree" is no set
            n_needed = 2 * len(self.names)
        return self.may_be_sets and self.n_different >= n_needed

    @property
    def may_be_sets(self) -> bool:
        """Whether the parts recur like classes."""
        if not self.n_rows or self.n_sets < MIN_SHARE_OF_SETS * self.n_rows:
            return False
        varies = self.n_rows - self.n_of_usual_size >= _MIN_SHARE_OF_SIZE * self.n_rows
        return varies and self._recur and self._look_like_names

    @property
    def _recur(self) -> bool:
        least = _MIN_SHARED_OF_WORDS if self.separator in _ALSO_INSIDE_NAMES else _MIN_SHARED
        is_shared = self.n_shared >= least * len(self.names)
        return is_shared and self.names.total() >= _MIN_ROWS_PER_NAME * len(self.names)

    @property
    def _look_like_names(self) -> bool:
        n_chars = sum(map(len, self.names))
        if n_chars > _MAX_NAME_CHARS * len(self.names):
            return False
        if self.n_words > _MAX_WORDS * self.n_rows:
            return False
        if self.separator not in _ONLY_OF_WORDS:
            return True
        return all(any(map(str.isalpha, name)) for name in self.names)
