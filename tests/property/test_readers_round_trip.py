"""Any table of texts, written in any of the ways people write tables, reads back cell by cell."""

from __future__ import annotations

import csv
import io
import json
import string
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xlwt
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from projects.readers import ReadLimits, ReadOptions, csv_reader, read_table
from projects.readers.encoding_names import ENCODING_NAMES
from studio.engine.errors import DataProblem
from studio.engine.progress import Silent
from studio.exports import stream_exact_csv, stream_json, write_parquet, write_xlsx
from tests.unit.readers.binary_workbooks import ods, ods_cell, ods_row, xlsb

Table = list[list[str]]

# Whatever Unicode has, but for NUL (refused) and halves of surrogate pairs (no characters).
ANY_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
AWKWARD = st.text(
    st.sampled_from(list(",;|\t\"'\\ \r\n#=-+@ab\u00a0\ufeff\u2028\x0b\x0c\x1c\x85é很01.")),
    max_size=8,
)
NUMBER_LIKE = [
    "007",
    "12345678901234567890",
    "NA",
    "null",
    "nan",
    "-",
    "1e5",
    "1.0",
    "TRUE",
    "2024-01-31",
    " padded ",
]
QUOTE_LIKE = ['"', '""', "'", "=1+1", "\\N", "\\", "\r", "\n", "\r\n"]
TRICKY = st.sampled_from([*NUMBER_LIKE, *QUOTE_LIKE])
CELLS = st.one_of(ANY_TEXT, AWKWARD, TRICKY)
LATIN_CELLS = st.one_of(
    TRICKY,
    st.text(st.sampled_from(string.ascii_letters + string.digits + ',;|\t"\r\n -'), max_size=8),
    st.builds(
        lambda a, b, c: f"{a}n{b}r{c}", *[st.sampled_from(["", "é", "ü", "ß", "€", "–", "“"])] * 3
    ),
)


@st.composite
def tables(draw: st.DrawFn, cells: st.SearchStrategy[str] = CELLS) -> Table:
    n_columns = draw(st.integers(1, 5))
    return draw(
        st.lists(st.lists(cells, min_size=n_columns, max_size=n_columns), min_size=1, max_size=8)
    )


def header_of(table: Table) -> list[str]:
    return [f"column {chr(97 + position)}" for position in range(len(table[0]))]


def read_back(content: bytes, filename: str, **options: Any) -> list[tuple[str | None, ...]]:
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "upload", Path(folder) / "out.parquet"
        source.write_bytes(content)
        asked = ReadOptions(**options)
        read_table(source, filename, out, progress=Silent(), limits=ReadLimits(), options=asked)
        columns = [column.to_pylist() for column in pq.read_table(out).columns]
    assert columns[0] == list(range(len(columns[0])))
    return list(zip(*columns[1:], strict=True))


def expected(table: Sequence[Sequence[str]]) -> list[tuple[str | None, ...]]:
    return [tuple(cell or None for cell in row) for row in table]


def as_csv(table: Table, delimiter: str, quoting: int, line_end: str) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, quoting=quoting, lineterminator=line_end)  # type: ignore[arg-type]
    writer.writerows([header_of(table), *table])
    return buffer.getvalue()


def is_written_well(table: Table, delimiter: str, quoting: int, line_end: str) -> bool:
    """Whether Python's own reader understands it: its writer leaves some lone CR and LF without
    quotes.
    """
    text = as_csv(table, delimiter, quoting, line_end)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    return list(rows) == [header_of(table), *table]


@settings(max_examples=150, deadline=None)
@given(
    table=tables(),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
@example(
    table=[["a\nb", "1"]], delimiter=";", quoting=csv.QUOTE_MINIMAL, line_end="\r\n", codec="utf-16"
)
def test_csv_reads_back_equal(
    table: Table, delimiter: str, quoting: int, line_end: str, codec: str
) -> None:
    assume(is_written_well(table, delimiter, quoting, line_end))
    assume(len(table[0]) > 1 or delimiter == ",")  # a single column has no delimiter to be found
    text = as_csv(table, delimiter, quoting, line_end)
    assert read_back(text.encode(codec), "table.csv") == expected(table)
    options = {"encoding": codec, "delimiter": delimiter, "quotes": '"', "has_header": True}
    assert read_back(text.encode(codec), "table.csv", **options) == expected(table)


# Characters that mean a shift or a yen sign in some encodings, or are written like others.
AMBIGUOUS = frozenset("\0\x1b\x0e\x0f~\\¢£¬‖−〜")
# All alphabets, and some of the ideographs.
CODE_POINTS = [*range(0x3400), *range(0x3400, 0x30000, 16)]


@cache
def characters_of(codec: str) -> list[str]:
    """Return the characters that the encoding has.

    `st.characters(codec=…)` looks for them among all of Unicode, which takes a second for each
    encoding.
    """
    found = []
    for char in map(chr, CODE_POINTS):
        try:
            char.encode(codec)
        except UnicodeEncodeError:
            continue
        found.append(char)
    return [char for char in found if char not in AMBIGUOUS]


@st.composite
def encoded_tables(draw: st.DrawFn) -> tuple[str, Table]:
    """An encoding, and a table of characters that it has."""
    codec = draw(
        st.sampled_from([codec for codec in ENCODING_NAMES if not codec.startswith("utf")])
    )
    text = st.text(st.sampled_from(characters_of(codec)), max_size=8)
    return codec, draw(tables(st.one_of(TRICKY.filter(lambda cell: "\\" not in cell), text)))


@settings(max_examples=80, deadline=None)
@given(encoded=encoded_tables(), delimiter=st.sampled_from(",;\t"))
def test_csv_in_a_named_encoding_reads_back_equal(
    encoded: tuple[str, Table], delimiter: str
) -> None:
    codec, table = encoded
    assume(len(table[0]) > 1 or delimiter == ",")
    text = as_csv(table, delimiter, csv.QUOTE_ALL, "\r\n")
    assume(text.encode(codec).decode(codec) == text)
    assert read_back(text.encode(codec), "table.csv", encoding=codec, quotes='"') == expected(table)


@settings(max_examples=60, deadline=None)
@given(table=tables(LATIN_CELLS), delimiter=st.sampled_from(",;\t|"))
def test_csv_in_windows_1252_is_known_by_its_words(table: Table, delimiter: str) -> None:
    header = ["très élevé", *header_of(table), "qualité – “ça va”"]
    rows = [header, *(["déçu par le café", *row, "où est-ce, là"] for row in table)]
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    found = read_back(buffer.getvalue().encode("cp1252"), "table.csv", quotes='"')
    assert found == expected(rows[1:])


@settings(max_examples=60, deadline=None)
@given(table=tables())
def test_json_reads_back_equal(table: Table) -> None:
    records = [dict(zip(header_of(table), row, strict=True)) for row in table]
    assert read_back(json.dumps(records).encode(), "t.json") == expected(table)
    lines = "\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    assert read_back(lines.encode(), "t.jsonl") == expected(table)
    assert read_back(
        json.dumps({"n": len(records), "data": records}).encode(), "t.json"
    ) == expected(table)


@settings(max_examples=30, deadline=None)
@given(table=tables(), indent=st.sampled_from([None, 1]))
def test_json_in_every_orient_of_pandas_reads_back_equal(table: Table, indent: int | None) -> None:
    frame = pd.DataFrame(table, columns=header_of(table), dtype=object)
    for orient in ("columns", "index", "split", "table", "values"):
        form = json.loads(frame.to_json(orient=orient))  # type: ignore[call-overload]
        for ensure_ascii in (True, False):
            content = json.dumps(form, indent=indent, ensure_ascii=ensure_ascii).encode()
            assert read_back(content, "t.json") == expected(table)


SHEET_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=12
)
SHEET_CELLS = st.one_of(
    SHEET_TEXT, st.sampled_from(NUMBER_LIKE), st.text(st.sampled_from("a \t\n<&>\"'"), max_size=6)
)


@settings(max_examples=40, deadline=None)
@given(table=tables(SHEET_CELLS))
def test_workbooks_of_the_other_kinds_read_back_equal(table: Table) -> None:
    rows = [row for row in table if any(row)]
    assume(bool(rows))
    named = [header_of(rows), *rows]
    xml = "".join(ods_row(*map(ods_cell, row)) for row in named)
    assert read_back(ods({"Sheet": xml}), "t.ods") == expected(rows)
    cells = {number: dict(enumerate(row)) for number, row in enumerate(named)}
    assert read_back(xlsb({"Sheet": cells}), "t.xlsb") == expected(rows)
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Sheet")
    for number, row in enumerate(named):
        for column, cell in enumerate(row):
            sheet.write(number, column, cell)
    buffer = io.BytesIO()
    book.save(buffer)
    assert read_back(buffer.getvalue(), "t.xls") == expected(rows)


def batches(table: Table) -> list[pa.RecordBatch]:
    columns = [pa.array(list(cells), pa.string()) for cells in zip(*table, strict=True)]
    batch = pa.RecordBatch.from_arrays(columns, names=header_of(table))
    return [batch.slice(0, 2), batch.slice(2)]


@settings(max_examples=300, deadline=None)
@example("a,b\r1,2\r\n3,4")
@example("a,b\n1,2\n\n3,4\n\n")
@example("\n\na,b\n,\n")
@example("a,b\n1,2\n3")
@given(st.text(st.sampled_from("ab1,,,\n\n\r é\x0b\x1c\u2028'=#\\"), max_size=40))
def test_text_without_quotes_is_read_at_once_as_it_is_row_by_row(text: str) -> None:
    with mock.patch.object(csv_reader, "is_plain", return_value=False):
        row_by_row = outcome(text)
    assert outcome(text) == row_by_row


def outcome(text: str) -> list[tuple[str | None, ...]] | str:
    try:
        return read_back(text.encode(), "t.csv")
    except DataProblem as problem:
        return str(problem)


@given(table=tables())
def test_exact_csv_is_byte_for_byte_what_pythons_csv_module_writes(table: Table) -> None:
    header, rows = header_of(table), [tuple(row) for row in table]
    batch = pa.RecordBatch.from_arrays(
        [pa.array(column, pa.string()) for column in zip(*rows, strict=True)], header
    )
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([header, *rows])
    assert b"".join(stream_exact_csv(header, [batch])) == buffer.getvalue().encode()


@settings(max_examples=60, deadline=None)
@given(table=tables())
def test_every_exact_export_reads_back_equal(table: Table) -> None:
    header = header_of(table)
    assert read_back(b"".join(stream_exact_csv(header, batches(table))), "t.csv") == expected(table)
    assert read_back(b"".join(stream_json(header, batches(table))), "t.json") == expected(table)
    with tempfile.TemporaryDirectory() as folder:
        write_parquet(Path(folder) / "t.parquet", header, batches(table))
        assert read_back((Path(folder) / "t.parquet").read_bytes(), "t") == expected(table)


@settings(max_examples=60, deadline=None)
@given(table=tables())
def test_workbook_reads_back_equal_but_for_formulas(table: Table) -> None:
    rows = [row for row in table if any(row)]
    assume(bool(rows))
    with tempfile.TemporaryDirectory() as folder:
        write_xlsx(Path(folder) / "t.xlsx", header_of(rows), batches(rows))
        found = read_back((Path(folder) / "t.xlsx").read_bytes(), "t")
    unneutralised = [tuple(_without_apostrophe(cell) for cell in row) for row in found]
    assert unneutralised == [
        tuple(_without_apostrophe(cell) for cell in row) for row in expected(rows)
    ]


def _without_apostrophe(cell: str | None) -> str | None:
    return cell[1:] if cell and cell[0] == "'" and cell[1:2] in tuple("=+-@\t\r\n") else cell
