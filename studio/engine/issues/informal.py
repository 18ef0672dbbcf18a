"""Texts written carelessly: slips of spelling, and words of chats."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import numpy.typing as npt

from studio.engine.issues.base import Columns, Evidence
from studio.engine.issues.languages import MIN_PROBABILITY, without_codes
from studio.engine.issues.slang import is_slang
from studio.engine.issues.spelling import misspelled

THRESHOLD = 0.5
FULL_SHARE = 0.25  # of the words: a text in which every fourth is wrong scores 1
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]*)?")
# “U.S.”, “r/news”, “np.array”, “R^2”, code in quotes: letters and words that are no words of prose.
_NO_PROSE = re.compile(r"`[^`\n]+`|(?<!\w)\w(?:\.\w)+(?!\w)|\b\w{1,2}(?:[/^=]\w+|\.[a-z]\w+)|\b\w+ ?=+ ?\w+|\b\w+\(")


def find_informal(evidence: Evidence) -> Columns:
    """Find carelessly written English texts.

    Notes
    -----
    `spelling_issue_score` and `slang_issue_score` are four times the share of words that are slips of spelling
    (`spelling.misspelled`) or words of chats (`slang.is_slang`), at most 1. `informal_score` is
    1 − (1 − spelling)(1 − slang); `is_informal` from 0.5 on: one such word in eight. Words with a capital letter may
    be names and are no slips; code and letters such as “U.S.” are no words. Other languages are not judged: 0; where
    English is less likely than not, only slang is. There is no grammar score: no offline checker was found that tells
    wrong grammar from the unusual.
    """
    languages = evidence.texts.languages
    found = evidence.texts.per_distinct(_words)
    words = [own if language.is_english else [] for own, language in zip(found, languages, strict=True)]
    counts = Counter(word for own in words for word in set(own))
    slips = misspelled({word: count for word, count in counts.items() if word.islower()})
    is_doubtful = [language.non_english > MIN_PROBABILITY for language in languages]
    spelling = np.where(is_doubtful, np.float32(0), _scores(words, slips))
    slang = _scores(words, frozenset(word for word in counts if is_slang(word.lower()) and word != "R"))
    informal = 1 - (1 - spelling) * (1 - slang)
    return {
        "is_informal": informal >= THRESHOLD,
        "informal_score": informal,
        "spelling_issue_score": spelling,
        "slang_issue_score": slang,
    }


def _words(text: str) -> list[str]:
    return _WORD.findall(_NO_PROSE.sub(" ", without_codes(text)))


def _scores(words: list[list[str]], wanted: frozenset[str]) -> npt.NDArray[np.float32]:
    shares = (sum(word in wanted for word in own) / max(1, len(own)) for own in words)
    scores = np.fromiter(shares, np.float32, len(words)) / np.float32(FULL_SHARE)
    return np.asarray(np.minimum(scores, 1), dtype=np.float32)
