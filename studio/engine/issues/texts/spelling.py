"""Misspelled English words: words that no dictionary has, one slip away from one that is meant."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import ascii_lowercase

from spellchecker import SpellChecker

MIN_LETTERS = 5  # shorter unknown words are mostly abbreviations
FREQUENT = 5  # rows with the meant word that speak for it, and …
TIMES_AS_FREQUENT = 10  # … how many times more than those with the slip, …
TIMES_IF_SURE = 4  # … if the meant word is frequent in English, too
# Occurrences in symspellpy's list, whose most frequent word has 23 billion
SURELY_FREQUENT = 3_000_000
RARE = 2  # rows in which a slip may be, if only English in general speaks for the meant word
_BEGINNINGS = ("un", "re", "pre", "mis", "non", "over", "co", "multi", "anti", "super")
_ENDINGS = ("s", "ly", "ish", "able", "less", "ness")
_WITHOUT_APOSTROPHE = """
    aint arent cant couldnt didnt doesnt dont hadnt hasnt havent hes im isnt ive shes shouldnt thats
    theres theyre wasnt werent whats wheres wont wouldnt youll youre youve
"""
_CONTRACTIONS = frozenset(_WITHOUT_APOSTROPHE.split())
_SHORTEST_PART = 4  # letters of a word in a compound
# Words of programs and films that neither dictionary has, and of phrases such as “a priori”, “en
# masse”, “mumbo jumbo”.
_FURTHER_WORDS = """
    accessors assed backend const facto faire generis helmed helmer improv masse modus mumbo papier
    paren parens posteriori printf priori profiler
"""


def misspelled(counts: Mapping[str, int]) -> frozenset[str]:
    """Return the words that are slips of the pen.

    Parameters
    ----------
    counts
        Words with the number of rows that have them. Those with a capital letter may be names: they
        are slips only as contractions without their apostrophe.

    Notes
    -----
    A word of at least five letters counts as a slip if neither dictionary knows it, with or without
    its ending, and if one letter more, less, other or swapped makes a known word with the same
    first letter that is frequent: in these rows (at least 5, and 10 times those with the slip, or 4
    times if frequent in English), or in English where the slip is in at most two rows and no
    compound of known words. Names and words of a trade are thus left alone. Contractions without
    their apostrophe are slips too. The cost is linear in the number of unknown words.

    References
    ----------
    Norvig, How to Write a Spelling Corrector (2007); the dictionaries of pyspellchecker (American)
    and symspellpy (British too).
    """
    unknown = [
        word for word in counts if _is_plain(word) and not is_known(word) and not _is_derived(word)
    ]
    slips = (
        word
        for word in unknown
        if any(_is_meant(near, word, counts) for near in _one_slip_away(word))
    )
    return frozenset([*slips, *filter(_lacks_apostrophe, counts)])


def is_known(word: str) -> bool:
    """Return whether a dictionary has the word, in small letters.

    >>> [is_known(word) for word in ("colour", "realize", "recieve")]
    [True, True, False]
    """
    return word in _american() or word in _frequencies()


def _lacks_apostrophe(word: str) -> bool:
    is_abbreviation = word.isupper() and len(word) <= len("ive")  # “IM”
    return word.lower() in _CONTRACTIONS and not is_abbreviation


def _is_plain(word: str) -> bool:
    return len(word) >= MIN_LETTERS and word.isascii() and word.isalpha() and word.islower()


def _is_derived(word: str) -> bool:
    if any(word.startswith(part) and is_known(word.removeprefix(part)) for part in _BEGINNINGS):
        return True
    return any(word.endswith(part) and is_known(word.removesuffix(part)) for part in _ENDINGS)


def _is_compound(word: str) -> bool:
    cuts = range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1)
    return any(is_known(word[:cut]) and is_known(word[cut:]) for cut in cuts)


def _is_meant(near: str, word: str, counts: Mapping[str, int]) -> bool:
    if len(near) < MIN_LETTERS or not is_known(near):
        return False
    n_near, n_word = counts.get(near, 0), counts[word]
    is_sure = _frequencies().get(near, 0) >= SURELY_FREQUENT
    if n_near >= max(FREQUENT, (TIMES_IF_SURE if is_sure else TIMES_AS_FREQUENT) * n_word):
        return True
    # “withdrawl” is “with” and “drawl”: only rows that have “withdrawal” tell.
    return is_sure and n_word <= RARE and not _is_compound(word)


def _one_slip_away(word: str) -> set[str]:
    halves = [(word[:cut], word[cut:]) for cut in range(1, len(word) + 1)]
    return {
        *(left + right[1:] for left, right in halves if right),
        *(left + right[1] + right[0] + right[2:] for left, right in halves if len(right) > 1),
        *(
            left + letter + right[1:]
            for left, right in halves
            if right
            for letter in ascii_lowercase
        ),
        *(left + letter + right for left, right in halves for letter in ascii_lowercase),
    }


@cache
def _american() -> Mapping[str, int]:
    words: Mapping[str, int] = SpellChecker(language="en").word_frequency.dictionary
    return words


@cache
def _frequencies() -> Mapping[str, int]:
    lines = (
        (files("symspellpy") / "frequency_dictionary_en_82_765.txt")
        .read_text(encoding="utf-8-sig")
        .splitlines()
    )
    counted = {word: int(count) for word, count in (line.split() for line in lines)}
    return dict.fromkeys(_FURTHER_WORDS.split(), 0) | counted
