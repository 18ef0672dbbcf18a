"""The rules for column names, the same for every format."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass

from projects.readers.facts import ROW_ID, ReadLimits
from studio.engine.counted import counted
from studio.engine.errors import DataProblem

# SQL engines compare names with A-Z and a-z taken as equal, but other letters as they are.
_MAX_NAME_CHARS = 5_000
_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


@dataclass(frozen=True, slots=True)
class Header:
    """The checked column names, with notes for the user."""

    columns: tuple[str, ...]
    notes: tuple[str, ...]


def checked_header(names: Sequence[str], limits: ReadLimits, *, line: int | None = 1) -> Header:
    """Name blank columns and refuse ambiguous names; `line` is None for formats without lines."""
    where = "The file" if line is None else f"Line {line}"
    if len(names) > limits.max_columns:
        raise DataProblem(
            f"{where} has {counted(len(names), 'column')}; at most {limits.max_columns:,} can be"
            " read. Remove columns that are not needed."
        )
    _refuse_impossible_names(names, where)
    columns, notes = _with_blanks_named(names)
    _refuse_duplicates(columns, where)
    if any(_folded(name) == ROW_ID for name in columns):
        raise DataProblem(
            f"{where} has a column named {ROW_ID}, a name that the studio keeps for itself. Rename"
            " that column."
        )
    return Header(columns, notes)


def _refuse_impossible_names(names: Sequence[str], where: str) -> None:
    for position, name in enumerate(names, start=1):
        if len(name) > _MAX_NAME_CHARS:
            raise DataProblem(
                f"{where}: the name of column {position} has {len(name):,} characters; at most"
                f" {_MAX_NAME_CHARS:,} can be read. Shorten it."
            )
        if "\0" in name or _has_half_character(name):
            raise DataProblem(
                f"{where}: the name of column {position} has a NUL or half of a surrogate pair in"
                " it, which cannot be kept. Rename that column."
            )


def _has_half_character(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _with_blanks_named(names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    columns = tuple(
        name if name.strip() else f"column_{position}"
        for position, name in enumerate(names, start=1)
    )
    blanks = [name for name, given in zip(columns, names, strict=True) if not given.strip()]
    if not blanks:
        return columns, ()
    if len(blanks) == 1:
        return columns, (f"One column has no name; it is called {blanks[0]} here.",)
    named = ", ".join(blanks[:5])
    if len(blanks) > 5:
        named += " and so on"
    return columns, (f"{len(blanks)} columns have no name; they are called {named} here.",)


def numbered_header(n_columns: int, limits: ReadLimits) -> Header:
    """Return names for the columns of a file that has none."""
    names = [f"column_{position}" for position in range(1, n_columns + 1)]
    shown = "column_1" if n_columns == 1 else f"column_1 to column_{n_columns}"
    columns = checked_header(names, limits, line=None).columns
    return Header(
        columns, (f"The columns have no names in the file; they are called {shown} here.",)
    )


def _refuse_duplicates(columns: Sequence[str], where: str) -> None:
    first: dict[str, tuple[int, str]] = {}
    for position, name in enumerate(columns, start=1):
        earlier = first.setdefault(_folded(name), (position, name))
        if earlier[0] == position:
            continue
        if earlier[1] == name:
            same = "the same name"
            both = f"{name!r}"
        else:
            same = "names that differ only in upper and lower case"
            both = f"{earlier[1]!r} and {name!r}"
        raise DataProblem(
            f"{where}: columns {earlier[0]} and {position} have {same}, {both}. "
            "Every column needs a name of its own; rename one of them."
        )


def _folded(name: str) -> str:
    return name.translate(_ASCII_LOWER)
