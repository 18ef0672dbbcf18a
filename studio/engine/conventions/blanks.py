"""The one definition of a blank cell: empty, or only invisible characters."""

from __future__ import annotations

# What Python's str.isspace() accepts, then a soft hyphen, and spaces and joiners without width.
_WHITE_SPACE = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f"
    " \x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"
    "\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_ZERO_WIDTH = "\u00ad\u180e\u200b\u200c\u200d\u2060\ufeff"
BLANK_CHARACTERS = _WHITE_SPACE + _ZERO_WIDTH


def is_blank(cell: str | None) -> bool:
    """Return whether a cell is missing or shows nothing.

    >>> is_blank(None), is_blank(" \\u00a0\\u200b"), is_blank("0")
    (True, True, False)
    """
    return cell is None or not cell.strip(BLANK_CHARACTERS)
