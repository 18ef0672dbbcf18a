"""Workbooks of all kinds: which sheet is read, what merged cells become, and what old and open
formats hold.
"""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
import xlwt

from projects.readers import FileFormat, ReadLimits
from tests.unit.readers.binary_workbooks import ods, ods_cell, ods_row, xlsb
from tests.unit.readers.conftest import Reader
from tests.unit.readers.test_xlsx import saved

TABLE = [["region", "n"], ["north", 1], ["south", 2]]


def workbook(**sheets: list[list[object]]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    return book


def xls(**sheets: list[list[object]]) -> bytes:
    book = xlwt.Workbook()
    for title, rows in sheets.items():
        sheet = book.add_sheet(title)
        for row, cells in enumerate(rows):
            for column, value in enumerate(cells):
                is_moment = isinstance(value, date)
                style = xlwt.easyxf(
                    num_format_str="YYYY-MM-DD HH:MM:SS" if is_moment else "General"
                )
                if value is not None:
                    sheet.write(row, column, value, style)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "before",
    [
        {"Read me": [["Notes about the data"]]},
        {"Sheet1": [["Notes about the data"], ["by Alice"], ["in 2024"]]},
        {"README": [["field", "meaning"], ["region", "where"], ["n", "how many"]]},
        {"Cover": [], "Notes": [["author", "Alice"], ["date", "today"]]},
    ],
)
def test_sheets_before_the_table_are_skipped_with_a_note(
    read: Reader, before: dict[str, list[list[object]]]
) -> None:
    reading = read(saved(workbook(**before, Data=TABLE)), "t.xlsx")
    assert reading.rows == [("north", "1"), ("south", "2")]
    assert reading.facts.used.sheet == "Data"
    assert reading.facts.sheets == (*before, "Data")
    assert tuple(reading.facts.doubts) == ("sheet",)
    assert "only 'Data' was read, because" in reading.facts.notes[0]


def test_the_first_of_several_tables_is_read_without_a_doubt(read: Reader) -> None:
    reading = read(saved(workbook(One=TABLE, Two=TABLE)), "t.xlsx")
    assert (reading.facts.used.sheet, reading.facts.doubts) == ("One", {})


def test_any_sheet_can_be_asked_for(read: Reader) -> None:
    book = workbook(One=TABLE, Other=[["a"], ["x"]])
    book["Other"].sheet_state = "hidden"
    assert read(saved(book), "t.xlsx", sheet="other").rows == [("x",)]


def test_a_missing_sheet_is_refused_with_the_existing_ones(read: Reader) -> None:
    content = saved(workbook(One=TABLE, Other=TABLE))
    assert "no sheet 'Third'. Its sheets are: One, Other" in read.problem(
        content, "t.xlsx", sheet="Third"
    )


def test_a_table_of_one_column_is_read_if_there_is_no_other(read: Reader) -> None:
    assert read(saved(workbook(A=[["text"], ["x"]], B=[["y"]])), "t.xlsx").rows == [("x",)]


def test_a_sheet_without_names_is_read_as_data(read: Reader) -> None:
    rows = [["north", 1], ["south", 2], ["north", 3]]
    content = saved(workbook(A=rows))
    assert "has_header" in read(content, "t.xlsx").facts.doubts
    reading = read(content, "t.xlsx", has_header=False)
    assert reading.rows == [("north", "1"), ("south", "2"), ("north", "3")]


def test_merged_labels_fill_their_ranges(read: Reader) -> None:
    rows = [
        ["region", "kind", "n", "m"],
        ["north", "a", 1, 1],
        [None, "b", 2, 2],
        ["south", "c", 3, None],
    ]
    book = workbook(A=[*rows, [], [None, None, None, 4]])
    for merged in ("A2:A3", "C4:D4", "A4:A6", "B5:B6"):
        book["A"].merge_cells(merged)
    reading = read(saved(book), "t.xlsx")
    assert reading.rows == [
        ("north", "a", "1", "1"),
        ("north", "b", "2", "2"),
        ("south", "c", "3", "3"),
        ("south", None, None, "4"),
    ]
    assert (
        "Merged cells: each cell of 3 ranges has the value that the range shows."
        in reading.facts.notes
    )


def test_a_title_merged_over_the_table_is_not_a_header(read: Reader) -> None:
    book = workbook(A=[["Report"], *TABLE])
    book["A"].merge_cells("A1:B1")
    reading = read(saved(book), "t.xlsx")
    assert (reading.facts.columns, len(reading.rows)) == (("region", "n"), 2)
    assert "Row 1 of the sheet was passed over as a title" in reading.facts.notes[0]


def test_old_workbooks_are_read(read: Reader) -> None:
    row = [1, 0.1, True, " é\nx", date(2024, 1, 31), datetime(2024, 1, 31, 9, 30), None]
    content = xls(Notes=[["about"]], Data=[[], [f"c{n}" for n in range(7)], row])
    reading = read(content, "t.xls")
    assert reading.rows == [
        ("1", "0.1", "True", " é\nx", "2024-01-31", "2024-01-31 09:30:00", None)
    ]
    assert (reading.facts.format, reading.facts.used.sheet) == (FileFormat.XLS, "Data")


def test_merged_cells_of_old_workbooks_are_filled(read: Reader) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("A")
    for column, name in enumerate(["region", "n"], start=2):
        sheet.write(3, column, name)
    sheet.write_merge(4, 5, 2, 2, "north")
    sheet.write(4, 3, 1)
    sheet.write(5, 3, 2)
    buffer = io.BytesIO()
    book.save(buffer)
    reading = read(buffer.getvalue(), "t.xls")
    assert [row[-2:] for row in reading.rows] == [("north", "1"), ("north", "2")]


def test_an_old_office_file_that_is_not_a_workbook_is_refused(read: Reader) -> None:
    content = xls(A=TABLE)
    assert "not a workbook that can be read, or it is damaged" in read.problem(
        content[:512] + bytes(2000), "t.xls"
    )
    limits = ReadLimits(max_shared_bytes=1000)
    assert "Save the sheet as CSV" in read.problem(content, "t.xls", limits)


def test_binary_workbooks_are_read(read: Reader) -> None:
    cells = {
        0: {0: "region", 1: "n", 2: "ok"},
        1: {0: "north", 1: 501.0, 2: True},
        2: {1: 0.1, 2: False},
    }
    reading = read(xlsb({"Read me": {0: {0: "x"}}, "Data": cells}, merges=[(1, 2, 0, 0)]), "t.xlsb")
    assert reading.rows == [("north", "501", "True"), ("north", "0.1", "False")]
    assert (reading.facts.format, reading.facts.used.sheet) == (FileFormat.XLSB, "Data")


def test_a_binary_sheet_that_spans_too_much_is_refused_before_it_is_loaded(read: Reader) -> None:
    content = xlsb({"A": {0: {0: "a"}, 1_048_575: {16_383: "z"}}})
    assert "spans more than 20,000,000 cells" in read.problem(content, "t.xlsb")
    assert "unpacks to" in read.problem(content, "t.xlsb", ReadLimits(max_shared_bytes=100))


def test_open_document_sheets_are_read(read: Reader) -> None:
    cells = [
        ods_cell("00501", "float", office_value="501"),
        ods_cell("1,5", "float", office_value="1.50"),
        ods_cell("5%", "percentage", office_value="0.05"),
        ods_cell("1E+20", "float", office_value="1E+20"),
        ods_cell("31.1.24", "date", office_date_value="2024-01-31"),
        ods_cell("", "date", office_date_value="2024-01-31T09:30:00"),
        ods_cell("", "time", office_time_value="PT09H30M00S"),
        ods_cell("WAHR", "boolean", office_boolean_value="true"),
        ods_cell("#N/A"),
        ods_cell("  two\t<lines>\n& more "),
    ]
    names = [ods_cell(f"c{n}") for n in range(len(cells))]
    content = ods(
        {"Hidden": ods_row(ods_cell("a")), "Data": ods_row(*names) + ods_row(*cells)},
        hidden=["Hidden"],
    )
    reading = read(content, "t.ods")
    assert reading.rows == [(
        "00501", "1.50", "0.05", "1e+20", "2024-01-31", "2024-01-31 09:30:00", "09:30:00", "True",
        "#N/A", "  two\t<lines>\n& more ",
    )]  # fmt: skip
    assert (reading.facts.format, reading.facts.used.sheet) == (FileFormat.ODS, "Data")


def test_repeated_and_merged_cells_of_open_documents(read: Reader) -> None:
    span = ods_cell("n", number_rows_spanned="2")
    repeat = ods_cell("x", number_columns_repeated="2")
    covered = "<table:covered-table-cell/>"
    rows = [
        ods_row(n_times=3),
        ods_row(ods_cell("region"), ods_cell("a"), ods_cell("b")),
        ods_row(span, repeat),
        ods_row(covered, repeat, n_times=2),
        ods_row(ods_cell("", number_columns_repeated="1024"), n_times=1_048_000),
    ]
    reading = read(ods({"A": "".join(rows)}), "t.ods")
    assert reading.rows == [("n", "x", "x"), ("n", "x", "x"), (None, "x", "x")]


def test_open_documents_that_repeat_without_end_are_refused(read: Reader) -> None:
    wide = ods_row(ods_cell("x", number_columns_repeated="9999999"))
    assert "beyond column" in read.problem(ods({"A": wide}), "t.ods")
    assert "row beyond" in read.problem(
        ods({"A": ods_row(ods_cell("x"), n_times=99_999_999)}), "t.ods"
    )
    assert "damaged" in read.problem(ods({"A": "<table:table-row>"}), "t.ods")


@pytest.mark.parametrize("n_bytes", range(15, 60, 5))
def test_a_binary_sheet_that_ends_too_soon_is_called_damaged(read: Reader, n_bytes: int) -> None:
    whole = xlsb({"S": {0: {0: "a", 1: "b"}, 1: {0: 1.5, 1: True}}})
    cut = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(cut, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            is_sheet = name == "xl/worksheets/sheet1.bin"
            new.writestr(name, content[:-n_bytes] if is_sheet else content)
    message = read.problem(cut.getvalue(), "t.xlsb")
    assert "damaged" in message or "rows" in message
