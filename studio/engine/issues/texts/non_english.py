"""Texts that are not written in English."""

from __future__ import annotations

import numpy as np

from studio.engine.issues.base import Columns, Evidence


def find_non_english(evidence: Evidence) -> Columns:
    """Find texts that are not in English, and name the language.

    Notes
    -----
    `non_english_score` is the probability that a text is not English; `is_non_english` is a score
    of at least 0.7. `predicted_language` is the language's English name. It is missing for mixed
    languages and nonsense, and for texts too short to identify: fewer than 12 Latin letters that
    are not clearly English, a single nonsense word, or mere laughter; their score is 0. See
    `studio.engine.text.languages.language_of`.
    """
    languages = evidence.texts.languages
    scores = np.array([language.non_english for language in languages], dtype=np.float32)
    return {
        "is_non_english": ~evidence.texts.are_english,
        "non_english_score": scores,
        "predicted_language": [language.name for language in languages],
    }
