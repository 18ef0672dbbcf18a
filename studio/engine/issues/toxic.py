"""Texts with insults, obscenities or hate."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
from profanity_check import predict_prob

from studio.engine.issues.base import Columns, Evidence

THRESHOLD = 0.9  # from 0.8 on a tenth of what was found in tweets was mere complaint
# Rude words that people say of things, too: they insult where somebody is meant.
_MILD = re.compile(
    r"\b(?:suck(?:s|ed|ing)?|stupid(?:ly|ity)?|idiot(?:s|ic)?|dumb(?:est)?|pathetic|lame|crap(?:py)?|damn(?:ed)?|hell"
    r"|dyke|gay|jew(?:s|ish)?|lesbian|dick(?= [A-Z])|cock(?= and)|wtf)\b",
    re.I,
)
_SOMEBODY = re.compile(
    r"\b(?:you|u|ur|your?s?|yourself|ya|y'all|yall|he|she|they|his|her|their|him|them|shut up)\b", re.I
)


def find_toxic(evidence: Evidence) -> Columns:
    """Find English texts that insult, swear or hate.

    Notes
    -----
    `toxic_score` is the probability of a linear model over words, trained on 200,000 texts that people judged
    (Wikipedia comments and tweets); `is_toxic` from 0.9 on. Where nobody is meant (no “you”, “he” or “they”), words
    that are also said of things, such as “stupid”, and names of groups are left out of what it reads. It knows words
    better than irony, and takes a harsh review of a film for an insult at times. Other languages are not judged: 0.

    References
    ----------
    The package alt-profanity-check, which publishes the model anew for each version of scikit-learn.
    """
    languages = evidence.texts.languages
    scores = np.zeros(len(languages), dtype=np.float32)
    english = np.flatnonzero([language.is_english for language in languages])
    cells = [evidence.texts.cells[row] for row in english.tolist()]
    if cells:
        scores[english] = _probabilities(cells)
    return {"is_toxic": scores >= THRESHOLD, "toxic_score": scores}


def _probabilities(cells: list[str]) -> npt.NDArray[np.float64]:
    probabilities = np.clip(predict_prob(cells), 0, 1)
    impersonal = [
        row
        for row in np.flatnonzero(probabilities >= THRESHOLD)
        if _MILD.search(cells[row]) and not _SOMEBODY.search(cells[row])
    ]
    if impersonal:
        calmer = np.clip(predict_prob([_MILD.sub(" ", cells[row]) for row in impersonal]), 0, 1)
        probabilities[impersonal] = np.minimum(probabilities[impersonal], calmer)
    return np.asarray(probabilities, dtype=np.float64)
