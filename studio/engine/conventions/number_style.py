"""How the numbers of a column are written, so that new ones in it look like the others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.engine.conventions.convention import Convention
from studio.engine.conventions.number_patterns import FOLDING, WRITTEN_PATTERN

_WRITTEN = re.compile(WRITTEN_PATTERN)
_DIGITS = re.compile(r"[.,]?[0-9](?:.*[0-9])?")
_WHOLE_WITH_MARK = re.compile(r"^[0-9]{1,3}([^0-9])[0-9]{3}(?:\1[0-9]{3})*(?![0-9])")
_MAX_CELLS = 2_000  # that are looked at, the most frequent ones


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """Marks of numbers.

    Attributes
    ----------
    decimal, grouping
        The mark before decimals, and the one between thousands, which may be empty.
    prefix, suffix
        What stands before and after, such as a currency.
    has_parentheses
        Whether negative numbers stand in parentheses.
    """

    decimal: str = "."
    grouping: str = ""
    prefix: str = ""
    suffix: str = ""
    has_parentheses: bool = False

    def styled(self, number: str) -> str:
        """Return a number that a program wrote in this style.

        >>> NumberStyle(",", ".", suffix=" €").styled("-1234.5")
        '-1.234,5 €'
        """
        if self == PLAIN_STYLE:
            return number
        is_negative = number.startswith("-")
        whole, point, decimals = number.lstrip("-").partition(".")
        grouped = f"{int(whole):,}".replace(",", self.grouping) if self.grouping else whole
        written = f"{self.prefix}{grouped}{self.decimal if point else ''}{decimals}{self.suffix}"
        if not is_negative:
            return written
        return f"({written})" if self.has_parentheses else f"-{written}"


PLAIN_STYLE = NumberStyle()


def find_style(
    cells: Sequence[str], counts: npt.NDArray[np.int64], convention: Convention
) -> NumberStyle:
    """Find how most numbers of a column are written: its different cells, and how many rows have
    each.

    >>> find_style(["$1,200.50", "$7"], np.array([1, 1]), Convention.POINT)
    NumberStyle(decimal='.', grouping=',', prefix='$', suffix='', has_parentheses=False)
    """
    decimal = "," if convention is Convention.COMMA else "."
    groupings: Counter[str] = Counter()
    around: Counter[tuple[str, str]] = Counter()
    parentheses: Counter[bool] = Counter()
    for place in np.argsort(-counts, kind="stable")[:_MAX_CELLS].tolist():
        cell, n_rows = cells[place].strip(), int(counts[place])
        if not _WRITTEN.fullmatch(cell.translate(FOLDING).strip()):
            continue
        found = _DIGITS.search(cell)
        if found is None:
            continue
        before, digits, after = cell[: found.start()], found.group(), cell[found.end() :]
        around[before.strip("-+−–("), after.strip("-−–)")] += n_rows
        if "(" in before or "-" in before:
            parentheses["(" in before] += n_rows
        if len(re.sub("[^0-9]", "", digits.partition(decimal)[0])) > 3:
            grouped = _WHOLE_WITH_MARK.match(digits)
            groupings[grouped[1] if grouped and grouped[1] != decimal else ""] += n_rows
    if not around:
        return NumberStyle(decimal)
    grouping = groupings.most_common(1)[0][0] if groupings else ""
    prefix, suffix = around.most_common(1)[0][0]
    return NumberStyle(
        decimal, grouping, prefix, suffix, has_parentheses=parentheses[True] > parentheses[False]
    )
