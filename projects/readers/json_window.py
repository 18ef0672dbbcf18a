"""A window that moves forward over a JSON text, so that any document is read in bounded memory.

Why not ijson: docs/decisions/json.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from io import TextIOWrapper

from projects.readers.json_block import Block, block_of
from projects.readers.json_values import DECODER, JsonNumber, JsonObject, RepeatedKeyError
from studio.engine.errors import DataProblem

_CHUNK_CHARS = 256 * 1024
_SPACE = re.compile(r"[ \t\r\n]*")
# A literal, number or escape that the end of the buffer cuts off fails within this distance of it.
_NEAR_END_CHARS = 16
_KINDS = {str: "a text", list: "a list", bool: "true or false", type(None): "null"}
# Matches up to and including the next text or bracket.
_NESTED = re.compile(r"""[^"\[\]{}]*(?:"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}])""", re.DOTALL)


class Window:
    """The part of a JSON text that is in memory.

    What lies before `_position` has been consumed; more text is read when needed.
    """

    def __init__(
        self, text: TextIOWrapper, max_chars: int, *, on_read: Callable[[], None] = lambda: None
    ) -> None:
        self._text = text
        self._on_read = on_read
        self._max_chars = max_chars
        self._buffer = ""
        self._position = 0
        self._lines_before = 1
        self._n_records = 0
        self._is_tried = False  # whether `block` has been tried on the buffer

    @property
    def line(self) -> int:
        return self._line_at(self._position)

    def places(self) -> Iterator[int]:
        """Iterate over a list of records, yielding the 1-based number of the next one.

        The caller must consume that record, or a block, before going on.
        """
        self.expect("[")
        while self.next_char() != "]":
            if self._n_records:
                self.expect(",")
            yield self._n_records + 1
        self.expect("]")

    def refuse_more(self) -> None:
        """Refuse text after the end of the list."""
        if self.next_char():
            raise DataProblem(
                f"Line {self.line:,}: there is more text after the end of the list. Expected one"
                " list of objects."
            )

    def members(self) -> Iterator[str]:
        """Iterate over the keys of an object; the caller must consume or skip each value."""
        self.expect("{")
        is_first = True
        while self.next_char() != "}":
            if not is_first:
                self.expect(",")
            is_first = False
            self._expect_key()
            key = str(self.value())
            self.expect(":")
            yield key
        self.expect("}")

    def elements(self) -> Iterator[int]:
        """Iterate over a list, yielding the 1-based number of the next element.

        The caller must consume or skip that element before going on.
        """
        self.expect("[")
        number = 0
        while self.next_char() != "]":
            if number:
                self.expect(",")
            number += 1
            yield number
        self.expect("]")

    def enter(self, key: str) -> None:
        """Move to the value of a key of the next object. Raises DataProblem if it lacks the key."""
        for found in self.members():
            if found == key:
                return
            self.skip()
        raise DataProblem(f"The JSON object has no '{key}'.")

    def skip(self) -> None:
        """Skip a value of any size."""
        if self.next_char() in ("{", "["):
            self._position += 1
            self.leave()
        else:
            self.value()

    def leave(self) -> None:
        """Skip the rest of the object or list that was entered, including its end."""
        depth = 1
        while depth:
            found = _NESTED.match(self._buffer, self._position)
            if found is None:
                if not self._read_on_within_text():
                    raise DataProblem(
                        f"Line {self.line:,}: the JSON ends inside an object or a list. Correct the"
                        " file."
                    )
                continue
            self._position = found.end()
            char = self._buffer[self._position - 1]
            if char in "{[":
                depth += 1
            elif char in "}]":
                depth -= 1

    def _read_on_within_text(self) -> bool:
        quote = self._buffer.find('"', self._position)
        if quote < 0:
            quote = len(self._buffer)
        self._lines_before = self._line_at(quote)
        self._buffer = self._buffer[quote:]
        self._position = 0
        return self._read_more()

    def _expect_key(self) -> None:
        found = self.next_char()
        if found != '"':
            what = f"'{found}'" if found else "the end of the file"
            raise DataProblem(
                f"Line {self.line:,}: found {what} where a key in quotation marks was expected."
            )

    def next_char(self) -> str:
        """Return the next character that is not a space, without consuming it; empty at the end."""
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
                f"Line {self.line:,}: found {what} where '{char}' was expected, so the list of"
                " objects is broken. Correct the file."
            )
        self._position += 1

    def block(self) -> Block | None:
        """Consume the complete records in the buffer if `block_of` can read them, else nothing."""
        if self._is_tried:
            return None
        self._is_tried = True
        # If this lies inside a text or a nested list, the text up to here is not valid JSON.
        end = self._buffer.rfind("},", self._position) + 1
        found = block_of(self._buffer[self._position : end])
        if found is not None:
            self._position = end
            self._n_records += found.n_rows
        return found

    def record(self, number: int) -> JsonObject:
        """Consume one object. Raises DataProblem if the next value is something else."""
        start = self._position_of_record(number)
        value = self.value(number)
        if not isinstance(value, dict):
            self._position = start
            raise no_object(self._place(number), value)
        self._n_records += 1
        return value

    def _position_of_record(self, number: int) -> int:
        if self.next_char() == "]":
            raise DataProblem(
                f"{self._place(number)}: found a comma but no object after it. Remove the comma."
            )
        return self._position

    def value(self, number: int | None = None) -> object:
        """Consume a value, which must fit into memory; `number` is the record it belongs to."""
        self.next_char()
        while True:
            try:
                value, end = DECODER.raw_decode(self._buffer, self._position)
            except json.JSONDecodeError as error:
                line = self._line_at(error.pos)  # before reading on, which moves all positions
                if not (self._may_be_cut_off(error) and self._read_more()):
                    record = "" if number is None else f" (in record {number:,})"
                    raise DataProblem(
                        f"Line {line:,} is not valid JSON: {error.msg}{record}. Correct that line."
                    ) from error
            except (RepeatedKeyError, RecursionError) as error:
                raise bad_record(self._place(number), error) from error
            else:
                may_go_on = (
                    isinstance(value, JsonNumber) and end >= len(self._buffer) - _NEAR_END_CHARS
                )
                if may_go_on:
                    end -= self._position  # reading on moves the buffer to where the value begins
                    if self._read_more():
                        continue
                self._position = end
                return value

    def _place(self, number: int | None) -> str:
        # Only for messages: counting the lines of the buffer for every record would be quadratic.
        if number is None:
            return f"Line {self.line:,}"
        return f"Record {number:,} (line {self.line:,})"

    def _may_be_cut_off(self, error: json.JSONDecodeError) -> bool:
        return (
            error.msg.startswith("Unterminated string")
            or error.pos >= len(self._buffer) - _NEAR_END_CHARS
        )

    def _read_more(self) -> bool:
        """Drop the consumed part and read more; False at the end of the file.

        The unconsumed part at least doubles, so that a long record is not parsed too often.
        """
        rest = self._buffer[self._position :]
        if len(rest) > self._max_chars:
            raise DataProblem(
                f"The record that begins on line {self.line:,} is longer than"
                f" {self._max_chars // 1024**2} MB. Most likely a quotation mark is not closed"
                " there."
            )
        more = self._text.read(max(_CHUNK_CHARS, len(rest)))
        self._lines_before = self.line
        self._buffer = rest + more
        self._position = 0
        self._is_tried = False
        self._on_read()
        return bool(more)

    def _line_at(self, position: int) -> int:
        return self._lines_before + self._buffer.count("\n", 0, position)


def no_object(place: str, value: object) -> DataProblem:
    kind = _KINDS.get(type(value), "a number")
    return DataProblem(
        f'{place} is {kind}, not an object. Expected objects such as {{"column": "value"}}.'
    )


def bad_record(place: str, error: Exception) -> DataProblem:
    if isinstance(error, RepeatedKeyError):
        return DataProblem(
            f"{place} has the key '{error}' twice, so one value would be lost. Rename one of them."
        )
    return DataProblem(f"{place} is nested too deeply to be read. Flatten it.")
