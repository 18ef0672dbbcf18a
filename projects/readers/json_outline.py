"""Detects the form in which a JSON document holds a table, in one pass of bounded memory.

The forms are the orients of pandas' `to_json`, JSON Lines, an object of lists, and records under a
key.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from io import TextIOWrapper
from itertools import islice

from projects.readers.json_columns import free_name
from projects.readers.json_window import Window
from studio.engine.errors import DataProblem

_N_KEYS = 100  # inner keys that are read to tell names of columns from names of rows
_N_SHOWN = 3
_ROW_NAME = re.compile(r"-?[0-9]+|[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?")  # a number or a date
_TIGHT = {"index", "index_names", "column_names"}  # what pandas writes beside columns and data


class Orient(StrEnum):
    """Forms of a table in JSON; all but the last two are pandas' words."""

    RECORDS = "records"
    COLUMNS = "columns"
    INDEX = "index"
    SPLIT = "split"
    TABLE = "table"
    VALUES = "values"
    LIST = "list"  # an object with a list for each column
    LINES = "lines"  # an object on each line


@dataclass(frozen=True, slots=True)
class JsonForm:
    """The form of a document.

    `key` is the member that holds the rows, None if the document itself is the rows. `name_column`
    is the column for the names of the rows, None if they only count the rows.
    """

    orient: Orient
    key: str | None = None
    name_column: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Member:
    """A member of the document's object.

    `kind` is the first character of its value, `inner` the first character of a value inside that.
    """

    key: str
    kind: str
    inner: str = ""
    keys: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Outline:
    members: list[_Member]
    keys_are_positions: bool

    def of_kind(self, kind: str, inner: str = "") -> list[_Member]:
        return [
            member
            for member in self.members
            if member.kind == kind and member.inner.startswith(inner)
        ]

    @property
    def keys(self) -> list[str]:
        return [member.key for member in self.members]


def find_form(text: TextIOWrapper, *, max_chars: int, asked: str | None = None) -> JsonForm:
    """Return the form of the document. Raises DataProblem if it has none, or is ambiguous."""
    window = Window(text, max_chars)
    if window.next_char() == "[":
        is_rows = next(window.elements(), None) and window.next_char() == "["
        return _as_asked(JsonForm(Orient.VALUES if is_rows else Orient.RECORDS), asked)
    outline = _outline(window)
    if window.next_char() or not outline.members:
        return _as_asked(JsonForm(Orient.LINES), asked)
    return _as_asked(_form_of_object(outline, asked), asked)


def _as_asked(form: JsonForm, asked: str | None) -> JsonForm:
    if asked is not None and asked != form.orient:
        raise DataProblem(
            f"The JSON document does not have the form '{asked}'; it looks like '{form.orient}'. "
            "Leave the form out, and it is found."
        )
    return form


def _outline(window: Window) -> _Outline:
    members: list[_Member] = []
    kinds: set[tuple[str, str]] = set()
    are_positions = True
    for place, key in enumerate(window.members()):
        are_positions = are_positions and key == str(place)
        member = _Member(key, window.next_char())
        if member.kind == "{":
            _look_into_object(window, member)
        elif member.kind == "[":
            _look_into_list(window, member)
        else:
            window.skip()
        kind = (member.kind, member.inner)
        if len(members) < _N_KEYS or kind not in kinds:
            members.append(member)
            kinds.add(kind)
    return _Outline(members, are_positions)


def _look_into_object(window: Window, member: _Member) -> None:
    for key in window.members():
        if len(member.keys) == _N_KEYS:
            window.leave()
            return
        member.keys.append(key)
        member.inner = window.next_char()
        window.skip()


def _look_into_list(window: Window, member: _Member) -> None:
    for _ in window.elements():
        member.inner = window.next_char()
        window.leave()
        return


def _form_of_object(outline: _Outline, asked: str | None) -> JsonForm:
    keys = set(outline.keys)
    lists = outline.of_kind("[")
    objects = outline.of_kind("{")
    if "schema" in keys and any(member.key == "data" for member in lists):
        return JsonForm(Orient.TABLE, "data")
    has_split = {"columns", "data"} <= {member.key for member in lists}
    if has_split and keys <= {"columns", "data", *_TIGHT}:
        return JsonForm(Orient.SPLIT, "data")
    if len(objects) == len(outline.members):
        return _columns_or_index(outline, asked)
    has_plain_values = any(member.inner not in ("", "{", "[") for member in lists)
    if len(lists) == len(outline.members) and has_plain_values:
        return JsonForm(Orient.LIST)
    tables = [*outline.of_kind("[", "{"), *outline.of_kind("[", "[")]
    if len(tables) == 1:
        orient = Orient.RECORDS if tables[0].inner == "{" else Orient.VALUES
        return JsonForm(orient, tables[0].key, notes=_left_out(outline, tables[0].key))
    if len(tables) > 1:
        raise DataProblem(
            f"The JSON document is an object with {len(tables)} lists of rows:"
            f" {_shown([m.key for m in tables])}. Keep the one that is the table, and use that."
        )
    if outline.keys_are_positions and not lists and not objects and len(outline.members) > 1:
        raise DataProblem(
            "The JSON document is an object of single values under 0, 1, 2, …, as pandas writes a"
            " series. Expected a table: write the frame instead."
        )
    return JsonForm(Orient.LINES)


def _columns_or_index(outline: _Outline, asked: str | None) -> JsonForm:
    """Return the form of an object of objects, whose outer names are columns or rows.

    Numbers and dates name rows. If the outer and inner names are both of that kind, or neither is,
    the form is ambiguous.
    """
    inner = outline.members[0].keys
    if len(outline.members) == 1 and outline.members[0].inner == "{":
        raise DataProblem(
            f"The JSON document is an object of nested objects ({_shown(outline.keys)}), which is"
            ' not a table. Expected a list of objects: [{"column": "value", …}, …].'
        )
    outer_are_rows = all(map(_ROW_NAME.fullmatch, outline.keys))
    inner_are_rows = all(map(_ROW_NAME.fullmatch, inner)) and bool(inner)
    if asked in (Orient.COLUMNS, Orient.INDEX):
        outer_are_rows = asked == Orient.INDEX
        inner_are_rows = not outer_are_rows
    if outer_are_rows == inner_are_rows:
        raise DataProblem(
            f"The JSON document is an object of objects: {_shown(outline.keys)}, each with"
            f" {_shown(inner)}. Either may be the columns. Say which form it has: columns (the"
            " outer names are columns) or index (the inner names are columns)."
        )
    if outer_are_rows:
        name_column = None if outline.keys_are_positions else free_name(inner)
        return JsonForm(Orient.INDEX, name_column=name_column)
    return JsonForm(Orient.COLUMNS)


def _left_out(outline: _Outline, key: str) -> tuple[str, ...]:
    others = [other for other in outline.keys if other != key]
    note = f"The rows were read from the list under '{key}'."
    if not others:
        return (note,)
    verb = "was" if len(others) == 1 else "were"
    return (f"{note[:-1]}; {_shown(others)} {verb} left out.",)


def _shown(keys: Sequence[str]) -> str:
    shown = ", ".join(f"'{key[:40]}'" for key in islice(keys, _N_SHOWN))
    return shown + (", …" if len(keys) > _N_SHOWN else "")
