"""How the numbers of a column are written, so that new numbers can be written alike."""

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
_MAX_CELLS = 2_000  # distinct cells that are examined, most frequent first


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """The format of numbers.

    Attributes
    ----------
    decimal, grouping
        The decimal mark and the thousands separator; the latter may be empty.
    prefix, suffix
        Text before and after the number, such as a currency.
    has_parentheses
        Whether negative numbers are written in parentheses.
    """

    decimal: str = "."
    grouping: str = ""
    prefix: str = ""
    suffix: str = ""
    has_parentheses: bool = False

    def styled(self, number: str) -> str:
        """Rewrite a plain number, such as -1234.5, in this style.

        >>> NumberStyle(",", ".", suffix=" €").styled("-1234.5")
        '-1.234,5 €'
        """
        if self == PLAIN_STYLE:
            return number
        is_negative = number.startswith("-")
        digits, point, decimals = number.lstrip("-").partition(".")
        if self.grouping:
            digits = f"{int(digits):,}".replace(",", self.grouping)
        if point:
            digits = f"{digits}{self.decimal}{decimals}"
        written = f"{self.prefix}{digits}{self.suffix}"
        if not is_negative:
            return written
        if self.has_parentheses:
            return f"({written})"
        return f"-{written}"


PLAIN_STYLE = NumberStyle()


def find_style(
    cells: Sequence[str], counts: npt.NDArray[np.int64], convention: Convention
) -> NumberStyle:
    """Return the style in which most numbers of a column are written.

    `cells` are the column's distinct cells, and `counts` the number of rows with each, shape (n,).

    >>> find_style(["$1,200.50", "$7"], np.array([1, 1]), Convention.POINT)
    NumberStyle(decimal='.', grouping=',', prefix='$', suffix='', has_parentheses=False)
    """
    decimal = "," if convention is Convention.COMMA else "."
    groupings: Counter[str] = Counter()
    around: Counter[tuple[str, str]] = Counter()
    parentheses: Counter[bool] = Counter()
    for place in np.argsort(-counts, kind="stable")[:_MAX_CELLS].tolist():
        cell = cells[place].strip()
        n_rows = int(counts[place])
        if not _WRITTEN.fullmatch(cell.translate(FOLDING).strip()):
            continue
        found = _DIGITS.search(cell)
        if found is None:
            continue
        before = cell[: found.start()]
        digits = found.group()
        after = cell[found.end() :]
        around[before.strip("-+−–("), after.strip("-−–)")] += n_rows
        if "(" in before or "-" in before:
            parentheses["(" in before] += n_rows
        whole = re.sub("[^0-9]", "", digits.partition(decimal)[0])
        if len(whole) > 3:  # shorter ones show no separator either way
            grouped = _WHOLE_WITH_MARK.match(digits)
            separator = ""
            if grouped and grouped[1] != decimal:
                separator = grouped[1]
            groupings[separator] += n_rows
    if not around:
        return NumberStyle(decimal)
    grouping = groupings.most_common(1)[0][0] if groupings else ""
    prefix, suffix = around.most_common(1)[0][0]
    return NumberStyle(
        decimal, grouping, prefix, suffix, has_parentheses=parentheses[True] > parentheses[False]
    )
