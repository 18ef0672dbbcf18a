"""Exports: what is written reads back, and a spreadsheet program runs none of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from projects.readers import ReadLimits, read_table
from studio.engine.errors import DataProblem
from studio.engine.progress import Silent
from studio.exports import (
    stream_csv,
    stream_exact_csv,
    stream_json,
    stream_safe_csv,
    workbook,
    write_parquet,
    write_xlsx,
)

RUN = [
    "=1+1", "= 1+1", "+SUM(A1)", "-2+3", "- 2 + 3", "@cmd", "@SUM(1)", "\t=1",
    "=cmd|' /C calc'!A0", "--", "+A1",
    "-1+cmd|' /C calc'!A0", "+49-170-1", "@user - hi", "-wow WEBSERVICE (A1)", "＝1+1", "＋SUM(A1)",
    "－A1",
    "＠SUM(A1)",
    '=HYPERLINK("https://example.org/?"&A1,"more")',
]  # fmt: skip
RUN_WHEN_PARTED = {
    "1;=A1": "1;'=A1",
    'x; "=A1': "x; \"'=A1",
    "a;+SUM(A1);=B2": "a;'+SUM(A1);'=B2",
    "fine;@cmd|' /C calc'!A0": "fine;'@cmd|' /C calc'!A0",
    "one line\n=A1": "one line\n'=A1",
    "one\r\n-SUM(A1)": "one\r\n'-SUM(A1)",
    "\n=1": "'\n'=1",
}
NOT_RUN = [
    "-3.5", "+4", "-1e-7", "-1,200", "-12%", "-5 °C", "-5kg", "-$5", "-€ 5", "007", " =1", "a=b",
    "", "'tis",
    "12345678901234567890", "-", "=", "+49 30 123", "+49 (30) 123-45", "- none -", "-- the end",
    "@you thanks for that!", "+ fast delivery\n- no manual", "=) nice", "so it goes ;-)", "a; b",
    "-.5",
    "2024-01-31", "x;-3",
]  # fmt: skip


def batch(**columns: object) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(columns)


def parsed(stream: Iterator[bytes]) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(stream).decode(), newline=""), strict=True))


def read_back(path: Path) -> list[tuple[str | None, ...]]:
    out = path.with_suffix(".out")
    read_table(path, path.name, out, progress=Silent(), limits=ReadLimits())
    return list(
        zip(*[column.to_pylist() for column in pq.read_table(out).columns[1:]], strict=True)
    )


def guarded(cells: list[str], *, columns: str = "text") -> list[str]:
    rows = parsed(
        stream_csv(["n", "text"], [batch(n=range(len(cells)), text=cells)], guarded={columns})
    )
    return [row[1] for row in rows[1:]]


def safe(cells: list[str]) -> list[str]:
    rows = parsed(stream_safe_csv(["n", "text"], [batch(n=range(len(cells)), text=cells)]))
    return [row[1] for row in rows[1:]]


def test_what_a_spreadsheet_would_run_gets_an_apostrophe_in_the_columns_named() -> None:
    assert guarded(RUN) == [f"'{text}" for text in RUN]
    assert guarded(RUN, columns="n") == RUN


def test_formula_behind_a_semicolon_or_line_break_gets_an_apostrophe() -> None:
    assert guarded(list(RUN_WHEN_PARTED)) == list(RUN_WHEN_PARTED.values())


def test_what_no_spreadsheet_runs_stays_as_it_is() -> None:
    assert guarded(NOT_RUN) == NOT_RUN


def test_column_names_are_only_altered_when_asked() -> None:
    assert parsed(stream_csv(["=1+1", "@text", "-5"], [], guarded={"@text"}))[0] == [
        "=1+1",
        "@text",
        "-5",
    ]
    assert parsed(stream_safe_csv(["=1+1", "@text", "-5"], []))[0] == ["'=1+1", "'@text", "-5"]


def test_safe_csv_has_no_cell_that_begins_as_a_formula_does_and_leaves_numbers() -> None:
    begin = [*RUN, "- none -", "@you thanks for that!", "-- the end", "=) nice", "＠billing"]
    assert safe(begin) == [f"'{text}" for text in begin]
    numbers = ["-3.5", "+4", "-1,200", "-5 °C", "+49 30 123", "+49 (30) 123-45", "", "-", "x"]
    assert safe(numbers) == numbers
    assert safe(["1;- none -", "a\n+ b"]) == ["1;'- none -", "a\n'+ b"]


def test_exact_csv_alters_nothing() -> None:
    cells = [
        *RUN,
        *RUN_WHEN_PARTED,
        *NOT_RUN,
        'say "hi"',
        "a,b",
        "one\r\ntwo",
        "bare\rreturn",
        "  padded  ",
        "ünïcödé 很好",
    ]
    rows = parsed(stream_exact_csv(["=n", "text"], [batch(n=["1"] * len(cells), text=cells)]))
    assert rows[0] == ["=n", "text"]
    assert [row[1] for row in rows[1:]] == cells


def test_typed_values_are_written_canonically_in_csv() -> None:
    score = pa.array([0.3, 1.0, None], pa.float32())
    columns = [pa.array([True, False, None]), pa.array([1, -2, None]), score]
    batch = pa.RecordBatch.from_arrays(columns, names=["a", "b", "c"])
    rows = parsed(stream_safe_csv(["flag", "n", "score"], [batch]))
    assert rows[1:] == [["True", "1", "0.3"], ["False", "-2", "1.0"], ["", "", ""]]


def test_csv_comes_in_pieces_without_reading_ahead() -> None:
    taken = []

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(1000):
            taken.append(number)
            yield batch(text=["x"])

    stream = stream_exact_csv(["text"], batches())
    next(stream), next(stream)
    assert len(taken) == 1


def test_json_keeps_types_and_text_and_has_no_nan() -> None:
    values = [
        batch(
            text=["=1+1", None],
            n=[1, 2],
            score=pa.array([0.3, float("nan")], pa.float32()),
            flag=[True, None],
        ),
        batch(text=["很好"], n=[3], score=pa.array([float("inf")], pa.float32()), flag=[False]),
    ]
    assert json.loads(b"".join(stream_json(["text", "n", "score", "flag"], values))) == [
        {"text": "=1+1", "n": 1, "score": 0.3, "flag": True},
        {"text": None, "n": 2, "score": None, "flag": None},
        {"text": "很好", "n": 3, "score": None, "flag": False},
    ]


def test_json_of_no_rows_is_an_empty_list() -> None:
    assert json.loads(b"".join(stream_json(["a"], []))) == []


def test_parquet_keeps_types_and_names(tmp_path: Path) -> None:
    write_parquet(
        tmp_path / "t.parquet",
        ["given text", "n"],
        [batch(a=["=1"], b=[1]), batch(a=[None], b=[2])],
    )
    table = pq.read_table(tmp_path / "t.parquet")
    assert table.to_pydict() == {"given text": ["=1", None], "n": [1, 2]}


def test_parquet_of_no_rows_has_its_columns(tmp_path: Path) -> None:
    write_parquet(tmp_path / "t.parquet", ["a", "b"], [])
    assert pq.read_table(tmp_path / "t.parquet").column_names == ["a", "b"]


def test_xlsx_holds_no_formula_and_reads_back(tmp_path: Path) -> None:
    cells = [
        "=1+1",
        "#N/A",
        "-3.5",
        "TRUE",
        "007",
        "one\r\ntwo",
        "bell \x07 _x0041_ end",
        " padded ",
        "2024-01-31",
        "很好",
    ]
    path = tmp_path / "t.xlsx"
    write_xlsx(path, ["text", "n"], [batch(text=cells, n=range(len(cells)))])
    stored = openpyxl.load_workbook(path).active
    assert stored is not None
    assert {cell.data_type for (cell,) in stored.iter_rows(max_col=1)} == {"s"}
    assert read_back(path) == [(text, str(n)) for n, text in enumerate(cells)]


def test_xlsx_keeps_numbers_and_truth_values(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    write_xlsx(path, ["score", "flag"], [batch(score=[0.25, float("nan")], flag=[True, False])])
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    assert list(sheet.values) == [("score", "flag"), (0.25, True), (None, False)]


def test_a_cell_too_long_for_a_sheet_is_refused_not_cut(tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match=r"row 3 of the sheet has 40,000 characters"):
        write_xlsx(tmp_path / "t.xlsx", ["text"], [batch(text=["short", "x" * 40_000])])
    assert list(tmp_path.iterdir()) == []


def test_more_columns_than_a_sheet_holds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match="CSV or Parquet"):
        write_xlsx(
            tmp_path / "t.xlsx", [f"c{n}" for n in range(workbook.MAX_SHEET_COLUMNS + 1)], []
        )


def test_more_rows_than_a_sheet_holds_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MAX_SHEET_ROWS", 100)
    write_xlsx(tmp_path / "t.xlsx", ["n"], [batch(n=range(99))])
    with pytest.raises(DataProblem, match="more than 99 rows"):
        write_xlsx(tmp_path / "t.xlsx", ["n"], [batch(n=range(60)), batch(n=range(40))])


def test_columns_beyond_z_have_the_addresses_that_spreadsheets_give_them(tmp_path: Path) -> None:
    names = [f"c{n}" for n in range(730)]
    path = tmp_path / "t.xlsx"
    write_xlsx(path, names, [batch(**{name: [n] for n, name in enumerate(names)})])
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    assert [sheet[f"{letters}2"].value for letters in ("A", "Z", "AA", "ZZ", "AAA", "ABB")] == [
        0,
        25,
        26,
        701,
        702,
        729,
    ]
    assert sheet.freeze_panes == "A2"


def test_markup_in_cells_and_names_is_text(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    write_xlsx(path, ["<b>&amp;"], [batch(a=["</t></is></c>", "a & b < c > d", "]]>"])])
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    assert [row[0] for row in sheet.values] == ["<b>&amp;", "</t></is></c>", "a & b < c > d", "]]>"]
