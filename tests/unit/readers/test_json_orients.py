"""JSON in every form that pandas writes, and records under a key: one table comes out of all of
them.
"""

from __future__ import annotations

import pandas as pd
import pytest

from projects.readers import FileFormat, ReadLimits
from tests.unit.readers.conftest import Reader

FRAME = pd.DataFrame(
    {
        "text": ['it\'s, "fine"', "café\n}]{[", None],
        "n": [1.5, 2.25, 3.0],
        "label": ["yes", "no", "yes"],
    }
)
ROWS = [('it\'s, "fine"', "1.5", "yes"), ("café\n}]{[", "2.25", "no"), (None, "3.0", "yes")]


@pytest.mark.parametrize("orient", ["records", "columns", "index", "split", "table"])
@pytest.mark.parametrize("indent", [0, 2])
def test_every_orient_of_pandas_reads_the_same(read: Reader, orient: str, indent: int) -> None:
    content = FRAME.to_json(orient=orient, indent=indent).encode()  # type: ignore[call-overload]
    reading = read(content, "t.json")
    assert (reading.facts.columns, reading.rows) == (("text", "n", "label"), ROWS)
    assert (reading.facts.format, reading.facts.used.orient) == (FileFormat.JSON, orient)


def test_rows_without_names_of_columns_get_numbered_ones(read: Reader) -> None:
    reading = read(FRAME.to_json(orient="values").encode(), "t.json")
    assert (reading.facts.columns, reading.rows) == (("column_1", "column_2", "column_3"), ROWS)
    assert "column_1 to column_3" in " ".join(reading.facts.notes)


def test_the_first_of_such_rows_may_be_the_names(read: Reader) -> None:
    reading = read(b'[["a", "b"], [1, "x"], [2, "y"]]', "t.json", has_header=True)
    assert (reading.facts.columns, reading.rows) == (("a", "b"), [("1", "x"), ("2", "y")])


@pytest.mark.parametrize("orient", ["columns", "index", "split", "table"])
def test_names_of_rows_that_say_something_become_a_column(read: Reader, orient: str) -> None:
    frame = FRAME.set_axis([7, 3, 12])
    reading = read(frame.to_json(orient=orient).encode(), "t.json")  # type: ignore[call-overload]
    assert reading.facts.columns == ("index", "text", "n", "label")
    assert [row[0] for row in reading.rows] == ["7", "3", "12"]
    assert [row[1:] for row in reading.rows] == ROWS


def test_dates_name_rows(read: Reader) -> None:
    content = b'{"a": {"2024-01-01": 1, "2024-01-02": 2}, "b": {"2024-01-01": 3, "2024-01-02": 4}}'
    assert read(content, "t.json").rows == [("2024-01-01", "1", "3"), ("2024-01-02", "2", "4")]


def test_a_column_that_is_called_index_keeps_its_name(read: Reader) -> None:
    content = b'{"index": {"5": "a", "9": "b"}, "n": {"5": 1, "9": 2}}'
    assert read(content, "t.json").facts.columns == ("index_1", "index", "n")


def test_an_object_of_lists_is_read_by_column(read: Reader) -> None:
    reading = read(b'{"a": [1, 2.0], "b": ["x", null], "tags": [["p", 1.0], []]}', "t.json")
    assert reading.rows == [("1", "x", '["p", 1.0]'), ("2.0", None, "[]")]
    assert reading.facts.used.orient == "list"


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (b'{"data": [{"a": 1}, {"a": 2}]}', "The rows were read from the list under 'data'."),
        (
            b'{"count": 2, "next": null, "results": [{"a": 1}, {"a": 2}], "meta": {"x": [1]}}',
            (
                "The rows were read from the list under 'results'; 'count', 'next', 'meta' were"
                " left out."
            ),
        ),
    ],
)
def test_records_under_a_key_are_found(read: Reader, content: bytes, note: str) -> None:
    reading = read(content, "t.json")
    assert reading.rows == [("1",), ("2",)]
    assert reading.facts.notes == (note,)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"x": {"p": 1, "q": 2}, "y": {"p": 3, "q": 4}}', "'x', 'y', each with 'p', 'q'"),
        (b'{"0": {"0": 1}, "1": {"0": 3}}', "Either may be the columns"),
        (b'{"train": [{"a": 1}], "test": [{"a": 2}]}', "2 lists of rows: 'train', 'test'"),
        (b'{"0": "x", "1": "y"}', "as pandas writes a series"),
        (b'{"data": {"0": {"a": 1}}}', "object of nested objects ('data')"),
        (
            b'{"a": {"0": 1, "1": 2}, "b": {"0": 1}}',
            "not equally long: 'a' has 2 rows and 'b' has 1",
        ),
        (b'{"a": {"0": 1, "1": 2}, "b": {"1": 1, "0": 2}}', "the same rows in the same order"),
        (b'{"a": [1, 2], "b": [3]}', "not equally long"),
        (
            b'{"columns": ["a", "b"], "data": [[1, 2], [3]]}',
            "Row 2 of the JSON list has 1 cell; 2 were expected",
        ),
        (b'{"columns": ["a"], "index": ["x"], "data": [[1], [2]]}', "names fewer rows than it has"),
        (b"[[1, 2], 3]", "Row 2 of the JSON list is not a list"),
        (b'{"a": {"0": 1, "1": 2}, "b": {"0": 1,', "Line 1"),
        (b'{"a": {}, "b": {}}', "each with"),
    ],
)
def test_json_that_is_not_a_table_or_may_be_two_is_refused(
    read: Reader, content: bytes, said: str
) -> None:
    assert said in read.problem(content, "t.json")


def test_an_ambiguous_form_is_read_as_asked(read: Reader) -> None:
    content = b'{"x": {"p": 1, "q": 2}, "y": {"p": 3, "q": 4}}'
    by_column = read(content, "t.json", orient="columns")
    assert (by_column.facts.columns, by_column.rows) == (
        ("index", "x", "y"),
        [("p", "1", "3"), ("q", "2", "4")],
    )
    by_row = read(content, "t.json", orient="index")
    assert (by_row.facts.columns, by_row.rows) == (
        ("index", "p", "q"),
        [("x", "1", "2"), ("y", "3", "4")],
    )


def test_a_form_that_the_document_does_not_have_is_refused(read: Reader) -> None:
    assert "looks like 'records'" in read.problem(b'[{"a": 1}]', "t.json", orient="columns")


def test_lines_with_nested_objects_stay_lines(read: Reader) -> None:
    reading = read(b'{"a": {"0": 1}, "b": [1]}\n{"a": {"0": 2}, "b": []}\n', "t.json")
    assert reading.facts.format is FileFormat.JSON_LINES
    assert reading.rows == [('{"0": 1}', "[1]"), ('{"0": 2}', "[]")]


@pytest.mark.parametrize("orient", ["columns", "index", "split", "values"])
def test_a_long_document_is_read_across_the_pieces_it_is_read_in(read: Reader, orient: str) -> None:
    n_rows = 12_345
    texts = [f'row {n} é \\ " }}, {{' + "x" * (n % 90) for n in range(n_rows)]
    frame = pd.DataFrame({"n": range(n_rows), "text": texts})
    reading = read(frame.to_json(orient=orient).encode(), "t.json")  # type: ignore[call-overload]
    assert reading.rows == [
        (str(n), text) for n, text in zip(frame["n"], frame["text"], strict=True)
    ]


def test_a_value_beyond_the_limit_is_refused_in_every_form(read: Reader) -> None:
    limits = ReadLimits(max_value_bytes=1024 * 1024)
    for content in (
        b'{"a": {"0": "%s", "1": ""}}',
        b'[["%s"]]',
        b'{"a": ["%s"]}',
        b'{"data": [{"a": "%s"}]}',
    ):
        assert "longer than 1 MB" in read.problem(content % (b"x" * 3_000_000), "t.json", limits)


@pytest.mark.parametrize(
    "content", ["{'a': {'0': 01}}", '{"a": {"0": 1}} {"a": {"0": 1}} x', '{"a": {"0": 1}']
)
def test_broken_documents_are_refused(read: Reader, content: str) -> None:
    assert read.problem(content.encode(), "t.json")
