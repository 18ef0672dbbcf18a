"""Divides texts by their form, whatever they are about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from studio.engine.groups.partitions import MAX_VALUES, N_BINS, Partition, range_of_each
from studio.engine.table.cells import Cells
from studio.engine.text.languages import Language

_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:[a-zA-Z]+|#\d+);")
_LINK = re.compile(r"https?://|\bwww\.")
_DIGIT = re.compile(r"\d")
_MOSTLY = 0.5  # of the letters
_MAX_CHARACTERS = 300  # at the beginning of a text, whose letters are counted


def looks(texts: Cells) -> Iterator[Partition]:
    """Divide texts by markup, links, digits, capitals, and length."""
    distinct = texts.distinct.tolist()
    for pattern, what in ((_MARKUP, "markup"), (_LINK, "links"), (_DIGIT, "digits")):
        has = np.array([pattern.search(text) is not None for text in distinct], dtype=bool)
        yield _partition(texts, {f"texts with {what}": has, f"texts without {what}": ~has})
    capitals = np.array([_share_of_capitals(text) for text in distinct], dtype=np.float64)
    has_none = capitals == 0
    has_mostly = capitals > _MOSTLY
    yield _partition(
        texts, {"texts without capitals": has_none, "texts mostly in capitals": has_mostly}
    )
    yield from _lengths(texts)


def languages(found: Sequence[Language]) -> Iterator[Partition]:
    """Divide texts by the language of each row; only the most frequent languages are groups."""
    counts = Counter(language.name for language in found if language.name)
    names = sorted(counts, key=lambda name: (-counts[name], name))[:MAX_VALUES]
    place = {name: number for number, name in enumerate(names)}
    members = np.array([place.get(language.name or "", -1) for language in found], dtype=np.int8)
    yield Partition(members, [f"texts in {name}" for name in names])


def _share_of_capitals(text: str) -> float:
    """Return the fraction of capitals among the letters with case; NaN without such letters."""
    beginning = text[:_MAX_CHARACTERS]
    n_upper = sum(map(str.isupper, beginning))
    n_lower = sum(map(str.islower, beginning))
    if n_upper + n_lower == 0:
        return np.nan
    return n_upper / (n_upper + n_lower)


def _partition(texts: Cells, groups: Mapping[str, npt.NDArray[np.bool_]]) -> Partition:
    """Partition the rows by masks over the distinct texts, each under its description."""
    place = np.full(len(texts.distinct), -1, dtype=np.int8)
    for number, is_in_group in enumerate(groups.values()):
        place[is_in_group] = number
    return Partition(place[texts.codes], list(groups))


def _lengths(texts: Cells) -> Iterator[Partition]:
    """Divide the rows into fifths by the number of characters."""
    lengths = np.array([len(text) for text in texts.distinct.tolist()], dtype=np.int64)
    edges = np.unique(np.quantile(lengths[texts.codes], np.linspace(0, 1, N_BINS + 1)))
    if len(edges) < 2:
        return
    descriptions = [
        f"texts of {low:,.0f} to {high:,.0f} characters" for low, high in pairwise(edges)
    ]
    yield Partition(range_of_each(lengths, edges).astype(np.int8)[texts.codes], descriptions)
