"""Takes JSON records out of a file: out of a list, many at once where they are alike, or one from each line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from io import TextIOWrapper
from typing import Protocol

from projects.readers.json_block import Block, block_of
from projects.readers.json_values import DECODER, JsonObject, RepeatedKeyError
from studio.engine.errors import DataProblem

_CHUNK_CHARS = 256 * 1024
_SPACE = re.compile(r"[ \t\r\n]*")
_NEAR_END_CHARS = 16  # a literal, number or escape cut off by the end of the buffer fails this near to it
_KINDS = {str: "a text", list: "a list", bool: "true or false", type(None): "null"}


class RecordStream(Protocol):
    """A way to take the records out of an open text file."""

    def __call__(self, text: TextIOWrapper, *, max_chars: int) -> Iterator[JsonObject | Block]:
        """Yield the objects in file order, alone or in blocks. Raises DataProblem with the line of what is wrong."""


def records_of_lines(text: TextIOWrapper, *, max_chars: int) -> Iterator[JsonObject]:
    """One object per line; blank lines do not count."""
    for line_number, line in enumerate(_bounded_lines(text, max_chars), start=1):
        if not line.strip():
            continue
        try:
            record = DECODER.decode(line)
        except json.JSONDecodeError as error:
            raise DataProblem(_broken_line(line_number, error)) from error
        except (RepeatedKeyError, RecursionError) as error:
            raise _bad_record(f"Line {line_number:,}", error) from error
        if not isinstance(record, dict):
            raise _no_object(f"Line {line_number:,}", record)
        yield record


def _bounded_lines(text: TextIOWrapper, max_chars: int) -> Iterator[str]:
    line_number = 0
    while line := text.readline(max_chars):
        line_number += 1
        if len(line) == max_chars:
            raise DataProblem(
                f"Line {line_number:,} is longer than {max_chars // 1024**2} MB. Expected one JSON object per line."
            )
        yield line


def _broken_line(line_number: int, error: json.JSONDecodeError) -> str:
    if line_number == 1:
        return (
            f"The file begins with an object, but its first line is no whole one ({error.msg}, column {error.colno}). "
            'Expected one object per line, or a list of objects: [{"column": "value", …}, …].'
        )
    return (
        f"Line {line_number:,} is not valid JSON: {error.msg} at character {error.colno}. Correct or remove that line."
    )


def records_of_list(text: TextIOWrapper, *, max_chars: int) -> Iterator[JsonObject]:
    """The objects of one list one by one, with their types, without ever holding the list."""
    window = _Window(text, max_chars)
    for number in window.places():
        yield window.record(number)


def pieces_of_list(text: TextIOWrapper, *, max_chars: int) -> Iterator[JsonObject | Block]:
    """The same in blocks, and one by one only where a block does not hold them or cannot tell what is wrong."""
    window = _Window(text, max_chars)
    for number in window.places():
        yield window.block() or window.record(number)


class _Window:
    """A part of the text that moves forward: the records before `_position` are done, the rest is read when needed."""

    def __init__(self, text: TextIOWrapper, max_chars: int) -> None:
        self._text = text
        self._max_chars = max_chars
        self._buffer = ""
        self._position = 0
        self._lines_before = 1
        self._n_records = 0
        self._is_tried = False  # whether the buffer was taken for a block

    @property
    def line(self) -> int:
        return self._line_at(self._position)

    def places(self) -> Iterator[int]:
        """Go through the list: yield the number of the record that has to be taken next, counted from 1."""
        self.expect("[")
        while self.next_char() != "]":
            if self._n_records:
                self.expect(",")
            yield self._n_records + 1
        self.expect("]")
        if self.next_char():
            raise DataProblem(
                f"Line {self.line:,}: there is more text after the end of the list. Expected one list of objects."
            )

    def next_char(self) -> str:
        """The next character that is no space, not taken; empty at the end of the file."""
        while True:
            self._position = _SPACE.match(self._buffer, self._position).end()  # type: ignore[union-attr]
            if self._position < len(self._buffer):
                return self._buffer[self._position]
            if not self._read_more():
                return ""

    def expect(self, char: str) -> None:
        found = self.next_char()
        if found != char:
            what = f"'{found}'" if found else "the end of the file"
            raise DataProblem(
                f"Line {self.line:,}: found {what} where '{char}' was expected, so the list of objects is broken. "
                "Correct the file."
            )
        self._position += 1

    def block(self) -> Block | None:
        """Take the whole records of the buffer, where they are alike; else nothing is taken."""
        if self._is_tried:
            return None
        self._is_tried = True
        end = self._buffer.rfind("},", self._position) + 1  # inside a text or a nested list, this is no JSON up to here
        found = block_of(self._buffer[self._position : end])
        if found is not None:
            self._position = end
            self._n_records += found.n_rows
        return found

    def record(self, number: int) -> JsonObject:
        """Take one object."""
        if self.next_char() == "]":
            raise DataProblem(f"{self._place(number)}: found a comma but no object after it. Remove the comma.")
        while True:
            try:
                value, end = DECODER.raw_decode(self._buffer, self._position)
            except json.JSONDecodeError as error:
                line = self._line_at(error.pos)  # before reading on, which moves all positions
                if not (self._may_be_cut_off(error) and self._read_more()):
                    raise DataProblem(
                        f"Line {line:,} is not valid JSON: {error.msg} (in record {number:,}). Correct that line."
                    ) from error
            except (RepeatedKeyError, RecursionError) as error:
                raise _bad_record(self._place(number), error) from error
            else:
                return self._taken(value, end, number)

    def _taken(self, value: object, end: int, number: int) -> JsonObject:
        if not isinstance(value, dict):
            raise _no_object(self._place(number), value)
        self._position = end
        self._n_records += 1
        return value

    def _place(self, number: int) -> str:
        # Only for messages: counting lines from the start of the buffer for every record would take forever.
        return f"Record {number:,} (line {self.line:,})"

    def _may_be_cut_off(self, error: json.JSONDecodeError) -> bool:
        return error.msg.startswith("Unterminated string") or error.pos >= len(self._buffer) - _NEAR_END_CHARS

    def _read_more(self) -> bool:
        """Drop what is done and read on, as much as is there already, so that a long record is not parsed too often."""
        rest = self._buffer[self._position :]
        if len(rest) > self._max_chars:
            raise DataProblem(
                f"The record that begins on line {self.line:,} is longer than {self._max_chars // 1024**2} MB. "
                "Most likely a quotation mark is not closed there."
            )
        more = self._text.read(max(_CHUNK_CHARS, len(rest)))
        self._lines_before = self.line
        self._buffer, self._position = rest + more, 0
        self._is_tried = False
        return bool(more)

    def _line_at(self, position: int) -> int:
        return self._lines_before + self._buffer.count("\n", 0, position)


def _no_object(place: str, value: object) -> DataProblem:
    kind = _KINDS.get(type(value), "a number")
    return DataProblem(f'{place} is {kind}, not an object. Expected objects such as {{"column": "value"}}.')


def _bad_record(place: str, error: Exception) -> DataProblem:
    if isinstance(error, RepeatedKeyError):
        return DataProblem(f"{place} has the key '{error}' twice, so one value would be lost. Rename one of them.")
    return DataProblem(f"{place} is nested too deeply to be read. Flatten it.")
