"""Any table of texts, written in any of the ways people write tables, reads back cell by cell."""

from __future__ import annotations

import csv
import io
import json
import string
import tempfile
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from projects.readers import ReadLimits, csv_reader, read_table
from studio.engine.errors import DataProblem
from studio.engine.progress import Silent
from studio.exports import stream_exact_csv, stream_json, write_parquet, write_xlsx

Table = list[list[str]]

# Whatever Unicode has, but for NUL (refused) and halves of surrogate pairs (no characters).
ANY_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
AWKWARD = st.text(st.sampled_from(list(",;|\t\"'\\ \r\n#=-+@ab\u00a0\ufeff\u2028\x0b\x0c\x1c\x85é很01.")), max_size=8)
NUMBER_LIKE = ["007", "12345678901234567890", "NA", "null", "nan", "-", "1e5", "1.0", "TRUE", "2024-01-31", " padded "]
QUOTE_LIKE = ['"', '""', "'", "=1+1", "\\N", "\\", "\r", "\n", "\r\n"]
TRICKY = st.sampled_from([*NUMBER_LIKE, *QUOTE_LIKE])
CELLS = st.one_of(ANY_TEXT, AWKWARD, TRICKY)
LATIN_CELLS = st.one_of(
    TRICKY,
    st.text(st.sampled_from(string.ascii_letters + string.digits + ',;|\t"\r\n -'), max_size=8),
    st.builds(lambda a, b, c: f"{a}n{b}r{c}", *[st.sampled_from(["", "é", "ü", "ß", "€", "–", "“"])] * 3),
)


@st.composite
def tables(draw: st.DrawFn, cells: st.SearchStrategy[str] = CELLS) -> Table:
    n_columns = draw(st.integers(1, 5))
    return draw(st.lists(st.lists(cells, min_size=n_columns, max_size=n_columns), min_size=1, max_size=8))


def header_of(table: Table) -> list[str]:
    return [f"column {chr(97 + position)}" for position in range(len(table[0]))]


def read_back(content: bytes, filename: str) -> list[tuple[str | None, ...]]:
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "upload", Path(folder) / "out.parquet"
        source.write_bytes(content)
        read_table(source, filename, out, progress=Silent(), limits=ReadLimits())
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
    """Whether Python's own reader understands it: its writer leaves some lone CR and LF without quotes."""
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
@example(table=[["a\nb", "1"]], delimiter=";", quoting=csv.QUOTE_MINIMAL, line_end="\r\n", codec="utf-16")
def test_csv_reads_back_equal(table: Table, delimiter: str, quoting: int, line_end: str, codec: str) -> None:
    assume(is_written_well(table, delimiter, quoting, line_end))
    assume(len(table[0]) > 1 or delimiter == ",")  # a single column has no delimiter to be found
    text = as_csv(table, delimiter, quoting, line_end)
    assert read_back(text.encode(codec), "table.csv") == expected(table)


@settings(max_examples=60, deadline=None)
@given(table=tables(LATIN_CELLS), delimiter=st.sampled_from(",;\t|"))
def test_csv_in_windows_1252_reads_back_equal(table: Table, delimiter: str) -> None:
    assume(len(table[0]) > 1 or delimiter == ",")
    assert read_back(as_csv(table, delimiter, csv.QUOTE_ALL, "\r\n").encode("cp1252"), "table.csv") == expected(table)


@settings(max_examples=60, deadline=None)
@given(table=tables())
def test_json_reads_back_equal(table: Table) -> None:
    records = [dict(zip(header_of(table), row, strict=True)) for row in table]
    assert read_back(json.dumps(records).encode(), "t.json") == expected(table)
    lines = "\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    assert read_back(lines.encode(), "t.jsonl") == expected(table)


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
    batch = pa.RecordBatch.from_arrays([pa.array(column, pa.string()) for column in zip(*rows, strict=True)], header)
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
    assert unneutralised == [tuple(_without_apostrophe(cell) for cell in row) for row in expected(rows)]


def _without_apostrophe(cell: str | None) -> str | None:
    return cell[1:] if cell and cell[0] == "'" and cell[1:2] in tuple("=+-@\t\r\n") else cell
