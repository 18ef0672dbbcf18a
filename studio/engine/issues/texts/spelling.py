"""Misspelled English words: words in no dictionary, one edit away from the intended word."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import ascii_lowercase

from spellchecker import SpellChecker

MIN_LETTERS = 5  # shorter unknown words are mostly abbreviations
FREQUENT = 5  # least number of rows with the intended word, …
TIMES_AS_FREQUENT = 10  # … which must be so many times those with the misspelling, …
TIMES_IF_SURE = 4  # … or so many if the intended word is frequent in English, too
# Occurrences in symspellpy's list, whose most frequent word has 23 billion
SURELY_FREQUENT = 3_000_000
# Most rows with a misspelling, if the intended word is frequent in English but not in these rows
RARE = 2
_BEGINNINGS = ("un", "re", "pre", "mis", "non", "over", "co", "multi", "anti", "super")
_ENDINGS = ("s", "ly", "ish", "able", "less", "ness")
_WITHOUT_APOSTROPHE = """
    aint arent cant couldnt didnt doesnt dont hadnt hasnt havent hes im isnt ive shes shouldnt thats
    theres theyre wasnt werent whats wheres wont wouldnt youll youre youve
"""
_CONTRACTIONS = frozenset(_WITHOUT_APOSTROPHE.split())
_SHORTEST_PART = 4  # letters of a word in a compound
# In neither dictionary: words of programming and films, and of phrases such as “a priori”,
# “en masse”, “mumbo jumbo”.
_FURTHER_WORDS = """
    accessors assed backend const facto faire generis helmed helmer improv masse modus mumbo papier
    paren parens posteriori printf priori profiler
"""


def misspelled(counts: Mapping[str, int]) -> frozenset[str]:
    """Return the words that are misspelled.

    Parameters
    ----------
    counts
        Number of rows with each word. Words with a capital letter may be names: they are misspelled
        only as contractions without their apostrophe.

    Notes
    -----
    A word of at least five letters is misspelled if neither dictionary contains it, with or without
    a common prefix or suffix, and if one insertion, deletion, substitution or transposition makes
    it a known word with the same first letter that is frequent. Frequent means in at least 5 rows
    and 10 times those with the misspelling, or 4 times if the word is frequent in English; or
    frequent in English alone, if the misspelling is in at most two rows and not a compound of known
    words. Names and technical terms are thus spared. Contractions without their apostrophe are
    misspelled as well. The cost is linear in the number of unknown words.

    References
    ----------
    Norvig, How to Write a Spelling Corrector (2007); the dictionaries of pyspellchecker (American)
    and symspellpy (British too).
    """
    found = set()
    for word in counts:
        if _lacks_apostrophe(word):
            found.add(word)
            continue
        if not _is_plain(word) or is_known(word) or _is_derived(word):
            continue
        if any(_is_intended(candidate, word, counts) for candidate in _edits(word)):
            found.add(word)
    return frozenset(found)


def is_known(word: str) -> bool:
    """Return whether a dictionary contains the word, given in lower case.

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


def _is_intended(candidate: str, word: str, counts: Mapping[str, int]) -> bool:
    if len(candidate) < MIN_LETTERS or not is_known(candidate):
        return False
    n_candidate = counts.get(candidate, 0)
    n_word = counts[word]
    is_sure = _frequencies().get(candidate, 0) >= SURELY_FREQUENT
    times = TIMES_IF_SURE if is_sure else TIMES_AS_FREQUENT
    if n_candidate >= max(FREQUENT, times * n_word):
        return True
    # “withdrawl” is also “with” and “drawl”: only rows with “withdrawal” can decide.
    return is_sure and n_word <= RARE and not _is_compound(word)


def _edits(word: str) -> set[str]:
    """Return all words one insertion, deletion, substitution or transposition away.

    The first letter stays: people hardly ever get it wrong.
    """
    edits: set[str] = set()
    for cut in range(1, len(word) + 1):
        left = word[:cut]
        right = word[cut:]
        edits.update(left + letter + right for letter in ascii_lowercase)
        if right:
            edits.add(left + right[1:])
            edits.update(left + letter + right[1:] for letter in ascii_lowercase)
        if len(right) > 1:
            edits.add(left + right[1] + right[0] + right[2:])
    return edits


@cache
def _american() -> Mapping[str, int]:
    words: Mapping[str, int] = SpellChecker(language="en").word_frequency.dictionary
    return words


@cache
def _frequencies() -> Mapping[str, int]:
    file = files("symspellpy") / "frequency_dictionary_en_82_765.txt"
    counted = {}
    for line in file.read_text(encoding="utf-8-sig").splitlines():
        word, count = line.split()
        counted[word] = int(count)
    return dict.fromkeys(_FURTHER_WORDS.split(), 0) | counted
