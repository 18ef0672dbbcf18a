"""How the set of classes of a multi-label row is written in one cell."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from studio.engine.conventions.blanks import is_blank


class Separator(StrEnum):
    """How the cells of a column write sets: the mark between two classes, or a list."""

    COMMA = ","
    SEMICOLON = ";"
    BAR = "|"
    SLASH = "/"
    SPACE = "space"
    JSON = "json"
    PYTHON = "python"
    NUMBERS = "numbers"

    @property
    def is_list(self) -> bool:
        """Whether a cell is a list in brackets; only then no class differs from no label."""
        return self in _LISTS

    @property
    def example(self) -> str:
        """A cell of two classes."""
        if self is Separator.NUMBERS:
            return "[3, 7]"
        return written_set(("red", "large"), self)


_LISTS = frozenset({Separator.JSON, Separator.PYTHON, Separator.NUMBERS})
_BRACKETS = {"[": "]", "(": ")", "{": "}"}
_EMPTY_LISTS = frozenset({"set()", "frozenset()", "list()", "tuple()"})
_ITEM = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,'"][^,'"]*""")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_ESCAPED = re.compile(r"\\(.)")


def split_labels(cell: str | None) -> tuple[str, ...]:
    """Return the classes in a cell, each once, in the order in which they are written.

    A cell is one CSV record; spaces around names do not count. An empty or missing cell means that
    no class applies.

    >>> split_labels('red, "a, b",red')
    ('red', 'a, b')
    >>> split_labels(None)
    ()
    """
    if cell is None or is_blank(cell):
        return ()
    return _each_once(_fields(cell, ","))


def join_labels(names: Iterable[str]) -> str:
    """Return the cell of a set of classes, in the order given; empty when no class applies.

    >>> join_labels(["red", "a, b"])
    'red,"a, b"'
    """
    return ",".join(_quoted(name, ",") for name in names)


def read_set(cell: str | None, separator: Separator) -> tuple[str, ...] | None:
    """Return the classes in a cell; None if it has no label.

    Only a list can be present and empty. In a column of lists a blank cell has no label; in other
    columns it is the empty set.

    >>> read_set("red; large", Separator.SEMICOLON), read_set("", Separator.SEMICOLON)
    (('red', 'large'), ())
    >>> read_set('["red", "large"]', Separator.JSON), read_set("[]", Separator.JSON)
    (('red', 'large'), ())
    >>> read_set(None, Separator.JSON)
    """
    if separator.is_list:
        if is_blank(cell):
            return None
        return _each_once(list_items(str(cell).strip()))
    if is_blank(cell):
        return ()
    if separator is Separator.SPACE and '"' not in str(cell):
        return _each_once(str(cell).split())
    return _each_once(_fields(str(cell), _MARKS.get(separator, separator.value)))


def written_set(names: Iterable[str], separator: Separator) -> str:
    """Return the cell of a set of classes, as columns with this separator write it.

    >>> written_set(["red", "a;b"], Separator.SEMICOLON), written_set(["red"], Separator.JSON)
    ('red;"a;b"', '["red"]')
    """
    write = _LIST_WRITERS.get(separator)
    if write is not None:
        return write(list(names))
    mark = _MARKS.get(separator, separator.value)
    return mark.join(_quoted(name, mark) for name in names)


def quoted_set(names: Iterable[str], separator: Separator) -> str:
    """Return the cell of a set, every name in quotes, so that no program reads it as a number."""
    if separator.is_list:
        return written_set(names, separator)
    mark = _MARKS.get(separator, separator.value)
    return mark.join('"' + name.replace('"', '""') + '"' for name in names)


_MARKS: Mapping[Separator, str] = {Separator.SPACE: " "}
_LIST_WRITERS: Mapping[Separator, Callable[[list[str]], str]] = {
    Separator.JSON: lambda names: json.dumps(names, ensure_ascii=False),
    Separator.PYTHON: repr,
    Separator.NUMBERS: lambda names: f"[{', '.join(map(_number_or_text, names))}]",
}


def _number_or_text(name: str) -> str:
    if _NUMBER.fullmatch(name):
        return name
    return json.dumps(name, ensure_ascii=False)


def is_list_cell(cell: str) -> bool:
    """Return whether a cell is a list in brackets, as in JSON or Python.

    >>> [is_list_cell(cell) for cell in ('["a"]', "['a' 'b']", "[]", "{'a'}")]
    [True, True, True, True]
    >>> [is_list_cell(cell) for cell in ('{"a": 1}', "[draft] text")]
    [False, False]
    """
    bare = cell.strip()
    if bare in _EMPTY_LISTS:
        return True
    if len(bare) < 2 or _BRACKETS.get(bare[0]) != bare[-1]:
        return False
    if bare[0] == "{":
        # A colon outside quotes makes it a mapping, not a set.
        unquoted = [item for item in _ITEM.findall(bare[1:-1]) if item[0] not in "'\""]
        return ":" not in _ITEM.sub("", bare) and ":" not in "".join(unquoted)
    return True


def list_items(cell: str) -> list[str]:
    """Return the items of a list as text; a cell without brackets is one item."""
    if cell in _EMPTY_LISTS:
        return []
    if not is_list_cell(cell):
        return [cell]
    if cell.startswith("["):
        try:
            items = json.loads(cell, parse_int=str, parse_float=str)
        except ValueError:
            pass
        else:
            return [_item_text(item) for item in items if item is not None]
    return [_bare_item(item) for item in _ITEM.findall(cell[1:-1])]


def _item_text(item: object) -> str:
    if isinstance(item, str):
        return item
    return json.dumps(item, ensure_ascii=False)


def _bare_item(item: str) -> str:
    if item[0] in "'\"":
        return _ESCAPED.sub(r"\1", item[1:-1])
    return item.strip()


def _fields(cell: str, mark: str) -> list[str]:
    """Return the fields of one CSV record; with commas, line ends separate too."""
    cell = cell.replace("\r\n", "\n").replace("\r", "\n")
    if '"' in cell:
        records = csv.reader(io.StringIO(cell), delimiter=mark, skipinitialspace=True)
        return [name for record in records for name in record]
    if mark == ",":
        cell = cell.replace("\n", ",")
    return cell.split(mark)


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    bare = (name.strip() for name in names)
    return tuple(dict.fromkeys(name for name in bare if not is_blank(name)))


def _quoted(name: str, mark: str) -> str:
    if mark in name or any(sign in name for sign in '"\r\n') or name != name.strip():
        return '"' + name.replace('"', '""') + '"'
    return name
