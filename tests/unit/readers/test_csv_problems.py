"""A CSV that cannot be read exactly is refused with its line and what to do."""

from __future__ import annotations

import pytest

from projects.readers import ROW_ID, ReadLimits
from tests.unit.readers.conftest import Reader


def test_row_with_too_many_fields_is_named(read: Reader) -> None:
    message = read.problem(b"a,b\n1,2\n\n3,4,5\n6,7\n")
    assert message.startswith("Line 4 has 3 fields, but the header has 2.")
    assert "double quotes" in message


def test_row_with_too_few_fields_is_named_deep_in_the_file(read: Reader) -> None:
    content = b"a,b,c\n" + b"1,2,3\n" * 30_000 + b"1,2\n" + b"1,2,3\n" * 10
    assert read.problem(content).startswith("Line 30,002 has 2 fields, but the header has 3.")


def test_lines_are_counted_through_quoted_line_breaks(read: Reader) -> None:
    assert read.problem(b'a,b\n"one\r\ntwo\nthree",2\n5\n').startswith(
        "Line 5 has 1 field, but the header has 2."
    )


def test_uneven_row_on_several_lines_is_named_with_all_of_them(read: Reader) -> None:
    assert "lines 3 to 5" in read.problem(b'a,b\n1,2\n"x\ny\nz"\n3,4\n')


@pytest.mark.parametrize("ending", [b"", b"\n"])
def test_unclosed_quote_is_named_by_the_line_where_it_opens(read: Reader, ending: bytes) -> None:
    content = b'a,b\n1,2\n"ok\nstill ok","opened here\n5,6\n7,8' + ending
    assert "opened on line 4 and never closed" in read.problem(content)


def test_unclosed_quote_in_a_long_file_is_named_without_reading_it_all(read: Reader) -> None:
    content = b'a,b\n"1",2\n3,"opened here\n' + b"5,6\n" * 500_000
    message = read.problem(content, limits=ReadLimits(max_value_bytes=1024 * 1024))
    assert "begins on line 3 " in message


def test_text_after_a_closing_quote_is_refused(read: Reader) -> None:
    message = read.problem(b'a,b\n1,2\n"say \\"hi\\"",3\n')
    assert message.startswith("On line 3 ")
    assert '("")' in message


def test_lines_after_the_excel_hint_are_counted_from_the_top(read: Reader) -> None:
    assert read.problem(b"sep=;\na;b\n1;2\n1;2;3\n").startswith("Line 4 ")


@pytest.mark.parametrize("header", [b"a,b,a", b"Name,b,name"])
def test_duplicate_column_names_are_refused(read: Reader, header: bytes) -> None:
    message = read.problem(header + b"\n1,2,3\n")
    assert message.startswith("Line 1: columns 1 and 3 have ")


def test_names_that_differ_in_other_letters_are_not_duplicates(read: Reader) -> None:
    assert read("É,é\n1,2\n".encode()).rows == [("1", "2")]


def test_a_name_made_up_for_a_blank_one_must_be_free(read: Reader) -> None:
    assert "column_2" in read.problem(b"column_2,\n1,2\n")


def test_the_name_of_the_row_id_is_refused(read: Reader) -> None:
    assert ROW_ID in read.problem(f"{ROW_ID},a\n1,2\n".encode())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n\n \n", "nothing but blank lines"),
        (b"\xef\xbb\xbf", "nothing but blank lines"),
        (b"a,b\n", "no rows below"),
        (b"a,b\n\n\n", "no rows below"),
        (b"a,b\n1,\x002\n", "Use a CSV"),
        (b"a,b\n" + b"1,2\n" * 5000 + b"1,\x00\n", "Line 5,002 holds a NUL byte"),
        (b"\xff\xfea\x00,\x00b\x00\n\x001", "Line 2 cannot be decoded"),
    ],
)
def test_files_without_a_table_are_refused(read: Reader, content: bytes, said: str) -> None:
    assert said in read.problem(content)


def test_too_many_columns_are_refused(read: Reader) -> None:
    content = ",".join(f"c{n}" for n in range(2001)) + "\n" + ",".join("1" * 2001) + "\n"
    assert "2,001 columns" in read.problem(content.encode())


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (b"\x89PNG\r\n\x1a\n", "PNG image"),
        (b"%PDF-1.7\n", "PDF document"),
        (b"\x7fELF\x02", "a program"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "not a workbook that can be read"),
        (b"\x80\x04\x95\x10", "pickle"),
        (b"SQLite format 3\x00", "SQLite"),
        (b"BZh91AY&SY", "bzip2"),
    ],
)
def test_foreign_files_are_called_by_their_name(read: Reader, start: bytes, said: str) -> None:
    assert said in read.problem(start + bytes(range(256)) * 10, "table.csv")


@pytest.mark.parametrize(
    "start",
    ["<!DOCTYPE html>\n<html>", "<html><body>", '<?xml version="1.0"?>\n<a>', "<table><tr>"],
)
def test_web_pages_are_recognised_and_refused(read: Reader, start: str) -> None:
    assert "web page" in read.problem(f"{start}<p>log in, please</p>\n".encode(), "export.csv")


def test_a_file_without_line_breaks_is_refused_before_it_fills_the_memory(read: Reader) -> None:
    content = b"a,b\n" + b"1," * 3_000_000
    assert "Line 2 of t.csv is longer than 1 MB" in read.problem(
        content, "t.csv", ReadLimits(max_value_bytes=2**20)
    )


def test_nul_after_a_western_letter_is_named(read: Reader) -> None:
    assert "Line 4 holds a NUL byte" in read.problem(
        b"a,b\nM\xfcnchen,1\n" + b"x" * 5000 + b",2\nx\0y,3\n"
    )
