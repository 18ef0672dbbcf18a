"""What kinds of column there are. Cells reach the engine as text or None; a kind says how to read
them.
"""

from __future__ import annotations

from enum import StrEnum


class ColumnKind(StrEnum):
    """How the cells of a column are to be understood."""

    TEXT = "text"
    CATEGORICAL = "categorical"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    IDENTIFIER = "identifier"
    URL = "url"


MEASURED = frozenset(
    {ColumnKind.INTEGER, ColumnKind.NUMBER, ColumnKind.DATETIME}
)  # as near to each other as they are
