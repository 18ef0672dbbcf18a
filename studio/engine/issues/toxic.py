"""Texts with insults, obscenities or hate."""

from __future__ import annotations

import numpy as np
from profanity_check import predict_prob

from studio.engine.issues.base import Columns, Evidence

THRESHOLD = 0.9  # from 0.8 on a tenth of what was found in tweets was mere complaint


def find_toxic(evidence: Evidence) -> Columns:
    """Find English texts that insult, swear or hate.

    Notes
    -----
    `toxic_score` is the probability of a linear model over words, trained on 200,000 texts that people judged
    (Wikipedia comments and tweets); `is_toxic` from 0.9 on. It knows words better than irony, and takes a harsh
    review of a film for an insult at times. Other languages are not judged: 0.

    References
    ----------
    The package alt-profanity-check, which publishes the model anew for each version of scikit-learn.
    """
    languages = evidence.texts.languages
    scores = np.zeros(len(languages), dtype=np.float32)
    english = np.flatnonzero([language.is_english for language in languages])
    cells = [evidence.texts.cells[row] for row in english]
    if cells:
        scores[english] = np.clip(predict_prob(cells), 0, 1)
    return {"is_toxic": scores >= THRESHOLD, "toxic_score": scores}
