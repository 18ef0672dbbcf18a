"""CSV and TSV: every cell is read as it is in the file."""

from __future__ import annotations

import codecs
import csv
import hashlib

import pytest

from projects.readers import FileFormat
from tests.unit.readers.conftest import Reader


def test_cells_that_look_like_other_things_stay_text(read: Reader) -> None:
    cells = [
        "007",
        "12345678901234567890",
        "NA",
        "null",
        "2024-01-31",
        "1.0",
        "1e5",
        " padded ",
        "True",
        "-",
        "#N/A",
    ]
    reading = read(
        ("value,n\n" + "".join(f"{cell},{n}\n" for n, cell in enumerate(cells))).encode()
    )
    assert [row[0] for row in reading.rows] == cells


def test_row_ids_count_from_zero_in_file_order(read: Reader) -> None:
    reading = read(b"name\n" + b"".join(b"row %d\n" % n for n in range(25_000)))
    assert reading.row_ids == list(range(25_000))
    assert reading.rows[12_345] == ("row 12345",)


def test_empty_cells_are_missing_whether_quoted_or_not(read: Reader) -> None:
    assert read(b'a,b,c\n1,,""\n').rows == [("1", None, None)]


def test_blanks_are_kept_although_a_quoted_cell_begins_with_one(read: Reader) -> None:
    assert read(b'a,b\nx, \ny," """\n').rows == [("x", " "), ("y", ' "')]


def test_facts_tell_the_hash_of_the_uploaded_bytes(read: Reader) -> None:
    content = b"a,b\n1,2\n"
    facts = read(content).facts
    assert facts.sha256 == hashlib.sha256(content).hexdigest()
    assert (facts.n_rows, facts.columns, facts.format, facts.encoding, facts.delimiter) == (
        1, ("a", "b"), FileFormat.CSV, "utf-8", ",")  # fmt: skip
    assert facts.notes == ()


@pytest.mark.parametrize(
    ("delimiter", "found"), [(",", "csv"), (";", "csv"), ("\t", "tsv"), ("|", "csv")]
)
def test_delimiter_is_found_although_cells_hold_the_others(
    read: Reader, delimiter: str, found: str
) -> None:
    others = "".join(other for other in ",;|" if other != delimiter)
    lines = [["id", "text", "label"], ["1", f"a{others}b", "x"], ["2", "3,5", "y"]]
    content = "\n".join(
        delimiter.join(f'"{c}"' if delimiter in c else c for c in line) for line in lines
    )
    reading = read(content.encode())
    assert reading.rows == [("1", f"a{others}b", "x"), ("2", "3,5", "y")]
    assert (reading.facts.delimiter, reading.facts.format) == (delimiter, found)


def test_decimal_commas_do_not_make_the_comma_the_delimiter(read: Reader) -> None:
    assert read(b"name;weight\na;1,5\nb;2,25\n").rows == [("a", "1,5"), ("b", "2,25")]


def test_the_line_in_which_excel_names_the_delimiter_is_not_a_header(read: Reader) -> None:
    reading = read(b"sep=;\r\na;b\r\n1;2\r\n")
    assert (reading.facts.columns, reading.rows) == (("a", "b"), [("1", "2")])


def test_single_column_is_read_whole(read: Reader) -> None:
    assert read(b'text\nhello\n"one, two"\n').rows == [("hello",), ("one, two",)]


@pytest.mark.parametrize("line_break", [b"\n", b"\r\n", b"\r"])
def test_every_kind_of_line_break_ends_a_row(read: Reader, line_break: bytes) -> None:
    assert read(line_break.join([b"a,b", b"1,2", b"3,4", b""])).rows == [("1", "2"), ("3", "4")]


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_line_breaks_inside_quotes_belong_to_the_cell(read: Reader, line_break: str) -> None:
    reading = read(f'a,b\n"first{line_break}second",2\n'.encode())
    assert reading.rows == [(f"first{line_break}second", "2")]


def test_characters_that_only_look_like_line_breaks_do_not_split_rows(read: Reader) -> None:
    text = "one\u2028two\u0085three\x0bfour\x0cfive\x1csix"
    assert read(f"a,b\n{text},2\n".encode()).rows == [(text, "2")]


def test_quotes_inside_cells_are_kept(read: Reader) -> None:
    reading = read(b'a,b\n"say ""hi""",5" disk\n\'tis,it\'s\n')
    assert reading.rows == [('say "hi"', '5" disk'), ("'tis", "it's")]


def test_single_quotes_are_quotes_where_the_header_is_written_in_them(read: Reader) -> None:
    reading = read(b"'a','b'\n'one, two','it''s'\n")
    assert reading.rows == [("one, two", "it's")]
    assert "single quotes" in " ".join(reading.facts.notes)


def test_backslashes_and_hashes_mean_nothing_special(read: Reader) -> None:
    assert read(b"path,tag\nC:\\new,#1\n# no comment,\\N\n").rows == [
        ("C:\\new", "#1"),
        ("# no comment", "\\N"),
    ]


@pytest.mark.parametrize(
    ("codec", "mark", "found"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", codecs.BOM_UTF8, "utf-8-sig"),
        ("utf-16-le", codecs.BOM_UTF16_LE, "utf-16"),
        ("utf-16-be", codecs.BOM_UTF16_BE, "utf-16"),
        ("utf-16-le", b"", "utf-16-le"),
        ("utf-16-be", b"", "utf-16-be"),
        ("cp1252", b"", "cp1252"),
    ],
)
def test_encoding_is_found(read: Reader, codec: str, mark: bytes, found: str) -> None:
    text = "név,città\nJosé “el niño”,Köln – 5 €\nplain,ascii\n"
    reading = read(mark + text.encode(codec))
    assert reading.facts.columns == ("név", "città")
    assert reading.rows == [("José “el niño”", "Köln – 5 €"), ("plain", "ascii")]
    assert reading.facts.encoding == found


def test_reading_as_windows_1252_is_noted(read: Reader) -> None:
    assert "Windows-1252" in " ".join(read("a\nM\xfcnchen\n".encode("latin-1")).facts.notes)


def test_one_broken_byte_in_a_utf8_file_is_named_not_guessed(read: Reader) -> None:
    content = b"a,b\n" + "naïve,café\n".encode() * 50 + b"caf\xe9,x\n" + "élan,über\n".encode() * 50
    assert "Line 52 " in read.problem(content)


def test_blank_lines_are_left_out_and_reported(read: Reader) -> None:
    reading = read(b"a,b\n1,2\n\n3,4\n\n   \n")
    assert reading.rows == [("1", "2"), ("3", "4")]
    assert reading.facts.notes == (
        "Not counted as rows: 1 blank line between the rows.",
        "Not counted as rows: 2 blank lines at the end.",
    )


def test_blank_line_in_a_single_column_is_a_missing_cell(read: Reader) -> None:
    assert read(b"text\nhello\n\nworld\n\n\n").rows == [("hello",), (None,), ("world",)]


def test_column_without_a_name_gets_one(read: Reader) -> None:
    reading = read(b",a\n0,x\n")
    assert reading.facts.columns == ("column_1", "a")
    assert reading.facts.notes == ("One column has no name; it is called column_1 here.",)


def test_a_column_of_the_user_may_be_called_row_id(read: Reader) -> None:
    assert read(b"row_id,a\n7,x\n").rows == [("7", "x")]


def test_long_cells_and_short_ones_come_in_together(read: Reader) -> None:
    cells = ["x" * (1 if n % 50 else 300_000) for n in range(200)]
    content = "n,text\n" + "".join(f"{n},{cell}\n" for n, cell in enumerate(cells))
    assert [row[1] for row in read(content.encode()).rows] == cells


@pytest.mark.parametrize("header", ["39,State-gov,77516", "39,77516,13", "1.5,2.5", "2024-01-31,x"])
def test_a_header_that_looks_like_a_row_is_reported(read: Reader, header: str) -> None:
    note = " ".join(read(f"{header}\n{header}\n".encode()).facts.notes)
    assert "taken as column names" in note


@pytest.mark.parametrize("header", ["0,1,2", "country,2019,2020", "a,b 2,c-3"])
def test_numbered_columns_and_years_are_fair_names(read: Reader, header: str) -> None:
    assert read(f"{header}\n{header}\n".encode()).facts.notes == ()


def test_a_long_first_cell_is_read_in_a_fresh_process(read: Reader) -> None:
    csv.field_size_limit(131_072)  # Python's own limit, which holds until it is raised
    assert read(b"text\n" + b"x" * 300_000 + b"\n").rows == [("x" * 300_000,)]
