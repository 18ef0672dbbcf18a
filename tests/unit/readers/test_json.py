"""JSON records and JSON Lines: values keep the text that they were written with."""

from __future__ import annotations

import json

import pytest

from projects.readers import FileFormat, ReadLimits
from tests.unit.readers.conftest import Reader

RECORDS = b"""[
  {"id": 12345678901234567890, "price": 1.0, "tiny": 1e-7, "ok": true, "note": null},
  {"id": 7, "price": 2.50, "ok": false, "note": "caf\\u00e9, \\"x\\"\\nline", \
"tags": ["a", 1.0, {"b": null}]}
]
"""
EXPECTED = [
    ("12345678901234567890", "1.0", "1e-7", "True", None, None),
    ("7", "2.50", None, "False", 'café, "x"\nline', '["a", 1.0, {"b": null}]'),
]


def test_list_of_objects_keeps_every_digit(read: Reader) -> None:
    reading = read(RECORDS, "table.json")
    assert reading.facts.columns == ("id", "price", "tiny", "ok", "note", "tags")
    assert reading.rows == EXPECTED
    assert reading.facts.format is FileFormat.JSON


def test_one_object_per_line_reads_the_same(read: Reader) -> None:
    lines = b"\n\n".join(line.strip().rstrip(b",") for line in RECORDS.splitlines()[1:-1])
    reading = read(lines, "table.jsonl")
    assert (reading.rows, reading.facts.format) == (EXPECTED, FileFormat.JSON_LINES)


@pytest.mark.parametrize("name", ["table.txt", "table.csv", "table"])
def test_content_goes_before_the_name(read: Reader, name: str) -> None:
    assert read(RECORDS, name).rows == EXPECTED


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_other_encodings_are_read(read: Reader, codec: str) -> None:
    assert read('[{"città": "Köln"}]'.encode(codec), "t.json").rows == [("Köln",)]


def test_many_records_across_the_pieces_that_are_read_at_once(read: Reader) -> None:
    records = [{"n": n, "text": f'row {n} é \\ " ' + "x" * (n % 700)} for n in range(9000)]
    for content in (
        json.dumps(records, indent=1),
        json.dumps(records, ensure_ascii=False, separators=(",", ":")),
    ):
        assert read(content.encode(), "t.json").rows == [
            (str(record["n"]), record["text"]) for record in records
        ]


def test_a_record_longer_than_a_piece_is_read_whole(read: Reader) -> None:
    long = "y" * 3_000_000
    assert read(json.dumps([{"a": long}, {"a": "b"}]).encode(), "t.json").rows == [(long,), ("b",)]


def test_a_csv_with_a_bracket_is_not_json(read: Reader) -> None:
    assert read(b"[id],{x}\n1,2\n", "t.csv").rows == [("1", "2")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'[{"a": 1},\n{"a": 2},\n{"a": }\n]', "Line 3 is not valid JSON"),
        (b'[{"a": 1},\n\n{"a": 2', "Line 3 is not valid JSON"),
        (b'[{"a": 1}\n', "found the end of the file where ','"),
        (b'[{"a": 1}\n{"a": 2}]', "Line 2: found '{' where ','"),
        (b'[{"a": 1},\n]', "found a comma but no object"),
        (b'[{"a": 1}]\n[{"a": 2}]', "Line 2: there is more text"),
        (b'[{"a": 1},\n 5]', "Record 2 (line 2) is a number"),
        (b'[{"a": 1}, "x"]', "Record 2 (line 1) is a text"),
        (b'[{"a": 1,\n"a": 2}]', "has the key 'a' twice"),
        (b'[{"a": "x\\u0000y"}]', "NUL character"),
        (b'[{"a": "\\ud800"}]', "surrogate"),
        (b'[{"a": 1, "\\ud800": 1}]', "the name of column 2 has a NUL or half of a surrogate pair"),
        (b'{"x\\u0000": 1}', "the name of column 1 has a NUL"),
        (b'{"columns": ["\\udfff"], "data": [[1]]}', "the name of column 1 has a NUL or half"),
        (b'{"' + b"x" * 6_000 + b'": 1}', "has 6,000 characters; at most 5,000"),
        (b'[{"a": ' + b"[" * 100_000 + b"]}]", "nested too deeply"),
        (b"[]", "holds no records"),
        (b"[{}]", "all empty"),
        (b"[1, 2, 3]", "does not begin with a list of objects"),
        (b'"text"', "does not begin with a list of objects"),
        (b'{"a":\n 1}', "first line is not a whole one"),
        (b'{"a": 1}\n{"a": 2}\n{"a": 3\n', "Line 3 is not valid JSON"),
        (b'{"a": 1}\n\n[1]\n', "Line 3 is a list"),
        (b'{"a": 1, "a": 2}\n', "Line 1 has the key 'a' twice"),
        (b'{"a": 1, "A": 2}\n', "upper and lower case"),
    ],
)
def test_broken_json_is_refused_with_its_place(read: Reader, content: bytes, said: str) -> None:
    assert said in read.problem(content, "t.json")


def test_an_unclosed_text_in_a_long_file_is_named_without_reading_it_all(read: Reader) -> None:
    content = b'[{"a": 1},\n{"a": "open},\n' + b'{"a": 1},\n' * 400_000 + b"]"
    assert read.problem(content, "t.json").startswith(
        "Line 2 is not valid JSON: Invalid control character"
    )


def test_a_record_beyond_the_limit_is_named(read: Reader) -> None:
    content = b'[{"a": 1},\n{"a": "' + b"x" * 5_000_000 + b'"}]'
    assert "begins on line 2 is longer" in read.problem(
        content, "t.json", ReadLimits(max_value_bytes=1024 * 1024)
    )


def _many(record: dict[str, object], n: int = 60_000) -> list[str]:
    """Return records that fill more than one piece of what is read at once, as texts."""
    return [json.dumps({"n": n, **record}) for n in range(n)]


def test_a_record_unlike_the_others_between_many_keeps_its_place(read: Reader) -> None:
    records = _many({"text": "a }, { b", "ok": True})
    records[30_000] = '{"n": 1.50, "new": [1.0, {"a": "},{"}], "text": null}'
    records[59_999] = '{"text": "", "n": -0}'
    reading = read(f"[{','.join(records)}]".encode(), "t.json")
    assert reading.facts.columns == ("n", "text", "ok", "new")
    assert reading.rows[29_999] == ("29999", "a }, { b", "True", None)
    assert reading.rows[30_000] == ("1.50", None, None, '[1.0, {"a": "},{"}]')
    assert reading.rows[30_001] == ("30001", "a }, { b", "True", None)
    assert reading.rows[59_998:] == [("59998", "a }, { b", "True", None), ("-0", None, None, None)]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ('{"n": 1, "n": 2}', "Record 30,001 (line 30001) has the key 'n' twice"),
        ('{"n": 1, "text": "\\u0000"}', "NUL character"),
        ('{"n": 1,, "text": ""}', "Line 30,001 is not valid JSON"),
        ("7", "Record 30,001 (line 30001) is a number"),
        ('{"n": "\\udc00", "text": ""}', "surrogate"),
    ],
)
def test_a_fault_among_many_records_is_named_with_its_place(
    read: Reader, broken: str, said: str
) -> None:
    records = _many({"text": "x"})
    records[30_000] = broken
    assert said.replace("30001)", "30,001)") in read.problem(
        ("[" + ",\n".join(records) + "]").encode(), "t.json"
    )


def test_records_without_a_key_that_others_have_have_an_empty_cell(read: Reader) -> None:
    records = [*_many({"first": 1}), *_many({"last": False})]
    reading = read(f"[{','.join(records)}]".encode(), "t.json")
    assert (reading.rows[0], reading.rows[-1]) == (("0", "1", None), ("59999", None, "False"))
    assert len(reading.rows) == 120_000
