"""What the name of a column says about it."""

from __future__ import annotations

import re
from collections.abc import Collection

# What pandas writes when it saves an index; numbers in such a column count rows in whatever order
# they come.
_INDEX_OF_LIBRARY = re.compile(r"(?i)unnamed: \d+(\.\d+)*|__index_level_\d+__")
# Of an index of other programs, or of one that was given a name; of a file without names, too.
_INDEX_NAME = re.compile(
    r"(?i)|index|level_\d|column_1|\.\.\.1|#|rownames?|row[_ ]names|row[_ ]?(id|nr|no|num|number)?"
)
_TIME_WORDS = {
    "time", "date", "datetime", "timestamp", "ts", "epoch", "period",
    "year", "quarter", "month", "week", "day", "hour", "minute", "second", "seconds", "ms",
}  # fmt: skip


def has_word(name: str, words: Collection[str]) -> bool:
    """Say whether one of the words, in lower case, stands in a name written in any of the usual
    ways.
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return not set(words).isdisjoint(re.split(r"[^a-z0-9]+", spaced.lower()))


def is_index_of_library(name: str) -> bool:
    """Say whether only a saved index is called so."""
    return _INDEX_OF_LIBRARY.fullmatch(name.strip()) is not None


def is_index_name(name: str) -> bool:
    """Say whether a saved index may well be called so."""
    return is_index_of_library(name) or _INDEX_NAME.fullmatch(name.strip()) is not None


def is_time_name(name: str) -> bool:
    """Say whether numbers of that name tell when something happened."""
    return has_word(name, _TIME_WORDS)
