"""How friendly a text is: no issue, but a score to sort and filter by."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from studio.engine.issues.base import Columns, Evidence
from studio.engine.text.languages import without_codes

CALMING_WORDS = 1  # imagined neutral words: “stop” alone is not the most hateful text of all
# Read of each text, half of them at its end: openings and conclusions say most
MAX_CHARACTERS = 600
# Friendly or hostile by the lexicon, but in requests mere subjects and manners: “top up”, “United”,
# “please help”.
_WITHOUT_FEELING = """
    accept accepted accepting accepts beneficiary create created credit credited credits determined
    free help helping helps interest interests number ok okay play playing plays please pls plz
    share shared shares sharing support supported supporting supports top tops unbelievable united
    value values want yeah yep yes
"""
_HARMLESS_NO = re.compile(
    r"^\W*no(?=[,.;!]|\s*$)|\bno(?= (?:charge|fee|cost)s?\b)", re.I
)  # answers, good news


def find_sentiment(evidence: Evidence) -> Columns:
    """Score the sentiment of English texts.

    Notes
    -----
    `sentiment_score` runs from 0, most negative, over 0.5, neutral, to 1, most positive; missing
    for other languages. It is half of 1 + (positive share − negative share of the words), by
    VADER's lexicon and rules, of the first and the last 300 characters, with one neutral word more,
    so that a word alone says less. Words of requests (“please help”, “top up”) have no weight. Why
    not VADER's compound sum: docs/decisions/sentiment.md.

    References
    ----------
    Hutto and Gilbert, VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media
    Text (2014).
    """
    balances = np.array(evidence.texts.per_distinct(_balance), dtype=np.float32)
    is_english = np.array(
        [language.is_english for language in evidence.texts.languages], dtype=bool
    )
    return {
        "sentiment_score": (
            np.where(is_english, (1 + balances) / 2, np.float32(np.nan)).astype(np.float32)
        )
    }


def _balance(text: str) -> float:
    words = _HARMLESS_NO.sub(" ", without_codes(text))
    if len(words) > MAX_CHARACTERS:
        words = f"{words[: MAX_CHARACTERS // 2]} {words[-MAX_CHARACTERS // 2 :]}"
    shares = _analyser().polarity_scores(words)
    n_words = len(words.split())
    return float(shares["pos"] - shares["neg"]) * n_words / (n_words + CALMING_WORDS)


@cache
def _analyser() -> SentimentIntensityAnalyzer:
    analyser = SentimentIntensityAnalyzer()
    for word in _WITHOUT_FEELING.split():
        del analyser.lexicon[word]
    return analyser
