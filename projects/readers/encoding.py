"""Finds the encoding of a text file: UTF-8 by reading all of it once, others by what their letters
look like.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from projects.readers.encoding_guess import Guess, ranked
from projects.readers.encoding_names import ENCODING_NAMES, checked_encoding
from projects.readers.source import chunks
from studio.engine.errors import DataProblem
from studio.engine.progress import Progress

UTF8 = "utf-8"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with the UTF-16 LE mark, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_JAPANESE_ESCAPES = (
    b"\x1b$B",
    b"\x1b$@",
)  # switch to two bytes a character in ISO-2022-JP, which is ASCII otherwise
_PEEK_BYTES = 4096
_SAMPLE_BYTES = 16 * 1024  # of lines with letters beyond ASCII, from which the encoding is guessed
_WORST_FIT = -2.0  # a worse fit is hardly a text in that encoding
_CLOSE_FIT = 0.3  # an encoding that fits worse by no more than this may be the right one
_NAME_IT = "Name its encoding, or save the file as UTF-8."


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """A Python codec name that decodes the whole file strictly, and what to tell the user about it.

    `longest_line` is the line number of a line of `longest_line_chars`, exact for lines of more
    than a mebibyte.
    """

    codec: str
    longest_line: int
    longest_line_chars: int
    notes: tuple[str, ...] = ()
    is_guess: bool = False


def find_encoding(
    path: Path, filename: str, progress: Progress, *, asked: str | None = None
) -> TextEncoding:
    """Find the encoding, having checked that every byte can be decoded and that there is no NUL."""
    if asked is not None:
        lines = _checked(path, asked, progress)
        return TextEncoding(asked, lines.longest, lines.longest_chars)
    with path.open("rb") as file:
        start = file.read(_PEEK_BYTES)
    codec = _by_mark(start) or _utf16_without_mark(start)
    if codec is not None:
        lines = _checked(path, codec, progress)
        notes = () if codec == "utf-8-sig" else (f"Read as {ENCODING_NAMES[codec]}.",)
        return TextEncoding(codec, lines.longest, lines.longest_chars, notes)
    _refuse_binary(start, filename)
    try:
        lines = _decoded_lines(path, UTF8, progress)
    except _UndecodableError as error:
        _refuse_damaged_parquet(filename)
        _refuse_broken_utf8(path, error.line)
        return _guessed(path, error.line, progress)
    return TextEncoding(UTF8, lines.longest, lines.longest_chars)


def _refuse_binary(start: bytes, filename: str) -> None:
    if b"\0" not in start:
        return
    _refuse_damaged_parquet(filename)
    raise DataProblem(
        f"{filename} looks like a binary file, not a table. Use a CSV, JSON, XLSX or Parquet file."
    )


def _refuse_damaged_parquet(filename: str) -> None:
    """Refuse what is named as Parquet and is neither that nor text."""
    if filename.lower().endswith((".parquet", ".parq", ".pq")):
        raise DataProblem(
            f"{filename} does not begin like a Parquet file; it may be damaged. Write it again and"
            " use that."
        )


def _guessed(path: Path, line: int, progress: Progress) -> TextEncoding:
    """Take the encoding that fits best and in which the whole file can be decoded."""
    guesses = [guess for guess in ranked(_lines_beyond_ascii(path)) if guess.fit > _WORST_FIT]
    for best in guesses:
        codec = checked_encoding(best.codec)
        try:
            lines = _decoded_lines(path, codec, progress)
        except _UndecodableError:
            continue
        note = _guess_note(best, guesses)
        return TextEncoding(codec, lines.longest, lines.longest_chars, (note,), is_guess=True)
    raise DataProblem(
        f"Line {line:,} holds bytes that are not UTF-8, and no other encoding makes words of them."
        f" {_NAME_IT}"
    )


def _guess_note(best: Guess, guesses: list[Guess]) -> str:
    rivals = {
        ENCODING_NAMES[checked_encoding(guess.codec)]: guess.text
        for guess in guesses
        if guess.fit > best.fit - _CLOSE_FIT and guess.text != best.text
    }
    note = (
        f"Read as {ENCODING_NAMES[checked_encoding(best.codec)]}, because the file is not UTF-8"
        " and "
    )
    if not rivals:
        return note + "its letters make the most sense so."
    return (
        note
        + f"its letters make the most sense so; {' or '.join(list(rivals)[:2])} is possible, too."
    )


def _lines_beyond_ascii(path: Path) -> bytes:
    """Return whole lines from the start of the file that are not all ASCII, some kilobytes
    of them.
    """
    lines: list[bytes] = []
    n_bytes = 0
    with path.open("rb") as file:
        while n_bytes < _SAMPLE_BYTES and (line := file.readline(_SAMPLE_BYTES)):
            if not line.isascii():
                lines.append(line)
                n_bytes += len(line)
            if not line.endswith(b"\n"):
                break  # cut, perhaps inside a character
    return b"".join(lines)


def _by_mark(start: bytes) -> str | None:
    if any(escape in start for escape in _JAPANESE_ESCAPES):
        return "iso2022_jp"
    return next((codec for mark, codec in _BOMS if start.startswith(mark)), None)


def _utf16_without_mark(start: bytes) -> str | None:
    pairs = len(start) // 2
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if pairs and odd > 0.4 * pairs and even == 0:
        return "utf-16-le"
    if pairs and even > 0.4 * pairs and odd == 0:
        return "utf-16-be"
    return None


class _UndecodableError(Exception):
    """A byte that the codec does not know, on this 1-based line."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def _checked(path: Path, codec: str, progress: Progress) -> _Lines:
    try:
        return _decoded_lines(path, codec, progress)
    except _UndecodableError as error:
        raise DataProblem(
            f"Line {error.line:,} cannot be decoded as {ENCODING_NAMES[codec]}. {_NAME_IT}"
        ) from error


def _decoded_lines(path: Path, codec: str, progress: Progress) -> _Lines:
    """Decode all of the file for its lines. Raises at a NUL, and `_UndecodableError`."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    lines = _Lines()
    total = path.stat().st_size
    with path.open("rb") as file:
        mark = next((mark for mark, _ in _BOMS if file.peek(4).startswith(mark)), b"")
        for chunk in chunks(file):
            try:
                lines.add(decoder.decode(chunk))
            except UnicodeDecodeError as error:
                lines.add((mark + error.object[: error.start]).decode(codec, "ignore"))
                raise _UndecodableError(lines.line) from error
            except UnicodeError as error:  # no byte order mark where the encoding has to have one
                raise _UndecodableError(lines.line) from error
            progress("Checking file", file.tell(), total)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _UndecodableError(lines.line) from error
    return lines


@dataclass(slots=True)
class _Lines:
    """Counts lines over pieces of text."""

    line: int = 1
    longest: int = 1
    longest_chars: int = 0
    _chars: int = 0  # of the line that the last piece ended in
    _last: str = ""

    def add(self, text: str) -> None:
        """Count the line breaks of the next piece; raises at a NUL, which no table has in it."""
        nul = text.find("\0")
        seen = text if nul < 0 else text[:nul]
        self.line += seen.count("\n") + (seen.count("\r") - seen.count("\r\n"))
        if self._last == "\r" and seen.startswith("\n"):
            self.line -= (
                1  # a CRLF cut in two by the end of a piece was counted with its first half
            )
        self._last = text[-1:]
        self._measure(seen)
        if nul >= 0:
            raise DataProblem(
                f"Line {self.line:,} holds a NUL byte, which text files do not have. "
                "The file may be damaged or binary; save it again as CSV in UTF-8."
            )

    def _measure(self, seen: str) -> None:
        end = max(seen.rfind("\n"), seen.rfind("\r"))
        self._chars = self._chars + len(seen) if end < 0 else len(seen) - end - 1
        if self._chars > self.longest_chars:
            self.longest, self.longest_chars = self.line, self._chars


def _refuse_broken_utf8(path: Path, line: int) -> None:
    """Refuse a file in UTF-8 with a few bytes that are not: no other encoding is right for the rest
    of it.
    """
    n_multibyte = 0
    n_stray = 0
    with path.open("rb") as file:
        for chunk in chunks(file):
            # A character cut by the end of a chunk counts as stray: one in a mebibyte decides
            # nothing.
            text = chunk.decode(UTF8, "replace")
            n_replaced = text.count("\ufffd")
            n_stray += n_replaced
            n_multibyte += len(text) - len(text.encode("ascii", "ignore")) - n_replaced
    if n_multibyte > n_stray:
        raise DataProblem(
            f"Line {line:,} holds bytes that are not UTF-8, although the rest of the file is. "
            "Correct that line and save the file as UTF-8."
        )
