"""Texts that contain personal data."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from operator import itemgetter

import numpy as np

from studio.engine.issues.base import Columns, Evidence
from studio.engine.issues.texts.pii_types import PII_TYPES, PiiType

THRESHOLD = 0.3  # above what is public anyway (user names), below a date of birth
# Every item contains one of these, three colons or three digits; most texts can be skipped.
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
_COLONS_OF_ADDRESS = 3  # of IPv6, at least
_DIGITS = re.compile(r"\d\W{0,3}\d\W{0,3}\d")


def find_pii(evidence: Evidence) -> Columns:
    """Find personal data in texts, with its types.

    Notes
    -----
    The types and their sensitivities:

    - 1.0: credit card (with a valid check digit), IBAN (with a valid checksum), social security
      number, URL with credentials, secret key;
    - 0.5: email, phone number;
    - 0.4: date of birth (a date after a word such as "born"), public IP address;
    - 0.1: Twitter username.

    Phone numbers must be valid in their country's numbering plan. Those without a country prefix
    are parsed as numbers of the United States or Britain and must be written in groups or follow a
    word such as "call". In texts of some other languages they are also parsed as numbers of
    countries where the language is spoken, if they follow such a word or begin with 0. Toll-free
    and premium numbers and e-mail addresses such as "info@…" belong to companies and do not count.
    Four small numbers without a word such as "server" before them are a version, not an IP address.

    `PII_score` is the highest sensitivity in the text, 0 for none; `is_PII` is a score of at least
    0.3. `PII_types` and `PII_items` are JSON lists in the order of the text; each type is listed
    once.

    References
    ----------
    ISO/IEC 7812-1 (Luhn), ISO 13616 (IBAN), libphonenumber's numbering plans.
    """
    highest = []
    types: list[str | None] = []
    values: list[str | None] = []
    for items in evidence.texts.per_distinct(_items):
        highest.append(max((kind.sensitivity for kind, _ in items), default=0.0))
        types.append(_as_json(list(dict.fromkeys(kind.name for kind, _ in items))))
        values.append(_as_json([value for _, value in items]))
    scores = np.array(highest, dtype=np.float32)
    return {
        "is_PII": scores >= THRESHOLD,
        "PII_score": scores,
        "PII_types": types,
        "PII_items": values,
    }


def _items(text: str) -> list[tuple[PiiType, str]]:
    if not _may_hold_any(text):
        return []
    claimed: list[tuple[int, int, PiiType]] = []  # sorted by position, without overlaps
    for kind in PII_TYPES:
        for begin, end in kind.items(text):
            # All before this place begin before the item's end: the last of them may overlap it.
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
    return json.dumps(values, ensure_ascii=False)
