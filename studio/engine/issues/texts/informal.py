"""Texts written carelessly: misspellings and slang."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import numpy.typing as npt

from studio.engine.issues.base import Columns, Evidence
from studio.engine.issues.texts.slang import is_slang
from studio.engine.issues.texts.spelling import misspelled
from studio.engine.text.languages import MIN_PROBABILITY, without_codes

THRESHOLD = 0.5
FULL_SHARE = 0.25  # of the words: a text in which every fourth is wrong scores 1
# Share from which two words of slang reach the threshold; a single one may be a quotation
TWO_SUFFICE = 0.05
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*(?:['’][^\W_]*)?")  # “half-assed” is one word
# Not words of prose: “U.S.”, “r/news”, “np.array”, “R^2”, “group(u)”, “*r*”, “expression r,”, code
# in quotes, TeX.
_NO_PROSE = re.compile(
    r"`[^`\n]+`|\$(?![\d\s])[^$\n]*[^$\s]\$|\\\w+(?:\{[^{}]*\})*|\*\w\*|(?<!\w)\w(?:\.\w)+(?!\w)"
    r"|\b\w{1,2}(?:[/^=]\w+|\.[a-z]\w+)|\b\w+ ?=+ ?\w+|\b\w+\((?:\w+(?:,"
    r" ?\w+)*\))?|\br(?=[?.,;)}\]])"
)
NAME = 5  # a word in at least so many rows, always in capitals, is a name: “NP”


def find_informal(evidence: Evidence) -> Columns:
    """Find carelessly written English texts.

    Notes
    -----
    `spelling_issue_score` and `slang_issue_score` are four times the share of words that are
    misspelled (`spelling.misspelled`) or slang (`slang.is_slang`), at most 1. `informal_score` is
    1 − (1 − spelling)(1 − slang), and `is_informal` is a score of at least 0.5, as with one such
    word in eight. Two words of slang suffice for 0.5 if they are at least one word in twenty. Words
    with a capital letter may be names and do not count as misspelled, nor do parts of hyphenated
    compounds. Words of slang that occur in at least five rows and always in capitals count as names
    as well. Code, formulas and abbreviations such as “U.S.” are not counted as words. Texts in
    other languages have score 0; where English is less likely than not, only slang is judged. There
    is no grammar score: no offline checker was found that distinguishes wrong grammar from unusual
    grammar.
    """
    languages = evidence.texts.languages
    words = []
    counts: Counter[str] = Counter()  # rows with each word
    for language, own in zip(languages, evidence.texts.per_distinct(_words), strict=True):
        english = own if language.is_english else []
        words.append(english)
        counts.update(set(english))
    is_doubtful = [language.non_english > MIN_PROBABILITY for language in languages]
    spelling = np.where(is_doubtful, np.float32(0), _scores(words, misspelled(counts)))
    names = _names(counts)
    slang_words = frozenset(word for word in counts if is_slang(word.lower()) and word not in names)
    slang = _slang_scores(words, slang_words)
    informal = 1 - (1 - spelling) * (1 - slang)
    return {
        "is_informal": informal >= THRESHOLD,
        "informal_score": informal,
        "spelling_issue_score": spelling,
        "slang_issue_score": slang,
    }


def _names(counts: Counter[str]) -> frozenset[str]:
    in_any_case: Counter[str] = Counter()
    for word, count in counts.items():
        in_any_case[word.lower()] += count
    names = {"R"}  # the programming language, and slang for “are”
    for word, count in counts.items():
        if word.isupper() and NAME <= count == in_any_case[word.lower()]:
            names.add(word)
    return frozenset(names)


def _words(text: str) -> list[str]:
    return _WORD.findall(_NO_PROSE.sub(" ", without_codes(text)))


def _slang_scores(words: list[list[str]], wanted: frozenset[str]) -> npt.NDArray[np.float32]:
    scores = _scores(words, wanted)
    suffices = (_counts(words, wanted) > 1) & (scores >= np.float32(TWO_SUFFICE / FULL_SHARE))
    return np.where(suffices, np.maximum(scores, np.float32(THRESHOLD)), scores)


def _scores(words: list[list[str]], wanted: frozenset[str]) -> npt.NDArray[np.float32]:
    n_words = np.array([max(1, len(own)) for own in words], dtype=np.int64)
    shares = (_counts(words, wanted) / n_words).astype(np.float32)
    return np.asarray(np.minimum(shares / np.float32(FULL_SHARE), 1), dtype=np.float32)


def _counts(words: list[list[str]], wanted: frozenset[str]) -> npt.NDArray[np.int64]:
    return np.array([sum(word in wanted for word in own) for own in words], dtype=np.int64)
