"""Finds classes that are spelled in several ways: "Spam", "spam " and "SPAM"."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from studio.engine.counted import counted

_SPACES = re.compile(r"\s+")
_WHOLE_AS_DECIMAL = re.compile(r"(-?\d+)\.0*")
_DECIMAL = re.compile(r"-?\d*\.\d+")
_HYPHENS = dict.fromkeys(
    map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"), "-"
)
_QUOTES = dict.fromkeys(map(ord, "\u2018\u2019\u201b\u02bc\u00b4`"), "'")
_DOUBLE_QUOTES = dict.fromkeys(map(ord, "\u201c\u201d\u201f\u201e"), '"')
_SAME_MARKS = {**_HYPHENS, **_QUOTES, **_DOUBLE_QUOTES}
_SHOWN_SPACE = "\N{OPEN BOX}"
_EDGE_OR_DOUBLE = re.compile(r"^ +| +$| {2,}")


@dataclass(frozen=True, slots=True)
class Spellings:
    """The spellings of one class with their numbers of rows, most frequent first."""

    counts: tuple[tuple[str, int], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.counts)

    @property
    def kept(self) -> str:
        """The spelling into which the others are merged by default: the most frequent one."""
        return self.counts[0][0]

    @property
    def in_words(self) -> str:
        """The spellings with their numbers of rows, such as “Spam” 120, “spam” 14."""
        return ", ".join(f"“{shown_spelling(name)}” {n_rows:,}" for name, n_rows in self.counts)

    def merged_into(self, kept: str) -> dict[str, str]:
        """Map each other spelling to `kept`."""
        return {name: kept for name in self.names if name != kept}


def spelling_key(name: str) -> str:
    """Return a key that is equal for all spellings of one class.

    It ignores case, surplus spaces, Unicode forms, kinds of hyphens and apostrophes, and trailing
    zeros of decimals.

    >>> names = ("New York", " new  york", "NEW\N{NO-BREAK SPACE}YORK")
    >>> {spelling_key(name) for name in names}
    {'new york'}
    >>> spelling_key("1") == spelling_key("1.0"), spelling_key("cat") == spelling_key("cats")
    (True, False)
    """
    composed = unicodedata.normalize("NFKC", name.translate(_SAME_MARKS)).casefold()
    composed = unicodedata.normalize("NFKC", composed)
    visible = "".join(mark for mark in composed if unicodedata.category(mark) != "Cf")
    bare = _SPACES.sub(" ", visible).strip()
    if whole := _WHOLE_AS_DECIMAL.fullmatch(bare):
        return whole[1]
    if _DECIMAL.fullmatch(bare):
        return bare.rstrip("0")
    return bare


def classes_spelled_variously(counts: Iterable[tuple[str, int]]) -> list[Spellings]:
    """Return the classes with more than one spelling, those with the most rows first.

    `counts` are spellings and their numbers of rows. Among equally frequent spellings, one without
    surplus spaces or decomposed characters comes first; then the one that most rows share once
    these are removed; then the alphabetically first.
    """
    alike: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for name, n_rows in counts:
        if key := spelling_key(name):
            alike[key].append((name, n_rows))
    found = [Spellings(_ordered(names)) for names in alike.values() if len(names) > 1]
    return sorted(found, key=lambda one: (-sum(n for _, n in one.counts), one.kept))


def _ordered(counts: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    n_tidy: dict[str, int] = defaultdict(int)
    for name, n_rows in counts:
        n_tidy[_tidy(name)] += n_rows

    def place(count: tuple[str, int]) -> tuple[int, bool, int, str]:
        name, n_rows = count
        return -n_rows, name != _tidy(name), -n_tidy[_tidy(name)], name

    return tuple(sorted(counts, key=place))


def _tidy(name: str) -> str:
    return _SPACES.sub(" ", unicodedata.normalize("NFC", name)).strip()


def merged_spellings(found: Iterable[Spellings]) -> dict[str, str]:
    """Map every spelling to the most frequent one of its class, if that is another."""
    merged: dict[str, str] = {}
    for spellings in found:
        merged |= spellings.merged_into(spellings.kept)
    return merged


def shown_spelling(name: str) -> str:
    """Return a name with its invisible characters made visible.

    >>> shown_spelling("spam "), shown_spelling("Cafe\N{COMBINING ACUTE ACCENT}")
    ('spam␣', 'Café (decomposed)')
    """
    marked = _EDGE_OR_DOUBLE.sub(lambda match: _SHOWN_SPACE * len(match[0]), name)
    visible = "".join(_shown_mark(mark) for mark in marked)
    if unicodedata.is_normalized("NFC", visible):
        return visible
    return f"{unicodedata.normalize('NFC', visible)} (decomposed)"


def _shown_mark(mark: str) -> str:
    is_hidden = unicodedata.category(mark) in ("Cf", "Cc", "Zs", "Zl", "Zp")
    if is_hidden and mark != " ":
        return f"[U+{ord(mark):04X}]"
    return mark


def spelling_note(column: str, found: Sequence[Spellings], *, remedy: str) -> str:
    """Return a note on classes that are spelled in several ways, followed by `remedy`."""
    shown = _some([spellings.in_words for spellings in found])
    classes = counted(len(found), f"class of “{column}” is", f"classes of “{column}” are")
    return f"{classes} spelled in several ways: {shown}. {remedy}"


_N_SHOWN = 5  # in one sentence


def merge_note(column: str, merged: Mapping[str, str]) -> str:
    """Return a note on the spellings that count as one class."""
    others: dict[str, list[str]] = defaultdict(list)
    for other, kept in merged.items():
        others[kept].append(f"“{shown_spelling(other)}”")
    parts = []
    for kept, names in others.items():
        parts.append(f"“{shown_spelling(kept)}” also for {', '.join(names)}")
    return f"Spellings of “{column}” that count as one class: {_some(parts)}."


def _some(parts: Sequence[str]) -> str:
    shown = "; ".join(parts[:_N_SHOWN])
    if len(parts) <= _N_SHOWN:
        return shown
    return f"{shown}; and {len(parts) - _N_SHOWN:,} more"
