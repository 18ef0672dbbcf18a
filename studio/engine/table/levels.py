"""Categories of the training data, and which of them the spellings in a new file mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.engine.conventions.number_patterns import NUMBER_PATTERN
from studio.engine.counted import counted
from studio.engine.table import cell_values
from studio.engine.table.columns import ColumnKind

MAX_LEVELS = 50_000  # of a column; with more, its values name rows rather than categories
LEVELLED = frozenset({ColumnKind.CATEGORICAL, ColumnKind.IDENTIFIER})
N_EXAMPLES = 3  # in one sentence
_NUMBER = re.compile(NUMBER_PATTERN)
_DIGITS_OF_A_FLOAT = 15  # so many decimal digits survive any float64


@dataclass(frozen=True, slots=True)
class SpelledLevels:
    """The categories of one column as the training data spells them."""

    levels: frozenset[str]

    def are_new(self, cells: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Return which cells are neither blank nor a known category, shape (n,)."""
        bare = (cell.strip() for cell in cells)
        is_new = (bool(cell) and cell not in self.levels for cell in bare)
        return np.fromiter(is_new, dtype=bool, count=len(cells))

    def meant_by(self, found: Collection[str]) -> dict[str, str]:
        """Return the known categories that new spellings mean.

        A spelling is understood if it differs from exactly one category, and only by case, spaces
        or the form of a number. Not if the file also has that category's own spelling, as they may
        then be two things. `found` are all values of the new file.

        >>> SpelledLevels(frozenset({"1", "2", "red"})).meant_by(["1.0", "02", "Red", "blue"])
        {'1.0': '1', '02': '2', 'Red': 'red'}
        >>> SpelledLevels(frozenset({"7", "007"})).meant_by(["7.0"])
        {}
        >>> SpelledLevels(frozenset({"7"})).meant_by(["7", "07"])
        {}
        """
        new = [level for level in found if level and level not in self.levels]
        meant: dict[str, str] = {}
        for keys_of in (_words, _values):
            categories = _by_key(self.levels, keys_of)
            for level, key in zip(new, keys_of(new), strict=True):
                alike = categories.get(key, []) if key else []
                if level not in meant and len(alike) == 1 and alike[0] not in found:
                    meant[level] = alike[0]
        return {level: meant[level] for level in new if level in meant}


def _by_key(
    levels: Iterable[str], keys_of: Callable[[Sequence[str]], list[str]]
) -> dict[str, list[str]]:
    ordered = sorted(levels)
    categories: dict[str, list[str]] = {}
    for level, key in zip(ordered, keys_of(ordered), strict=True):
        categories.setdefault(key, []).append(level)
    return categories


def _words(levels: Sequence[str]) -> list[str]:
    return [str(word) for word in cell_values.normalised(list(levels))]


def _values(levels: Sequence[str]) -> list[str]:
    """Return numbers in one form; an empty text for others, and for those too long for a float."""
    values = []
    for level in levels:
        value = ""
        if len(level) <= _DIGITS_OF_A_FLOAT and _NUMBER.fullmatch(level):
            value = repr(float(level))
        values.append(value)
    return values


def spelling_note(column: str, meant: Mapping[str, str]) -> str:
    """Return a note on spellings that were understood.

    >>> print(spelling_note("dept", {"1.0": "1"}).replace(" and ", "\\nand "))
    Column “dept”: 1 value is spelled otherwise than in the training data
    and is read as there: “1.0” as “1”.
    """
    pairs = [f"“{new}” as “{known}”" for new, known in list(meant.items())[:N_EXAMPLES]]
    named = ", ".join(pairs)
    if len(meant) > N_EXAMPLES:
        named += f" and {len(meant) - N_EXAMPLES:,} more"
    differently = "spelled otherwise than in the training data and"
    values = counted(len(meant), f"value is {differently} is", f"values are {differently} are")
    return f"Column “{column}”: {values} read as there: {named}."
