"""Reads XML parts of workbooks without the constructs that make small ones take gigabytes."""

from __future__ import annotations

from typing import IO

from defusedxml.common import DefusedXmlException

from studio.engine.errors import DataProblem

_MIN_PIECE_BYTES = 64 * 1024
_MAX_PIECE_BYTES = 8 * 1024 * 1024
_PIECES = 32  # into which a part is split, within the bounds above

ForbiddenXml = DefusedXmlException


class LargePieces:
    """A stream that returns more bytes than requested.

    The parser rescans an unfinished tag or comment with every piece that it gets. In pieces of
    16 KB, which ElementTree requests, one comment of 20 MB takes minutes.
    """

    def __init__(self, stream: IO[bytes], n_bytes: int) -> None:
        self._stream = stream
        self._piece_bytes = min(max(n_bytes // _PIECES, _MIN_PIECE_BYTES), _MAX_PIECE_BYTES)

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            return self._stream.read()
        return self._stream.read(max(size, self._piece_bytes))


def forbidden_xml() -> DataProblem:
    """Return the problem for a workbook that declares entities."""
    return DataProblem(
        "The workbook declares XML entities, as no spreadsheet program does and bombs do. Open it"
        " in a spreadsheet program, save it again and use that."
    )
