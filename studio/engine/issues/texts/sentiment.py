"""The sentiment of a text: not an issue, but a score to sort and filter by."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from studio.engine.issues.base import Columns, Evidence
from studio.engine.text.languages import without_codes

CALMING_WORDS = 1  # neutral words added, or “stop” alone would be among the most negative texts
# Per text, half of them at its end: openings and conclusions carry most of the sentiment
MAX_CHARACTERS = 600
# Positive or negative in the lexicon, but neutral in requests: “top up”, “United”, “please help”.
_WITHOUT_FEELING = """
    accept accepted accepting accepts beneficiary create created credit credited credits determined
    free help helping helps interest interests number ok okay play playing plays please pls plz
    share shared shares sharing support supported supporting supports top tops unbelievable united
    value values want yeah yep yes
"""
# “No” as an answer or in good news: “no fees”.
_HARMLESS_NO = re.compile(r"^\W*no(?=[,.;!]|\s*$)|\bno(?= (?:charge|fee|cost)s?\b)", re.I)


def find_sentiment(evidence: Evidence) -> Columns:
    """Score the sentiment of English texts.

    Notes
    -----
    `sentiment_score` is 0 for the most negative texts, 0.5 for neutral ones and 1 for the most
    positive ones; it is missing for other languages. It is (1 + positive share − negative share of
    the words) / 2, by VADER's lexicon and rules, over the first and last 300 characters. One
    neutral word is added, so that texts of a single word are less extreme. Words that are common in
    requests (“please help”, “top up”) are neutral. For why VADER's compound score is not used, see
    docs/decisions/sentiment.md.

    References
    ----------
    Hutto and Gilbert, VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media
    Text (2014).
    """
    balances = np.array(evidence.texts.per_distinct(_balance), dtype=np.float32)
    scores = np.where(evidence.texts.are_english, (1 + balances) / 2, np.float32(np.nan))
    return {"sentiment_score": scores.astype(np.float32)}


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
