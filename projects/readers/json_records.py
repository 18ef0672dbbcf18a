"""Reads JSON records from a list (in blocks where possible), from lines, or from an object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import TextIOWrapper

from projects.readers.json_block import Block
from projects.readers.json_values import DECODER, JsonObject, RepeatedKeyError
from projects.readers.json_window import Window, bad_record, no_object
from studio.engine.errors import DataProblem


def records_of_lines(text: TextIOWrapper, *, max_chars: int) -> Iterator[JsonObject]:
    """Yield one object per line, skipping blank lines."""
    for line_number, line in enumerate(_bounded_lines(text, max_chars), start=1):
        if not line.strip():
            continue
        try:
            record = DECODER.decode(line)
        except json.JSONDecodeError as error:
            raise DataProblem(_broken_line(line_number, error)) from error
        except (RepeatedKeyError, RecursionError) as error:
            raise bad_record(f"Line {line_number:,}", error) from error
        if not isinstance(record, dict):
            raise no_object(f"Line {line_number:,}", record)
        yield record


def _bounded_lines(text: TextIOWrapper, max_chars: int) -> Iterator[str]:
    line_number = 0
    while line := text.readline(max_chars):
        line_number += 1
        if len(line) == max_chars:
            raise DataProblem(
                f"Line {line_number:,} is longer than {max_chars // 1024**2} MB. Expected one JSON"
                " object per line."
            )
        yield line


def _broken_line(line_number: int, error: json.JSONDecodeError) -> str:
    if line_number == 1:
        return (
            f"The file begins with an object, but its first line is not a whole one ({error.msg},"
            f" column {error.colno}). Expected one object per line, or a list of objects:"
            ' [{"column": "value", …}, …].'
        )
    return (
        f"Line {line_number:,} is not valid JSON: {error.msg} at character {error.colno}. Correct"
        " or remove that line."
    )


def records_of_list(
    text: TextIOWrapper, *, max_chars: int, key: str | None = None
) -> Iterator[JsonObject]:
    """Yield the objects of a list one by one, with their types, in bounded memory.

    The list is the document itself, or its member `key`.
    """
    window = _window_at_list(text, max_chars, key)
    for number in window.places():
        yield window.record(number)
    if key is None:
        window.refuse_more()


def pieces_of_list(
    text: TextIOWrapper, *, max_chars: int, key: str | None = None
) -> Iterator[JsonObject | Block]:
    """Yield the same records in blocks, and singly where a block cannot be parsed."""
    window = _window_at_list(text, max_chars, key)
    for number in window.places():
        yield window.block() or window.record(number)
    if key is None:
        window.refuse_more()


def _window_at_list(text: TextIOWrapper, max_chars: int, key: str | None) -> Window:
    window = Window(text, max_chars)
    if key is not None:
        window.enter(key)
    return window


def records_by_name(
    text: TextIOWrapper, *, max_chars: int, name_column: str | None
) -> Iterator[JsonObject]:
    """Yield the records of an object keyed by row name; `name_column` holds the names, if given."""
    window = Window(text, max_chars)
    for number, name in enumerate(window.members(), start=1):
        record = window.record(number)
        if name_column is None:
            yield record
        elif name_column in record:
            raise DataProblem(
                f"Record {number:,} has the key '{name_column}', which is the column of the rows'"
                " names. Rename it."
            )
        else:
            yield {name_column: name, **record}
