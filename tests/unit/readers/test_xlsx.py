"""XLSX: cells are read as a person sees them in the spreadsheet."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time, timedelta

import openpyxl
import pytest

from projects.readers import FileFormat, ReadLimits, xlsx_book
from tests.unit.readers.conftest import Reader


def workbook(*rows: list[object], **other_sheets: list[object]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    for title, row in other_sheets.items():
        book.create_sheet(title).append(row)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def with_parts(content: bytes, **parts: tuple[bytes, bytes]) -> bytes:
    """Replace bytes in the parts whose file names begin so; an empty old text makes a new part of
    the new one.
    """
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            old, new = parts.get(name.rpartition("/")[2].removesuffix(".xml"), (b"", b""))
            data = source.read(name)
            assert old in data
            target.writestr(name, data.replace(old, new) if old else data)
        for name, (old, new) in parts.items():
            if not old:
                target.writestr(f"xl/{name}.xml", new)
    return buffer.getvalue()


def with_shared_text(xml: bytes) -> bytes:
    """A workbook whose one cell refers to the first of the shared texts."""
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    return with_parts(
        workbook(["a"], [1]),
        sheet1=(b'<c r="A2" t="n"><v>1</v></c>', b'<c r="A2" t="s"><v>0</v></c>'),
        sharedStrings=(b"", xml),
        **{"[Content_Types]": (
            b"</Types>",
            b'<Override PartName="/xl/sharedStrings.xml" ContentType="' + kind + b'"/></Types>')},
    )  # fmt: skip


SST = (
    b"<sst"
    b' xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>%s</t></si></sst>'
)


def test_values_look_as_in_the_spreadsheet(read: Reader) -> None:
    row: list[object] = [
        "007", 42, 42.0, 0.1, -3.5, True, None, date(2024, 1, 31), datetime(2024, 1, 31, 9, 30),
        time(9, 30),
        timedelta(hours=30), " padded ", "one\ntwo", "#N/A", "12345678901234567890",
    ]  # fmt: skip
    reading = read(workbook([f"c{n}" for n in range(len(row))], row), "t.xlsx")
    assert reading.rows == [(
        "007", "42", "42", "0.1", "-3.5", "True", None, "2024-01-31", "2024-01-31 09:30:00",
        "09:30:00",
        "1 day, 6:00:00", " padded ", "one\ntwo", "#N/A", "12345678901234567890",
    )]  # fmt: skip
    assert (reading.facts.format, reading.facts.notes) == (FileFormat.XLSX, ())


def test_leading_zeros_by_number_format_are_kept(read: Reader) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["zip"])
    sheet.append([501])
    sheet["A2"].number_format = "00000"
    assert read(saved(book), "t.xlsx").rows == [("00501",)]


def test_only_the_first_sheet_is_read_with_a_note(read: Reader) -> None:
    reading = read(workbook(["a"], ["1"], Notes=["x"]), "t.xlsx")
    assert reading.rows == [("1",)]
    assert reading.facts.notes == (
        "The workbook has 2 sheets (Sheet, Notes); only 'Sheet' was read.",
    )


def test_a_hidden_first_sheet_is_passed_over(read: Reader) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.sheet_state = "hidden"
    second = book.create_sheet("Data")
    second.append(["a"])
    second.append(["seen"])
    assert read(saved(book), "t.xlsx").rows == [("seen",)]


def test_blank_rows_and_short_rows(read: Reader) -> None:
    reading = read(workbook([], ["a", "b"], ["1"], [], [None, "2"]), "t.xlsx")
    assert reading.rows == [("1", None), (None, "2")]
    assert reading.facts.notes == (
        "Not counted as rows: 1 blank row between the rows of the sheet.",
    )


def test_a_wrong_size_in_the_file_cuts_nothing_off(read: Reader) -> None:
    content = workbook(["a", "b"], *[[n, n] for n in range(50)])
    assert (
        len(read(with_parts(content, sheet1=(b'ref="A1:B51"', b'ref="A1:A5"')), "t.xlsx").rows)
        == 50
    )


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "is empty"),
        ([["a", "b"]], "no rows below"),
        ([["a", "b", "a"], [1, 2, 3]], "Line 1: columns 1 and 3 have the same name"),
        ([["a"], [1], [2, None, 3]], "Row 3 of the sheet has a value in column C"),
        ([["a", "b"], [1, "=A2+1"]], "formulas whose results were never stored"),
    ],
)
def test_sheets_that_are_not_tables_are_refused(
    read: Reader, rows: list[list[object]], said: str
) -> None:
    assert said in read.problem(workbook(*rows), "t.xlsx")


def test_formulas_with_stored_results_are_read(read: Reader) -> None:
    content = with_parts(workbook(["a", "b"], [1, "=A2+1"]), sheet1=(b"<v />", b"<v>2</v>"))
    assert read(content, "t.xlsx").rows == [("1", "2")]


def test_damaged_workbooks_are_refused(read: Reader) -> None:
    content = workbook(["a"], [1])
    assert "damaged" in read.problem(content[: len(content) // 2], "t.xlsx")
    assert "damaged" in read.problem(with_parts(content, sheet1=(b"</sheetData>", b"")), "t.xlsx")
    assert "damaged" in read.problem(
        with_parts(content, sheet1=(b"<v>1</v>", b"<v>one</v>")), "t.xlsx"
    )


def test_shared_texts_are_read_with_their_escapes(read: Reader) -> None:
    assert read(with_shared_text(SST % b"one_x000D__x005F_x0041_"), "t.xlsx").rows == [
        ("one\r_x0041_",)
    ]


def test_workbook_bombs_are_refused(read: Reader) -> None:
    content = workbook(["a"], *[["x" * 100] for _ in range(2000)])
    assert "unpacks to" in read.problem(
        content, "t.xlsx", ReadLimits(ratio_floor_bytes=1000, max_ratio=2)
    )
    shared = with_shared_text(SST % (b"x" * 100_000))
    assert "of text" in read.problem(shared, "t.xlsx", ReadLimits(max_shared_bytes=50_000))


def test_entities_that_multiply_are_refused(read: Reader) -> None:
    laughs = b"".join(
        b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10 if n else b"lol" * 10) for n in range(9)
    )
    content = with_shared_text(b"<!DOCTYPE sst [" + laughs + b"]>" + SST % b"&l8;")
    assert "declares XML entities" in read.problem(content, "t.xlsx")


def test_a_row_number_beyond_a_sheet_is_refused(
    read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx_book, "MAX_ROWS", 1000)
    content = with_parts(
        workbook(["a"], [1]),
        sheet1=(b'<row r="2"><c r="A2"', b'<row r="99999999"><c r="A99999999"'),
    )
    assert "row beyond 1,000" in read.problem(content, "t.xlsx")
