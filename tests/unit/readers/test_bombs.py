"""Small files that would take gigabytes or minutes are read in bounded memory, or refused with
what is odd about them."""

from __future__ import annotations

import bz2
import io
import json
import lzma
import zipfile
from contextlib import suppress
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from projects.readers import ReadLimits, read_table
from projects.readers.subprocess_reader import read_in_subprocess
from projects.readers.zip_member import opened_member
from studio.engine.errors import DataProblem
from studio.engine.progress import Silent
from tests.unit.readers.conftest import Reader

MIB = 1024 * 1024
# As much as the libraries take by themselves, and some megabytes for the file.
TIGHT = ReadLimits(base_memory_bytes=560 * MIB, base_cpu_seconds=30.0)
SHEET = "xl/worksheets/sheet1.xml"


def outcome(folder: Path, content: bytes, name: str) -> str:
    """The number of rows, or what the file is refused with, within tight limits."""
    (folder / "upload").write_bytes(content)
    try:
        facts = read_in_subprocess(
            folder / "upload", name, folder / "out", progress=Silent(), limits=TIGHT
        )
    except DataProblem as problem:
        return str(problem)
    return f"{facts.n_rows} rows"


def zipped(content: bytes, method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("table.csv", content)
    return buffer.getvalue()


def workbook(sheet: bytes, method: int = zipfile.ZIP_DEFLATED, part: str = SHEET) -> bytes:
    """A workbook with another part in place of its own."""
    book = openpyxl.Workbook()
    book.active.append(["a"])
    buffer, changed = io.BytesIO(), io.BytesIO()
    book.save(buffer)
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(changed, "w") as new:
        for name in {*old.namelist(), part}:
            content = sheet if name == part else old.read(name)
            new.writestr(name, content, method if name == part else zipfile.ZIP_DEFLATED)
    return changed.getvalue()


def sheet_of(rows: bytes, before: bytes = b"") -> bytes:
    space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return b'%s<worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (before, space, rows)


def text_cell(place: str, text: bytes) -> bytes:
    return b'<c r="%s" t="inlineStr"><is><t>%s</t></is></c>' % (place.encode(), text)


ROWS = b'<row r="1">%s</row><row r="2">%s</row>' % (text_cell("A1", b"a"), text_cell("A2", b"x"))


METHODS = [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED]


@pytest.mark.parametrize("method", METHODS)
def test_a_zip_bomb_is_refused_whatever_it_is_packed_by(read: Reader, method: int) -> None:
    content = zipped(b"a,b\n" + bytes(8 * MIB), method)
    message = read.problem(content, "t.zip", ReadLimits(ratio_floor_bytes=100_000))
    assert "zip bombs do" in message


@pytest.mark.parametrize("method", METHODS)
def test_a_member_is_unpacked_in_pieces_no_larger_than_asked_for(method: int) -> None:
    content = bytes(8 * MIB)
    archive = zipfile.ZipFile(io.BytesIO(zipped(content, method)))
    with archive, opened_member(archive, archive.infolist()[0]) as stream:
        pieces = list(iter(lambda: stream.read(100_000), b""))
    assert max(map(len, pieces)) <= 100_000
    assert b"".join(pieces) == content


ROWS_OF_SQUARES = b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(30_000))


@pytest.mark.parametrize("method", METHODS)
def test_a_zip_is_read_to_its_end_whatever_it_is_packed_by(read: Reader, method: int) -> None:
    content = zipped(ROWS_OF_SQUARES, method)
    assert read(content, "t.zip").rows[-1] == ("29999", "899940001")


@pytest.mark.parametrize("method", METHODS)
def test_a_damaged_member_is_noticed_whatever_it_is_packed_by(read: Reader, method: int) -> None:
    content = bytearray(zipped(ROWS_OF_SQUARES, method))
    content[len(content) // 2] ^= 0xFF
    assert "damaged" in read.problem(bytes(content), "t.zip")


def test_an_lzma_member_that_asks_for_a_huge_dictionary_is_refused(read: Reader) -> None:
    content = bytearray(zipped(b"a,b\n1,2\n", zipfile.ZIP_LZMA))
    at = content.index(b"\x5d\x00\x00")  # the usual properties, then the size of the dictionary
    content[at + 1 : at + 5] = b"\xff\xff\xff\xff"
    assert "packed by a method that cannot be read here" in read.problem(bytes(content), "t.zip")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_workbook_that_is_packed_as_no_program_does_is_refused(read: Reader, method: int) -> None:
    content = workbook(sheet_of(ROWS), method)
    assert "spreadsheet programs do not use" in read.problem(content, "t.xlsx")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(
            workbook(sheet_of(ROWS, b"<!--" + b"x" * (24 * MIB) + b"-->")),
            "1 rows",
            id="a long comment",
        ),
        pytest.param(
            workbook(sheet_of(ROWS, b"<?a " + b"x" * (24 * MIB) + b"?>")),
            "1 rows",
            id="a long instruction",
        ),
        pytest.param(
            workbook(sheet_of(ROWS.replace(b"<row", b'<row x="' + b">" * (12 * MIB) + b'"'))),
            "1 rows",
            id="a long attribute",
        ),
        pytest.param(
            workbook(
                sheet_of(
                    ROWS
                    + b"".join(
                        b'<row r="%d"><c r="XFD%d"/></row>' % (n, n) for n in range(3, 30_000)
                    )
                )
            ),
            "1 rows",
            id="blank cells far to the right",
        ),
        pytest.param(
            workbook(sheet_of(ROWS.replace(b"<t>x", b"<t>&b;"), b'<!DOCTYPE a [<!ENTITY b "x">]>')),
            "The workbook declares XML entities",
            id="an entity",
        ),
        pytest.param(
            workbook(
                sheet_of(
                    ROWS.replace(b"<t>x", b"<t>" + b"&b;" * 20_000),
                    b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 60_000 + b'">]>',
                )
            ),
            "The workbook declares XML entities",
            id="an entity that is long and used often",
        ),
        pytest.param(
            workbook(
                sheet_of(
                    ROWS, b'<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY b "x">]>'
                )
                .decode()
                .encode("utf-16")
            ),
            "The workbook declares XML entities",
            id="an entity in UTF-16",
        ),
        pytest.param(
            workbook(sheet_of(b'<row r="1">%s</row><row r="1048577"/>' % text_cell("A1", b"a"))),
            "a row beyond",
            id="a row far below",
        ),
        pytest.param(
            workbook(sheet_of(ROWS.replace(b'r="2"', b'r="1"'))),
            "row 1 comes after row 1",
            id="a row twice",
        ),
    ],
)
def test_an_odd_workbook_takes_no_more_than_an_ordinary_one(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    assert len(content) < 300_000
    assert expected in outcome(tmp_path, content, "t.xlsx")


def parquet(table: pa.Table, **options: object) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", **options)
    return buffer.getvalue()


@pytest.mark.parametrize("size", [200_000, 3_000_000])
def test_a_long_text_that_parquet_holds_once_is_written_out_in_pieces(
    tmp_path: Path, size: int
) -> None:
    n_rows = 450_000_000 // size
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * n_rows, pa.int32()), ["x" * size])
    content = parquet(pa.table({"a": texts}))
    assert len(content) < 5_000
    assert outcome(tmp_path, content, "t.parquet") == f"{n_rows} rows"


def test_a_table_that_has_far_more_text_than_its_file_has_bytes_is_refused(read: Reader) -> None:
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 3_000, pa.int32()), ["x" * 10_000])
    message = read.problem(
        parquet(pa.table({"a": texts})), "t.parquet", ReadLimits(base_text_bytes=MIB)
    )
    assert "GiB of text, which is the limit for a file of this size" in message


def test_a_cell_of_parquet_is_as_long_as_one_of_csv_at_the_most(read: Reader) -> None:
    content = parquet(pa.table({"a": ["x" * 3_000_000, "y"]}))
    assert "A cell of column 'a' has more than 2 MB" in read.problem(
        content, "t.parquet", ReadLimits(max_value_bytes=2 * MIB)
    )


def test_memory_that_runs_out_over_parquet_is_not_called_damage(tmp_path: Path) -> None:
    nested = pa.array([["x" * MIB] * 400], pa.list_(pa.string()))
    assert "of memory, which is the limit" in outcome(
        tmp_path, parquet(pa.table({"a": nested})), "t.parquet"
    )


def many_keys(n: int) -> list[dict[str, int]]:
    return [{f"key {number}": number} for number in range(n)]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(json.dumps(many_keys(60_000)), id="records"),
        pytest.param("\n".join(map(json.dumps, many_keys(60_000))), id="lines"),
        pytest.param(
            json.dumps({str(n): record for n, record in enumerate(many_keys(60_000))}), id="index"
        ),
        pytest.param(json.dumps([{f"key {n}": n for n in range(60_000)}]), id="one record"),
        pytest.param(json.dumps({f"key {n}": [1] for n in range(60_000)}), id="lists"),
        pytest.param(json.dumps({f"key {n}": {"0": 1} for n in range(60_000)}), id="columns"),
    ],
)
def test_json_with_ever_other_keys_is_refused_soon(tmp_path: Path, content: str) -> None:
    assert "at most 2,000 can be read" in outcome(tmp_path, content.encode(), "t.json")


@pytest.mark.parametrize("depth", [300, 900, 5_000, 100_000])
@pytest.mark.parametrize(("before", "after"), [('[{"a": ', "}]"), ('{"a": ', "}"), ("", "")])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"b": ', "}")])
def test_deeply_nested_json_is_read_or_refused_with_a_sentence(
    tmp_path: Path, depth: int, before: str, after: str, opening: str, closing: str
) -> None:
    content = before + opening * depth + "1" + closing * depth + after
    (tmp_path / "upload").write_text(content)
    with suppress(DataProblem):
        read_table(
            tmp_path / "upload", "t.json", tmp_path / "out", progress=Silent(), limits=ReadLimits()
        )


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress])
def test_bare_archives_of_other_kinds_are_named(read: Reader, pack: object) -> None:
    assert "Unpack it" in read.problem(pack(b"a,b\n1,2\n"), "t.csv")  # type: ignore[operator]
