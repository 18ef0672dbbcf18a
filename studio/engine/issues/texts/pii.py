"""Texts with personal data in them."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from operator import itemgetter

import numpy as np

from studio.engine.issues.base import Columns, Evidence
from studio.engine.issues.texts.pii_types import PII_TYPES, PiiType

THRESHOLD = 0.3  # above what is public anyway (user names), below a date of birth
# Nothing that is looked for can do without one of these: most texts need no further look.
_MARKS = (
    "@",
    "://",
    "AKIA",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "xox",
    "AIza",
    "sk_live_",
    "BEGIN ",
)
_COLONS_OF_ADDRESS = 3
_DIGITS = re.compile(r"\d\W{0,3}\d\W{0,3}\d")


def find_pii(evidence: Evidence) -> Columns:
    """Find personal data in texts: what it is and where.

    Notes
    -----
    Looked for, with their sensitivity: credit card (its check digit must hold), IBAN (its checksum
    must hold), social security number, URL with credentials and secret key 1.0; email and phone
    number 0.5; date of birth (a date after a word such as "born") and public IP address 0.4;
    Twitter username 0.1. Phone numbers must be valid in their country's numbering plan; those
    without a prefix are read as of the United States or Britain and must be written in groups or
    after a word such as "call"; in texts of some languages also as of a country where it is spoken,
    after such a word of it or with the prefix 0. Toll-free and premium numbers and e-mail addresses
    such as "info@…" reach companies and do not count, nor do four small numbers without a word such
    as "server" before: a version.

    `PII_score` is the highest sensitivity in the text, 0 for none; `is_PII` from 0.3 on.
    `PII_types` and `PII_items` are JSON lists, in the order in which they stand in the text; each
    type once.

    References
    ----------
    ISO/IEC 7812-1 (Luhn), ISO 13616 (IBAN), libphonenumber's numbering plans.
    """
    found = evidence.texts.per_distinct(_items)
    scores = np.array(
        [max((kind.sensitivity for kind, _ in items), default=0.0) for items in found],
        dtype=np.float32,
    )
    return {
        "is_PII": scores >= THRESHOLD,
        "PII_score": scores,
        "PII_types": [
            _as_json(list(dict.fromkeys(kind.name for kind, _ in items))) for items in found
        ],
        "PII_items": [_as_json([value for _, value in items]) for items in found],
    }


def _items(text: str) -> list[tuple[PiiType, str]]:
    if not _may_hold_any(text):
        return []
    claimed: list[tuple[int, int, PiiType]] = []  # in their order, none overlapping another
    for kind in PII_TYPES:
        for begin, end in kind.items(text):
            place = bisect_left(claimed, end, key=itemgetter(0))
            if not place or claimed[place - 1][1] <= begin:
                claimed.insert(place, (begin, end, kind))
    return [(kind, text[begin:end]) for begin, end, kind in claimed]


def _may_hold_any(text: str) -> bool:
    return (
        any(mark in text for mark in _MARKS)
        or text.count(":") >= _COLONS_OF_ADDRESS
        or _DIGITS.search(text) is not None
    )


def _as_json(values: list[str]) -> str:
    return json.dumps(values, ensure_ascii=False) if values else "[]"
