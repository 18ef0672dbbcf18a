"""Ways to damage a file, or to make it odd: its bytes, the parts of a zip archive, or its words."""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Callable

from projects.readers.source import ZIP_DAMAGE
from tests.fuzz.originals import Original

_BYTES = (b"\0", b"\xff", b"\x80", b'"', b"<", b">", b"\n", b"\r", b",", b"{", b"[", b"&")
_NUMBERS = (
    b"-1", b"0", b"65536", b"2147483648", b"18446744073709551616", b"1e999", b"NaN", b"",
    b"9" * 5_000,
)  # fmt: skip
_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_:]*")
_NUMBER = re.compile(rb"\d+")
_TAG = re.compile(rb"<[^<>]+>")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_NAMES = ("", "/", "..", "a" * 5_000, "\udcff", "xl/workbook.xml", "content.xml", "t.csv", "a\0b")
_LARGE = 30_000_000

Change = Callable[[random.Random, bytes], bytes]


def mutated(chance: random.Random, original: Original) -> bytes:
    """The file with one to four changes."""
    content = original.content
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        if original.is_zip and content.startswith(b"PK") and chance.random() < 0.6:
            content = _with_other_part(chance, content)
        else:
            content = chance.choice(_OF_BYTES)(chance, content)
    return content


def _place(chance: random.Random, content: bytes) -> tuple[int, int]:
    start = chance.randrange(len(content) + 1)
    return start, min(len(content), start + chance.choice((1, 1, 2, 4, 16, 200)))


def _flipped(chance: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 2, 8))):
        if changed:
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _overwritten(chance: random.Random, content: bytes) -> bytes:
    start, end = _place(chance, content)
    return content[:start] + chance.choice(_BYTES) * (end - start) + content[end:]


def _inserted(chance: random.Random, content: bytes) -> bytes:
    start, _ = _place(chance, content)
    return content[:start] + chance.choice(_BYTES) * chance.choice((1, 3, 500)) + content[start:]


def _removed(chance: random.Random, content: bytes) -> bytes:
    start, end = _place(chance, content)
    return content[:start] + content[end:]


def _repeated(chance: random.Random, content: bytes) -> bytes:
    start, end = _place(chance, content)
    return content[:end] + content[start:end] * chance.choice((1, 3, 1_000)) + content[end:]


def _cut(chance: random.Random, content: bytes) -> bytes:
    start, _ = _place(chance, content)
    return content[:start] if chance.random() < 0.8 else content[start:]


def _with_other_number(chance: random.Random, content: bytes) -> bytes:
    return _with_other(_NUMBER, chance, content, chance.choice(_NUMBERS))


def _with_other_word(chance: random.Random, content: bytes) -> bytes:
    words = _WORD.findall(content)
    return _with_other(_WORD, chance, content, chance.choice(words) if words else b"")


def _with_other_tag(chance: random.Random, content: bytes) -> bytes:
    tags = _TAG.findall(content)
    return _with_other(_TAG, chance, content, chance.choice([*tags, b"", b"<x/>", b"<!---->"]))


def _with_other(pattern: re.Pattern[bytes], chance: random.Random, old: bytes, new: bytes) -> bytes:
    found = list(pattern.finditer(old))
    if not found:
        return old
    place = chance.choice(found)
    return old[: place.start()] + new + old[place.end() :]


def _nested(chance: random.Random, content: bytes) -> bytes:
    start, _ = _place(chance, content)
    before, after = chance.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"<a>", b"</a>")))
    depth = chance.choice((50, 900, 20_000))
    return content[:start] + before * depth + b"1" + after * depth + content[start:]


def _with_entity(chance: random.Random, content: bytes) -> bytes:
    text = b"x" * chance.choice((1, 50_000))
    head = b'<!DOCTYPE a [<!ENTITY b "%s">]>' % text
    uses = b"&b;" * chance.choice((1, 20_000))
    return head + _with_other(_NUMBER, chance, content, uses)


def _long(chance: random.Random, content: bytes) -> bytes:
    start, _ = _place(chance, content)
    before, after = chance.choice(
        ((b"<!--", b"-->"), (b'"', b'"'), (b"<?a ", b"?>"), (b"", b""), (b'<a b="', b'"/>'))
    )
    filling = chance.choice((b"x", b" ", b"\n", b",", b"a,", b"<c/>", b'"', b"\\", b"[],"))
    n_bytes = chance.choice((100_000, 100_000, 1_000_000, _LARGE))
    filled = filling * (n_bytes // len(filling))
    return content[:start] + before + filled + after + content[start:]


_OF_BYTES: tuple[Change, ...] = (
    _flipped, _flipped, _overwritten, _inserted, _removed, _repeated, _cut,
    _with_other_number, _with_other_word,
)  # fmt: skip
_OF_PARTS: tuple[Change, ...] = (
    *_OF_BYTES, _with_other_tag, _with_other_tag, _nested, _with_entity, _long,
)  # fmt: skip


def _with_other_part(chance: random.Random, content: bytes) -> bytes:
    """A zip archive with one member changed: its content, its name, or how it is packed."""
    try:
        parts = _parts(content)
    except (*ZIP_DAMAGE, OSError):
        return content  # which an earlier change has damaged
    if not parts:
        return content
    place = chance.randrange(len(parts))
    name, data = parts[place]
    method = zipfile.ZIP_DEFLATED
    kind = chance.random()
    if kind < 0.7:
        data = chance.choice(_OF_PARTS)(chance, data)
    elif kind < 0.8:
        name = chance.choice(_NAMES)
    elif kind < 0.9:
        method = chance.choice(_METHODS)
    elif kind < 0.95:
        parts.append(chance.choice(parts))
    else:
        del parts[place]
        return _archive([(*part, zipfile.ZIP_DEFLATED) for part in parts])
    packed = [(*part, zipfile.ZIP_DEFLATED) for part in parts]
    packed[place] = (name, data, method)
    return _archive(packed)


def _parts(content: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [(member.filename, archive.read(member)) for member in archive.infolist()]


def _archive(parts: list[tuple[str, bytes, int]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data, method in parts:
            member = zipfile.ZipInfo()  # whose name the class would correct
            member.filename = name.encode("utf-8", "replace").decode()
            member.compress_type = method
            archive.writestr(member, data)
    return buffer.getvalue()
