"""Packed files: one data file inside is read, anything else is refused before it can do harm."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from projects.readers import FileFormat, ReadLimits
from tests.unit.readers.conftest import Reader

CSV = b"a,b\n007,x\n"


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_gzipped_csv_is_read(read: Reader) -> None:
    reading = read(gzip.compress(CSV), "table.csv.gz")
    assert reading.rows == [("007", "x")]
    assert reading.facts.notes == ("Unpacked from a gzip file.",)


def test_gzip_is_known_by_its_content(read: Reader) -> None:
    assert read(gzip.compress(b'{"a": 1}\n'), "table.csv").facts.format is FileFormat.JSON_LINES


def test_zipped_csv_is_read_and_the_clutter_of_a_mac_passed_over(read: Reader) -> None:
    reading = read(
        zipped(**{"data/table.csv": CSV, "__MACOSX/._table.csv": b"\0", ".DS_Store": b"\0"}),
        "t.zip",
    )
    assert reading.rows == [("007", "x")]
    assert reading.facts.notes == ("Unpacked table.csv from a zip file.",)


def test_name_inside_the_archive_decides_the_delimiter(read: Reader) -> None:
    assert read(zipped(**{"t.tsv": b"text\nhello, world\n"}), "t.zip").rows == [("hello, world",)]


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (gzip.compress(CSV * 1000)[:-20], "t.csv.gz", "ends in the middle"),
        (gzip.compress(CSV)[:-6] + b"\0" * 6, "t.csv.gz", "damaged"),
        (b"\x1f\x8b garbage", "t.csv.gz", "damaged"),
        (zipped(**{"t.csv": CSV})[:-30], "t.zip", "damaged"),
        (zipped(**{"a.csv": CSV, "b.csv": CSV}), "t.zip", "holds 2 files (a.csv, b.csv)"),
        (zipped(), "t.zip", "holds no data file"),
        (zipped(**{"t.csv.gz": gzip.compress(CSV)}), "t.zip", "another archive"),
        (gzip.compress(b""), "t.csv.gz", "is empty"),
        (gzip.compress(b"a,b\n1\n"), "t.csv.gz", "Line 2 has 1 field"),
    ],
)
def test_bad_archives_are_refused(read: Reader, content: bytes, name: str, said: str) -> None:
    assert said in read.problem(content, name)


def test_damaged_data_inside_a_zip_is_refused(read: Reader) -> None:
    content = bytearray(zipped(**{"t.csv": CSV * 500}))
    content[60] ^= 0xFF
    assert "damaged" in read.problem(bytes(content), "t.zip")


def test_password_is_named(read: Reader) -> None:
    content = bytearray(zipped(**{"t.csv": CSV}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert "password" in read.problem(bytes(content), "t.zip")


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: zipped(**{"t.csv": content})])
def test_bombs_are_stopped_by_size_and_by_ratio(read: Reader, pack: object) -> None:
    bomb = pack(b"a,b\n" + b"0,0\n" * 60_000)  # type: ignore[operator]
    assert "limit" in read.problem(bomb, "t", ReadLimits(max_unpacked_bytes=100_000))
    assert "zip bombs" in read.problem(bomb, "t", ReadLimits(ratio_floor_bytes=100_000))
    assert read(bomb, "t").facts.n_rows == 60_000


def test_office_document_that_is_not_a_workbook_is_refused(read: Reader) -> None:
    document = zipped(**{"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"})
    assert "not a workbook" in read.problem(document, "t.docx")
