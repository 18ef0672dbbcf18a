"""Uploaded text as people read it."""

from __future__ import annotations

import re

_HTML_BREAK = re.compile(r"[ \t]*<br\s*/?>[ \t]*", re.IGNORECASE)

_WHOLE_NUMBER = re.compile(r"([-+]?\d+)\.0")  # more zeros may be thousands


def without_zeros(number: str | None) -> str | None:
    """Drop the decimal that programs add to whole numbers.

    >>> without_zeros("1561.0"), without_zeros("33.80"), without_zeros("1.000")
    ('1561', '33.80', '1.000')
    """
    found = _WHOLE_NUMBER.fullmatch(number or "")
    return found[1] if found else number


def with_line_breaks(text: str) -> str:
    """Replace the line breaks of HTML by real ones.

    >>> with_line_breaks("Great.<br /><br />Or not?")
    'Great.\\n\\nOr not?'
    """
    return _HTML_BREAK.sub("\n", text)
