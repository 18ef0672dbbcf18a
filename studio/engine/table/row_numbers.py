"""Row numbers for people, counted from 1; programs use `row_id`, the position from 0."""

from __future__ import annotations


def row_number(row_id: int) -> str:
    """Return the number of a row, counted from 1.

    >>> row_number(0), row_number(1233)
    ('1', '1,234')
    """
    return f"{row_id + 1:,}"
