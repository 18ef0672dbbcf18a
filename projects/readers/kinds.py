"""Infers the kind of a column from counts over its cells; defines the patterns of those counts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from studio.engine.table.columns import MEASURED, ColumnKind

# Patterns for a whole cell without surrounding spaces, in the syntax that Python's re and RE2
# share.
# Digits that a number would not keep: leading zeros, or more than 16 digits.
CODE_PATTERN = r"0[0-9]+|[0-9]{17,}"
URL_PATTERN = r"(?i)(https?|ftp)://\S+|www\.\S+\.\S+"
PLACEHOLDER_PATTERN = (
    r"(?i)n/?a|n\.a\.?|n\.?d\.?|nan|null|\(null\)|\\n|none|nil|missing|unknown|tb[ad]|\?+|-+|\."
    r"|#n/a|#value!|#ref!|#num!|#name\?|#div/0!|[-+]?inf(?:inity)?"
)
# Scripts that are written without spaces between words.
UNSPACED_PATTERN = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"

MAX_SPELLINGS = 6  # a pair such as yes and no, each in lower case, capitals or a mixture
_BOOLEAN_PAIRS = (
    {"true", "false"},
    {"yes", "no"},
    {"t", "f"},
    {"y", "n"},
    {"1", "0"},
    {"1.0", "0.0"},
    {"on", "off"},
)
_ID_NAME = re.compile(r"(?i:(^|[_\-\s.])(id|ids|uuid|guid|key|idx|index|code|hash))$|[a-z](Id|ID)$")
_NUMBER_NAME = re.compile(r"(?i:(^|[_\-\s.])(nr|no|nbr|num|number))$|[a-z](Nr|No|Nbr|Num|Number)$")
# The number of one thing, such as patient_nbr; visits_num may count them, and so may num.
_NUMBER_OF_ONE_NAME = re.compile(
    r"(?i:[a-rt-z][_\-\s.](nr|no|nbr|num|number))$|[a-rt-z](Nr|No|Nbr|Num|Number)$"
)
_ROW_NUMBER_NAME = re.compile(r"(?i)(column_1|unnamed: 0|index|row|row[_ ]?(nr|no|num|number)|#)$")

_NEARLY_ALL = 0.99  # of the filled cells; a few odd cells do not change the kind of a column
# Fraction of numbers from which a column of words is called mostly numbers. Measurements with
# remarks have more; sizes (36 to 46, S, M, L) and numbers of tickets or flats mostly have fewer.
_MOSTLY_NUMBERS = 0.75
_CHARS_PER_UNSPACED_WORD = 2.0  # average of Chinese; only the order of magnitude matters
_MIN_TEXT_WORDS = 3.0  # mean words of a cell from which a column with varied cells is read as text
_LONG_TEXT_WORDS = 8.0  # and from which it is text although most cells repeat
_VARIED = 0.5  # distinct cells over cells
_NEARLY_DISTINCT = 0.95
_MIN_ROWS_FOR_A_SEQUENCE = 20  # 1, 2, 3 may well be a rank
_MAX_CATEGORIES_BY_ID_NAME = 50  # a column such as type_id or floor_no names categories, not rows


@dataclass(frozen=True, slots=True)
class CellCounts:
    """Counts over the cells of one column.

    All `n_…` but `n_rows` and `n_missing` count filled cells by the engine's patterns, ignoring
    surrounding spaces. A number may be written in any way that the engine reads; `n_written` counts
    those that are not written as programs write them, `n_units` their different units, such as kg
    and $, `n_bounds` those that are bounds, such as <0.5, `n_durations` those such as 12:30, and
    `n_compact_date` the days such as 20230131. `values` are the distinct cells in lower
    case if there are at most `MAX_SPELLINGS`, else empty. `lowest` and `highest` are over the cells
    that are numbers. Lengths are in characters; `n_spaces` counts the spaces inside the cells.
    """

    n_rows: int
    n_missing: int
    n_distinct: int
    n_integer: int
    n_number: int
    n_code: int
    n_datetime: int
    n_url: int
    n_placeholder: int
    n_unspaced: int
    n_with_digit: int
    n_spaces: int
    mean_length: float
    lowest: float | None
    highest: float | None
    values: frozenset[str]
    n_written: int = 0
    n_units: int = 0
    n_bounds: int = 0
    n_durations: int = 0
    n_compact_date: int = 0

    @property
    def n_filled(self) -> int:
        """Cells that are not missing."""
        return self.n_rows - self.n_missing

    @property
    def distinct_fraction(self) -> float:
        """Distinct cells over cells that are not missing."""
        return self.n_distinct / self.n_filled

    @property
    def mean_words(self) -> float:
        """Mean words of a cell; scripts without spaces are counted by their length."""
        if self.n_unspaced > self.n_filled / 2:
            return self.mean_length / _CHARS_PER_UNSPACED_WORD
        return 1 + self.n_spaces / self.n_filled


def infer_kind(name: str, counts: CellCounts) -> ColumnKind:
    """Infer the kind of a column from its name and the counts over its cells.

    Parameters
    ----------
    name
        The column's name; names such as ``customer_id`` suggest an identifier.
    counts
        Counts over all cells.

    Returns
    -------
    ColumnKind
        A guess for the user to confirm. A number column may hold up to 1% of other cells and any
        number of placeholders such as ``NA`` or ``?``. An empty column is categorical.
    """
    if not counts.n_filled:
        return ColumnKind.CATEGORICAL
    if counts.values in _BOOLEAN_PAIRS:
        return ColumnKind.BOOLEAN
    if counts.n_url >= _NEARLY_ALL * counts.n_filled:
        return ColumnKind.URL
    if _is_mostly(counts, counts.n_datetime):
        return ColumnKind.DATETIME
    if _is_mostly(counts, counts.n_number) and not has_several_units(counts):
        return _kind_of_numbers(name, counts)
    return _kind_of_words(name, counts)


def has_several_units(counts: CellCounts) -> bool:
    """Say whether the numbers of a column cannot be compared, as 5 kg and 300 g cannot."""
    return counts.n_units > 1


def _is_mostly(counts: CellCounts, n_matching: int) -> bool:
    n_meant = counts.n_filled - counts.n_placeholder
    return n_meant > 0 and n_matching >= _NEARLY_ALL * n_meant


def has_words_among_numbers(name: str, counts: CellCounts) -> bool:
    """Say whether a column would be one of numbers if fewer of its cells were words.

    False for codes and identifiers; placeholders such as ``NA`` are neither numbers nor words.
    """
    if has_several_units(counts):
        return False
    n_meant = counts.n_filled - counts.n_placeholder
    if _is_mostly(counts, counts.n_number) or counts.n_number < max(1, _MOSTLY_NUMBERS * n_meant):
        return False
    return _kind_of_numbers(name, counts) in MEASURED


def _kind_of_numbers(name: str, counts: CellCounts) -> ColumnKind:
    if _are_dates(name, counts):
        return ColumnKind.DATETIME
    if counts.n_code:
        return (
            ColumnKind.IDENTIFIER if counts.distinct_fraction > _VARIED else ColumnKind.CATEGORICAL
        )
    if counts.n_integer == counts.n_number and _is_number_of_things(name.strip(), counts):
        return ColumnKind.IDENTIFIER
    if _is_identifier_name(name) and counts.n_distinct > 1:
        if counts.n_distinct > _MAX_CATEGORIES_BY_ID_NAME or counts.distinct_fraction == 1.0:
            return ColumnKind.IDENTIFIER
        return ColumnKind.CATEGORICAL
    if counts.n_integer < counts.n_number:
        return ColumnKind.NUMBER
    return ColumnKind.IDENTIFIER if _counts_rows(name, counts) else ColumnKind.INTEGER


def _are_dates(name: str, counts: CellCounts) -> bool:
    """Whether all are days such as 20230131, as numbers that mean something else hardly are."""
    is_each = counts.n_compact_date == counts.n_number
    return is_each and counts.n_distinct > 1 and not _is_identifier_name(name)


def _is_identifier_name(name: str) -> bool:
    return bool(_ID_NAME.search(name.strip()))


def _is_number_of_things(name: str, counts: CellCounts) -> bool:
    if counts.distinct_fraction == 1.0:
        return bool(_NUMBER_NAME.search(name))
    is_varied = (
        counts.distinct_fraction > _VARIED and counts.n_distinct > _MAX_CATEGORIES_BY_ID_NAME
    )
    return is_varied and bool(_NUMBER_OF_ONE_NAME.search(name))


def _counts_rows(name: str, counts: CellCounts) -> bool:
    """Whether the column is 0…n−1 or 1…n in some order."""
    if (
        counts.lowest is None
        or counts.highest is None
        or counts.distinct_fraction < 1.0
        or counts.n_missing
    ):
        return False
    is_long_enough = counts.n_rows >= _MIN_ROWS_FOR_A_SEQUENCE or bool(
        _ROW_NUMBER_NAME.match(name.strip())
    )
    return (
        is_long_enough
        and counts.lowest in (0.0, 1.0)
        and counts.highest - counts.lowest == counts.n_rows - 1
    )


def _kind_of_words(name: str, counts: CellCounts) -> ColumnKind:
    if _is_text(counts):
        return ColumnKind.TEXT
    if counts.distinct_fraction < _NEARLY_DISTINCT:
        return ColumnKind.CATEGORICAL
    has_one_word = counts.n_spaces < 0.1 * counts.n_filled
    if has_one_word and (_is_identifier_name(name) or counts.n_with_digit > counts.n_filled / 2):
        return ColumnKind.IDENTIFIER
    return (
        ColumnKind.TEXT
        if counts.n_distinct > _MAX_CATEGORIES_BY_ID_NAME
        else ColumnKind.CATEGORICAL
    )


def _is_text(counts: CellCounts) -> bool:
    if counts.mean_words >= _LONG_TEXT_WORDS:
        return counts.n_distinct > 2
    return counts.mean_words >= _MIN_TEXT_WORDS and counts.distinct_fraction >= _VARIED
