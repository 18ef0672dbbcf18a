"""The bytes of a file are scanned once before it is parsed."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.readers import ReadLimits, read_table
from projects.readers.scan import Fault, TextScan, scan_file
from studio.engine.progress import Silent

PLAIN = b"n,text\n" + b"".join(b"%d,%s\n" % (n, b"caf\xc3\xa9 " * 15) for n in range(60_000))
QUOTED = PLAIN.replace(b",caf", b',"caf').replace(b"9 \n", b'9 "\n').replace(b" \n", b'"\n')
LATIN = PLAIN.decode().encode("cp1252")


def n_bytes_read() -> int:
    return int(Path("/proc/self/io").read_text().split()[1])


@pytest.mark.parametrize(
    ("content", "name", "n_times"),
    [
        pytest.param(PLAIN, "t.csv", 2, id="nothing quoted: scanned, parsed"),
        pytest.param(QUOTED, "t.csv", 2, id="quoted: scanned, parsed"),
        pytest.param(LATIN, "t.csv", 3, id="not UTF-8: scanned, decoded by the guess, parsed"),
        pytest.param(gzip.compress(PLAIN), "t.csv.gz", 1, id="packed: scanned as it is unpacked"),
    ],
)
def test_a_file_is_read_as_often_as_its_way_needs(
    tmp_path: Path, content: bytes, name: str, n_times: int
) -> None:
    source = tmp_path / "upload"
    for size in (1_000, len(PLAIN)):  # the first reading loads what later ones have
        source.write_bytes(content if size > 1_000 else PLAIN[:1_500].rpartition(b"\n")[0])
        before = n_bytes_read()
        facts = read_table(source, name, tmp_path / "out", progress=Silent(), limits=ReadLimits())
        n_read = n_bytes_read() - before
    assert facts.sha256 == hashlib.sha256(content).hexdigest()
    size = len(LATIN) if content == LATIN else len(PLAIN)
    assert n_times - 0.1 < n_read / size < n_times + 0.4


@given(
    st.lists(
        st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"\xc3\xa9", b"\xc3", b'"', b"'", b"\0"])
    ),
    st.integers(1, 5),
)
def test_a_scan_does_not_depend_on_where_its_chunks_end(pieces: list[bytes], size: int) -> None:
    content = b"".join(pieces)
    whole = TextScan("utf-8")
    whole.feed(content)
    whole.finish()
    cut = TextScan("utf-8")
    for start in range(0, len(content), size):
        cut.feed(content[start : start + size])
    cut.finish()
    assert cut.fault == whole.fault
    if whole.fault is None:
        assert cut.quotes == whole.quotes


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"a,b\n1,\xe9\n", Fault(line=2, is_nul=False)),
        (b"a,b\r\n1,2\r\n3,\0\n", Fault(line=3, is_nul=True)),
        (b"a,b\n1,2\n\xc3", Fault(line=3, is_nul=False)),
        (b"a,b\n1,2\n", None),
    ],
)
def test_a_fault_is_found_on_its_line(tmp_path: Path, content: bytes, fault: Fault | None) -> None:
    (tmp_path / "upload").write_bytes(content)
    sha256, text = scan_file(tmp_path / "upload", None, Silent())
    assert text.fault == fault
    assert sha256 == hashlib.sha256(content).hexdigest()
