"""Kinds of column. Cells reach the engine as text or None; the kind says how to read them."""

from __future__ import annotations

from enum import StrEnum


class ColumnKind(StrEnum):
    """How the cells of a column are read."""

    TEXT = "text"
    CATEGORICAL = "categorical"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    IDENTIFIER = "identifier"
    URL = "url"


# Kinds whose values have distances.
MEASURED = frozenset({ColumnKind.INTEGER, ColumnKind.NUMBER, ColumnKind.DATETIME})
