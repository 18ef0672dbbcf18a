"""Splits a text into words, for explanations; also text whose script has no spaces."""

from __future__ import annotations

import re
from collections.abc import Iterator

_RUN = re.compile(r"\w+")
# Thai to Lao, Burmese, Khmer, kana, Han
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


def word_spans(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the words in lower case, each with its start and its end in the text.

    In scripts without spaces each pair of adjacent characters counts as a word. Single letters are
    left out.
    """
    for run in _RUN.finditer(text):
        start, end = run.span()
        if _UNSPACED.search(run[0]):
            for first in range(start, max(start + 1, end - 1)):
                last = min(first + 2, end)
                yield text[first:last].lower(), first, last
        elif end - start > 1:
            yield run[0].lower(), start, end


def words_of(text: str) -> set[str]:
    """Return the different words of a text."""
    return {word for word, _, _ in word_spans(text)}
