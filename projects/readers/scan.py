"""The one pass over the bytes of a file before any of it is parsed.

It computes the digest of the bytes and, for a text, whether it can be decoded, its longest line,
and which quotation marks occur in it.
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from studio.engine import stages
from studio.engine.progress import Progress

CHUNK_BYTES = 1024 * 1024
UTF8 = "utf-8"
QUOTES = ('"', "'")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with the UTF-16 LE mark, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Switch to two bytes a character in ISO-2022-JP, which is ASCII otherwise.
_JAPANESE_ESCAPES = (b"\x1b$B", b"\x1b$@")
_START_BYTES = 4096
_FIRST_LEAD_BYTE = 0xC0  # of a character of several bytes in UTF-8


class SupportsRead(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; none at the end."""


def chunks(file: SupportsRead) -> Iterator[bytes]:
    """Yield the rest of an open file in pieces of bounded size."""
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


@dataclass(frozen=True, slots=True)
class Fault:
    """The first byte that no text contains: a NUL, or one that cannot be decoded."""

    line: int
    is_nul: bool


class TextScan:
    """Reads a file as text, chunk by chunk, until a byte shows that it is not text.

    Attributes
    ----------
    start
        The first bytes of the file.
    codec
        The encoding in which it was decoded: the requested one, the one that its first bytes
        show, or UTF-8.
    is_certain
        Whether the encoding was requested or is shown by the first bytes.
    fault
        Why the file is not text in that encoding; None if it is.
    longest_line, longest_line_chars
        The number of a line of that many characters, exact for lines longer than a chunk.
    quotes
        The quotation marks that occur. Only filled for UTF-8.
    n_multibyte, n_stray
        How many multi-byte UTF-8 characters the file has, and how many bytes are invalid in UTF-8.
        Counted up to a NUL.
    """

    def __init__(self, asked: str | None = None) -> None:
        self.start = b""
        self.codec = asked or UTF8
        self.is_certain = asked is not None
        self.fault: Fault | None = None
        self.longest_line = 1
        self.longest_line_chars = 0
        self.quotes: set[str] = set()
        self.n_multibyte = 0
        self.n_stray = 0
        self._decoder: codecs.IncrementalDecoder | None = None
        self._line = 1
        self._chars = 0  # of the line that the last chunk ended in
        self._ended_with_cr = False
        self._counts_stray_bytes = False

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the file; the first chunk has `_START_BYTES` if the file does."""
        if self._decoder is None:
            self._begin(chunk)
        if self.fault is None:
            self._decode(chunk)
        elif self._counts_stray_bytes:
            self._count_stray_bytes(chunk)

    def finish(self) -> None:
        """Note that the file ends here."""
        if self._decoder is not None and self.fault is None:
            try:
                self._decoder.decode(b"", final=True)
            except UnicodeError:
                self.fault = Fault(self._line, is_nul=False)
                self.n_multibyte -= 1  # a character that was counted by its first byte
                self.n_stray += 1

    def _begin(self, chunk: bytes) -> None:
        self.start = chunk[:_START_BYTES]
        if not self.is_certain:
            codec = _codec_by_mark(self.start) or _utf16_without_mark(self.start)
            self.codec = codec or UTF8
            self.is_certain = codec is not None
        self._decoder = codecs.getincrementaldecoder(self.codec)("strict")

    def _decode(self, chunk: bytes) -> None:
        assert self._decoder is not None
        try:
            text = self._decoder.decode(chunk)
        except UnicodeDecodeError as error:
            # Decoded only to find the line; after the first chunk the codec needs its mark again.
            mark = next((mark for mark, _ in _BOMS if self.start.startswith(mark)), b"")
            self._count_lines((mark + error.object[: error.start]).decode(self.codec, "ignore"))
            if self.fault is None:
                self.fault = Fault(self._line, is_nul=False)
                self._counts_stray_bytes = self.codec == UTF8
                self._count_stray_bytes(chunk)
        except UnicodeError:  # no byte order mark where the encoding has to have one
            self.fault = Fault(self._line, is_nul=False)
        else:
            self._count_lines(text)
            if self.codec == UTF8:
                self._look_at_bytes(chunk)

    def _look_at_bytes(self, chunk: bytes) -> None:
        for quote in QUOTES:
            if quote not in self.quotes and quote.encode() in chunk:
                self.quotes.add(quote)
        if not chunk.isascii():
            codes = np.frombuffer(chunk, np.uint8)
            self.n_multibyte += int(np.count_nonzero(codes >= _FIRST_LEAD_BYTE))

    def _count_lines(self, text: str) -> None:
        nul = text.find("\0")
        if nul >= 0:
            text = text[:nul]
        n_breaks = text.count("\n")
        n_returns = text.count("\r")
        if n_returns:
            n_breaks += n_returns - text.count("\r\n")
        if self._ended_with_cr and text.startswith("\n"):
            n_breaks -= 1  # the CR was counted with the chunk that it ended
        self._ended_with_cr = text.endswith("\r")
        self._line += n_breaks
        end = max(text.rfind("\n"), text.rfind("\r"))
        if end < 0:
            self._chars += len(text)
        else:
            self._chars = len(text) - end - 1
        if self._chars > self.longest_line_chars:
            self.longest_line = self._line
            self.longest_line_chars = self._chars
        if nul >= 0:
            self.fault = Fault(self._line, is_nul=True)

    def _count_stray_bytes(self, chunk: bytes) -> None:
        """Keep counting, to tell a damaged UTF-8 file from one in another encoding."""
        before_nul, nul, _ = chunk.partition(b"\0")
        if nul:  # text in no single-byte encoding either, so the counts no longer matter
            self._counts_stray_bytes = False
        # A character cut by the end of a chunk counts as stray: one in a mebibyte decides nothing.
        text = before_nul.decode(UTF8, "replace")
        n_replaced = text.count("\ufffd")
        self.n_stray += n_replaced
        self.n_multibyte += len(text) - len(text.encode("ascii", "ignore")) - n_replaced


def scan_file(path: Path, asked: str | None, progress: Progress) -> tuple[str, TextScan]:
    """Return the SHA-256 of a file in hexadecimal, and its scan as text."""
    digest = hashlib.sha256()
    text = TextScan(asked)
    total = path.stat().st_size
    with path.open("rb") as file:
        for chunk in chunks(file):
            digest.update(chunk)
            text.feed(chunk)
            progress(stages.CHECKING_FILE, file.tell(), total)
    text.finish()
    return digest.hexdigest(), text


def scan_text(path: Path, codec: str, progress: Progress) -> TextScan:
    """Scan a file as text in the given encoding, up to the first fault."""
    text = TextScan(codec)
    total = path.stat().st_size
    with path.open("rb") as file:
        for chunk in chunks(file):
            text.feed(chunk)
            progress(stages.CHECKING_FILE, file.tell(), total)
            if text.fault is not None:
                break
    text.finish()
    return text


def _codec_by_mark(start: bytes) -> str | None:
    if any(escape in start for escape in _JAPANESE_ESCAPES):
        return "iso2022_jp"
    return next((codec for mark, codec in _BOMS if start.startswith(mark)), None)


def _utf16_without_mark(start: bytes) -> str | None:
    pairs = len(start) // 2
    even = start[0::2].count(0)
    odd = start[1::2].count(0)
    if pairs and odd > 0.4 * pairs and even == 0:
        return "utf-16-le"
    if pairs and even > 0.4 * pairs and odd == 0:
        return "utf-16-be"
    return None
