"""Quoting for SQL, and what counts as blank in it."""

from __future__ import annotations

from studio.engine.conventions.blanks import BLANK_CHARACTERS


def quoted(name: str) -> str:
    """Return an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    """Return a text in SQL."""
    return "'" + text.replace("'", "''") + "'"


def blank_sql(text: str) -> str:
    """SQL for whether a text is blank, as `studio.engine.conventions.blanks` defines it."""
    trimmed = f"coalesce(trim({text}, {text_literal(BLANK_CHARACTERS)}), '')"
    # Most texts begin with a visible ASCII character, which is told a hundred times as quickly.
    return f"(CASE WHEN {text} >= '!' AND {text} < chr(127) THEN false ELSE {trimmed} = '' END)"


def filled_sql(text: str) -> str:
    """SQL that replaces a blank text by a missing value."""
    return f"CASE WHEN {blank_sql(text)} THEN NULL ELSE {text} END"
