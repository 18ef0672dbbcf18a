"""Unpacks the members of a zip archive in pieces of bounded size.

For bzip2 and LZMA, zipfile itself unpacks a few kilobytes at once, which may become gigabytes.
"""

from __future__ import annotations

import bz2
import copy
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from projects.readers.scan import SupportsRead

_BOUNDED_BY_ZIPFILE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PACKED_BYTES = 64 * 1024
_MAX_DICTIONARY_BYTES = 256 * 1024 * 1024  # four times as much as 7-Zip's "ultra"
_LZMA_PROPERTIES = struct.Struct("<2xH")  # version of the tool, length of what follows
_LZMA_DICTIONARY = struct.Struct("<xI")


class _Decompressor(Protocol):
    """What Python's decompressors of bzip2 and LZMA have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


@contextmanager
def opened_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[SupportsRead]:
    """Open a member for reading. Raises NotImplementedError for unknown methods."""
    if member.compress_type in _BOUNDED_BY_ZIPFILE:
        with archive.open(member) as stream:
            yield stream
        return
    with archive.open(_as_stored(member)) as packed:
        yield _Unpacked(packed, _decompressor(packed, member.compress_type), member)


def _as_stored(member: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """Return a member that reads as the packed bytes of the given one."""
    stored = copy.copy(member)
    stored.compress_type = zipfile.ZIP_STORED
    stored.file_size = member.compress_size
    del stored.CRC  # the CRC of the unpacked bytes
    return stored


def _decompressor(packed: SupportsRead, method: int) -> _Decompressor:
    if method == zipfile.ZIP_BZIP2:
        return bz2.BZ2Decompressor()
    if method != zipfile.ZIP_LZMA:
        raise NotImplementedError(f"compression method {method}")
    (n_bytes,) = _LZMA_PROPERTIES.unpack(packed.read(_LZMA_PROPERTIES.size))
    properties = packed.read(n_bytes)
    (dictionary_bytes,) = _LZMA_DICTIONARY.unpack(properties)
    if dictionary_bytes > _MAX_DICTIONARY_BYTES:
        raise NotImplementedError(f"a dictionary of {dictionary_bytes:,} bytes")
    settings = lzma._decode_filter_properties(lzma.FILTER_LZMA1, properties)  # type: ignore[attr-defined]
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[settings])


class _Unpacked:
    """The unpacked bytes; raises BadZipFile at the end if their size or CRC is wrong."""

    def __init__(
        self, packed: SupportsRead, decompressor: _Decompressor, member: zipfile.ZipInfo
    ) -> None:
        self._packed = packed
        self._decompressor = decompressor
        self._member = member
        self._left = member.file_size
        self._crc = 0

    def read(self, size: int, /) -> bytes:
        while self._left and not self._decompressor.eof:
            data = b""
            if self._decompressor.needs_input:
                data = self._packed.read(_PACKED_BYTES)
                if not data:
                    raise EOFError("the packed data end too soon")
            piece = self._decompressor.decompress(data, min(size, self._left))
            if piece:
                self._left -= len(piece)
                self._crc = zlib.crc32(piece, self._crc)
                return piece
        if self._left or self._crc != self._member.CRC:
            raise zipfile.BadZipFile("the unpacked data are not those that were packed")
        return b""
