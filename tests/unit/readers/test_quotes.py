"""Quotation marks out of place, spaces before quotes, and files without a line of names."""

from __future__ import annotations

import pytest

from tests.unit.readers.conftest import Reader

LABELS = ["billing", "login", "shipping"]


def lines(n: int, delimiter: str = "\t") -> list[str]:
    return [f"{LABELS[n % 3]}{delimiter}message number {n} about it" for n in range(n)]


@pytest.mark.parametrize("n_between", [0, 1, 4])
def test_a_quote_that_opens_in_one_row_and_closes_in_another_melts_no_rows(
    read: Reader, n_between: int
) -> None:
    rows = lines(30)
    rows[10] = 'login\t"logged out after many tries'
    rows[11 + n_between] = 'shipping\tparcel was damaged"'
    reading = read("\n".join(["label\ttext", *rows, ""]).encode(), "t.tsv")
    assert len(reading.rows) == 30
    assert reading.rows[10] == ("login", '"logged out after many tries')
    assert (reading.facts.used.quotes, tuple(reading.facts.doubts)) == ("", ("quotes",))
    assert "“logged out after many tries”" in reading.facts.notes[-1]


def test_rows_joined_by_stray_quotes_are_reported(read: Reader) -> None:
    rows = lines(30, ",")
    rows[3] = 'billing,"one, two"'
    rows[10] = 'login,"logged out'
    rows[14] = 'shipping,damaged"'
    reading = read("\n".join(["label,text", *rows, ""]).encode())
    assert len(reading.rows) == 26
    assert tuple(reading.facts.doubts) == ("quotes",)
    assert "rows of their own" in reading.facts.notes[-1]


def test_ids_that_count_on_give_melted_rows_away(read: Reader) -> None:
    content = 'id\ttext\n1\tone\n2\t"two\n3\tthree\n4\tfour"\n5\tfive\n'
    assert len(read(content.encode(), "t.tsv").rows) == 5


def test_a_text_of_several_lines_is_one_cell(read: Reader) -> None:
    content = 'text,label\n"Dear team, hello\nplease, help\nthanks, Bob",billing\nplain,login\n'
    reading = read(content.encode())
    assert reading.rows[0] == ("Dear team, hello\nplease, help\nthanks, Bob", "billing")
    assert reading.facts.doubts == {}


def test_a_quote_that_never_closes_is_an_ordinary_character_where_rows_are_even_so(
    read: Reader,
) -> None:
    reading = read(b'a,b\n1,2\n3,"opened\n5,6\n')
    assert reading.rows == [("1", "2"), ("3", '"opened'), ("5", "6")]
    assert tuple(reading.facts.doubts) == ("quotes",)


def test_quotes_are_read_as_asked(read: Reader) -> None:
    content = b'label\ttext\nlogin\t"one\nlogin\ttwo"\nlogin\tthree\n'
    assert len(read(content, "t.tsv", quotes='"').rows) == 2
    assert len(read(content, "t.tsv", quotes="").rows) == 3
    assert read(b"a,b\n'x, y',2\n", quotes="'").rows == [("x, y", "2")]


@pytest.mark.parametrize("delimiter", [",", ";", "|"])
@pytest.mark.parametrize("header", ["label{} text", '"label"{} "text"'])
@pytest.mark.parametrize("spaces", [" ", "  "])
def test_spaces_before_an_opening_quote_do_not_split_the_cell(
    read: Reader, delimiter: str, header: str, spaces: str
) -> None:
    rows = [
        f'login{delimiter}{spaces}"one{delimiter} two ""three"""',
        f'billing{delimiter}{spaces}"x"',
    ]
    reading = read("\n".join([header.format(delimiter), *rows, ""]).encode())
    assert reading.facts.columns == ("label", "text")
    assert reading.rows == [("login", f'one{delimiter} two "three"'), ("billing", "x")]
    assert "Spaces after a delimiter" in " ".join(reading.facts.notes)


def test_a_quote_after_a_space_is_found_far_down_the_file(read: Reader) -> None:
    content = "\n".join(["label,text", *lines(900, ","), 'login, "x, y"', ""])
    assert read(content.encode()).rows[900] == ("login", "x, y")


def test_spaces_before_unquoted_cells_stay(read: Reader) -> None:
    assert read(b'a,b\n "x" said he, y\n1,"say, ""hi"""\n').rows == [
        (' "x" said he', " y"),
        ("1", 'say, "hi"'),
    ]


@pytest.mark.parametrize("first", ["billing\tmessage one", "5\tmessage one", "2024-01-31\tlogin"])
def test_a_file_without_names_is_suspected(read: Reader, first: str) -> None:
    reading = read("\n".join([first, *lines(30), ""]).encode(), "t.tsv")
    assert "has_header" in reading.facts.doubts
    assert "taken as column names" in reading.facts.notes[-1]


def test_a_name_that_one_of_many_cells_repeats_is_not_data(read: Reader) -> None:
    content = "\n".join(["label\ttext", *lines(300), "login\ttext", ""])
    assert read(content.encode(), "t.tsv").facts.doubts == {}


def test_a_header_repeated_between_the_rows_is_not_data(read: Reader) -> None:
    content = "\n".join(["label\ttext", *lines(9), "label\ttext", *lines(9), ""])
    assert read(content.encode(), "t.tsv").facts.doubts == {}


@pytest.mark.parametrize("quoted", ["2", '"2"'])
def test_the_first_row_is_data_where_that_is_asked(read: Reader, quoted: str) -> None:
    reading = read(f"\n1,{quoted}\n3,4\n".encode(), has_header=False)
    assert (reading.facts.columns, reading.rows) == (
        ("column_1", "column_2"),
        [("1", "2"), ("3", "4")],
    )
    assert reading.facts.notes == (
        "The columns have no names in the file; they are called column_1 to column_2 here.",
    )


def test_a_header_that_was_asked_for_is_not_questioned(read: Reader) -> None:
    assert read(b"1.5,2\n1.5,3\n", has_header=True).facts.doubts == {}


@pytest.mark.parametrize("delimiter", [":", " ", "~", "\t"])
def test_any_delimiter_can_be_asked_for(read: Reader, delimiter: str) -> None:
    content = "\n".join(delimiter.join(row) for row in (["a", "b"], ["1,5", "x"]))
    assert read(content.encode(), delimiter=delimiter).rows == [("1,5", "x")]


def test_an_option_that_means_nothing_for_the_format_is_refused(read: Reader) -> None:
    assert "no sheet to choose in CSV" in read.problem(b"a,b\n1,2\n", sheet="Data")
    assert "no delimiter to choose in JSON" in read.problem(b'[{"a": 1}]', delimiter=",")
