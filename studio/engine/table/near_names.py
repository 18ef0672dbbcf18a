"""The known name that a misspelled one probably means."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

_SIMILAR = 0.75  # of difflib's ratio: one wrong letter of four
_BETWEEN_WORDS = re.compile(r"[\W_]+")


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that differs only in case, spaces or marks, else the most similar one.

    None if no name is similar.

    >>> nearest_name("Given label", ["text", "given_label"])
    'given_label'
    >>> nearest_name("colour", ["color", "size"])
    'color'
    >>> nearest_name("price", ["text", "label"]) is None
    True
    """
    known = list(known)
    plain = plain_name(name)
    same = [other for other in known if plain_name(other) == plain]
    if same:
        return same[0]
    by_plain = {plain_name(other): other for other in reversed(known)}  # the first of equal ones
    similar = difflib.get_close_matches(plain, by_plain, n=1, cutoff=_SIMILAR)
    if not similar:
        return None
    return by_plain[similar[0]]


def plain_name(name: str) -> str:
    """Return the letters and digits of a name: `Exam 1`, `exam_1` and `exam-1` have the same."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return _BETWEEN_WORDS.sub("", folded) or folded
