"""Texts with insults, obscenities or hate."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
from profanity_check import predict_prob

from studio.engine.issues.base import Columns, Evidence

THRESHOLD = 0.9  # with 0.8 a tenth of the flagged tweets were mere complaints
# Obscene in any context. The model does not know compounds and hardly reacts to one word in twenty.
_STEMS = (
    "fuck",
    "shit",
    "bullshit",
    "bitch",
    "asshole",
    "arsehole",
    "dumbass",
    "cunt",
    "dickhead",
    "wanker",
    "nigger",
    "faggot",
)
_OBSCENE = re.compile(
    r"(?<![@/\w])\w*(?:fuck|bitch|asshole|dumbass"
    r"|(?<!\w)(?:bull|horse|dog|dip|ape|bat)?shit(?!-?post|ak)"
    r"|(?<!\w)(?:arsehole|cunt|dickhead|wanker|nigger|faggot))\w*"
)
WORDS_PER_OBSCENE = 100  # in a longer text one such word may be a quotation or a title
_MASKED = re.compile(r"\b[a-z]+\*+[a-z]+", re.I)
_DRAWN_OUT = re.compile(r"([a-z])\1{2,}", re.I)
# Words that the model rates as worse than they are, among them hatred of anything but people.
_HARMLESS = re.compile(
    r"\b(?:penis(?:es)?|sex(?:ual(?:ly)?)?|porn|insane|creepy|freaking|(?<=[a-z.] )(?-i:Stupids?)"
    r"|kill(?:s|ed|ing)? (?:bill|it|me|my|time|your)"
    r"|hat(?:e[sd]?|ing)(?! (?:\w+ )?(?:you(?!"
    r" too)|people|women|men|blacks?|gays?|jews?|muslims?|immigrants?)\b))\b",
    re.I,
)
# Rude words that are also used of things and of oneself: insults only if somebody is addressed.
_MILD = re.compile(
    r"\b(?:suck(?:s|ed|ing)?|stinks?|stupid(?:ly|ity)?|idiotic|(?:an|american)"
    r" idiot|dumb(?:est)?|pathetic|lame"
    r"|crap(?:py)?|damn(?:ed)?|hell|pigs?|dyke|gay|jew(?:s|ish)?|lesbian|dick(?= [A-Z])|cock(?="
    r" and)|wtf)\b",
    re.I,
)
# “your” addresses somebody in “your an idiot”, “ur pathetic”, but not in “your wifi stinks”.
_SOMEBODY = re.compile(
    r"\b(?:you|u|(?:ur|your)(?= (?:an?|so|such)\b|"
    r" \w+\W*$)|yours|yourself|ya|y'all|yall|he|she|they|his|her|their|him"
    r"|them|shut up)\b",
    re.I,
)


def find_toxic(evidence: Evidence) -> Columns:
    """Find English texts that insult, swear or hate.

    Notes
    -----
    `toxic_score` is the probability of a linear model over words, trained on 200,000 texts that
    people annotated (Wikipedia comments and tweets); `is_toxic` is a score of at least 0.9. A text
    that reaches it is scored again without words that the model overrates, such as “hate” of
    anything but people, and, where nobody is addressed or mentioned (no “you”, “he” or “they”),
    without names of groups and words that are also used of things, such as “stupid”; the lower
    score counts. One obscene word in a hundred is enough for 0.9 in any context, also masked or
    drawn out (“f**k”, “shiiit”), as every other word lowers the model's score. The model does not
    recognise irony, and it sometimes takes a harsh film review for an insult. Texts in other
    languages have score 0.

    References
    ----------
    The package alt-profanity-check, which publishes the model for each version of scikit-learn.
    """
    are_english = evidence.texts.are_english
    scores = np.zeros(len(are_english), dtype=np.float32)
    english = np.flatnonzero(are_english)
    cells = [evidence.texts.cells[row] for row in english.tolist()]
    if cells:
        scores[english] = _probabilities(cells)
    return {"is_toxic": scores >= THRESHOLD, "toxic_score": scores}


def _probabilities(cells: list[str]) -> npt.NDArray[np.float64]:
    cells = [_spelled_out(cell) for cell in cells]
    probabilities = np.asarray(np.clip(predict_prob(cells), 0, 1), dtype=np.float64)
    suspects = np.flatnonzero(probabilities >= THRESHOLD)
    if len(suspects):
        milder = [_without_mild_words(cells[row]) for row in suspects]
        calmer = np.clip(predict_prob(milder), 0, 1)
        probabilities[suspects] = np.minimum(probabilities[suspects], calmer)
    is_obscene = [_is_obscene(cell) for cell in cells]
    return np.where(is_obscene, np.maximum(probabilities, THRESHOLD), probabilities)


def _is_obscene(text: str) -> bool:
    text = text.lower()
    if not any(stem in text for stem in _STEMS):  # faster than the pattern
        return False
    words = set(_OBSCENE.findall(text))
    return bool(words) and len(words) * WORDS_PER_OBSCENE >= len(text.split())


def _spelled_out(text: str) -> str:
    if "*" in text:  # faster than the pattern
        text = _MASKED.sub(_unmasked, text)
    return _DRAWN_OUT.sub(r"\1", text)


def _unmasked(found: re.Match[str]) -> str:
    """Return the obscene word that was masked, or the match unchanged.

    >>> _MASKED.sub(_unmasked, "f**ked, sh*tty, 2*x")
    'fucked, shitty, 2*x'
    """
    word = found.group()
    for stem in _STEMS:
        if len(word) < len(stem):
            continue
        letters = zip(word.lower(), stem, strict=False)  # a word may be longer than its stem
        if all(letter in (of_stem, "*") for letter, of_stem in letters):
            return stem + word[len(stem) :]
    return word


def _without_mild_words(text: str) -> str:
    text = _HARMLESS.sub(" ", text)
    if _SOMEBODY.search(text):
        return text
    return _MILD.sub(" ", text)
