"""Texts that are not written in English."""

from __future__ import annotations

import numpy as np

from studio.engine.issues.base import Columns, Evidence


def find_non_english(evidence: Evidence) -> Columns:
    """Find texts that are not in English, and name the language.

    Notes
    -----
    `non_english_score` is the probability that a text is not English; `is_non_english` from 0.7 on.
    `predicted_language` is the language's English name; missing where the text is mixed or
    nonsense, or too short to tell: fewer than 12 Latin letters that are not clearly English, one
    word of nonsense, or mere laughter, whose score is 0. See `languages.language_of`.
    """
    languages = evidence.texts.languages
    scores = np.array([language.non_english for language in languages], dtype=np.float32)
    return {
        "is_non_english": np.array([not language.is_english for language in languages], dtype=bool),
        "non_english_score": scores,
        "predicted_language": [language.name for language in languages],
    }
