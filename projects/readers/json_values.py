"""Turns JSON values into cells: numbers keep their digits, and nested values stay JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping

from studio.engine.errors import DataProblem

JsonObject = dict[str, object]


class JsonNumber(str):
    """A number as it is written in the file, so that 1.0 stays 1.0 and no digits are lost."""

    __slots__ = ()


class RepeatedKeyError(ValueError):
    """An object names the same key twice; the json module would silently keep the last."""


def unrepeated(pairs: list[tuple[str, object]]) -> JsonObject:
    """Return the members of an object. Raises RepeatedKeyError for a key that occurs twice."""
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        repeated = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise RepeatedKeyError(repeated)
    return members


DECODER = json.JSONDecoder(
    object_pairs_hook=unrepeated,
    parse_float=JsonNumber,
    parse_int=JsonNumber,
    parse_constant=JsonNumber,
)


def cells_of(record: Mapping[str, object], columns: Mapping[str, str]) -> list[str | None]:
    """Return the cells of a record in the order of `columns` (key to column name).

    A missing key is a missing cell.
    """
    return [cell_of(record.get(key), column) for key, column in columns.items()]


def cell_of(value: object, column: str) -> str | None:
    """Return the text of a value; null becomes a missing cell."""
    if isinstance(value, str):
        if "\0" in value:
            raise DataProblem(
                f"A cell of column '{column}' holds a NUL character, which cannot be kept."
                " Remove it."
            )
        return str(value)
    if isinstance(value, bool):
        return str(value)
    if value is None:
        return None
    try:
        return json_text(value)
    except RecursionError as error:
        raise DataProblem(
            f"A cell of column '{column}' is nested too deeply to be read. Flatten it."
        ) from error


def json_text(value: object) -> str:
    """Return the JSON of a decoded value, with numbers as they were written in the file."""
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{json_text(key)}: {json_text(member)}" for key, member in value.items())
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(json_text(member) for member in value) + "]"
    if isinstance(value, JsonNumber):
        return str(value)
    return json.dumps(value, ensure_ascii=False)
