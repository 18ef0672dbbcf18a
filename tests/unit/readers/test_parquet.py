"""Parquet: typed values become the text that a person would write."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from projects.readers import FileFormat, ReadLimits
from tests.unit.readers.conftest import Reader


def parquet(table: pa.Table, **options: object) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pa.array([1, -2, None]), ["1", "-2", None]),
        (pa.array([2**63], pa.uint64()), ["9223372036854775808"]),
        (pa.array([1.0, 0.1, 1e20, 1e-7, float("nan"), float("inf")]), ["1.0", "0.1", "1e+20",
        "1e-07", None, "inf"]),
        (pa.array([0.3, 16777216.0], pa.float32()), ["0.3", "16777216.0"]),
        (pa.array([0.5], pa.float16()), ["0.5"]),
        (pa.array([True, False, None]), ["True", "False", None]),
        (pa.array([Decimal("1.50")]), ["1.50"]),
        (pa.array([date(2024, 1, 31)]), ["2024-01-31"]),
        (pa.array([time(9, 30)]), ["09:30:00"]),
        (pa.array([datetime(2024, 1, 31), datetime(2024, 1, 31, 9, 30, 1, 500000)]),
         ["2024-01-31 00:00:00", "2024-01-31 09:30:01.5"]),
        (pa.array([1_700_000_000_123_456_789],
        pa.timestamp("ns")), ["2023-11-14 22:13:20.123456789"]),
        (pa.array([datetime(2024, 1, 31, tzinfo=UTC)]), ["2024-01-31 00:00:00+00:00"]),
        (pa.array([1_700_000_000], pa.timestamp("s",
        tz="Asia/Kolkata")), ["2023-11-15 03:43:20+05:30"]),
        (pa.array(["007", " x ", "", None, "NA"]), ["007", " x ", None, None, "NA"]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
        (pa.array([b"caf\xc3\xa9"]), ["café"]),
        (pa.array([["a", "é"], None]), ['["a", "é"]', None]),
        (pa.array([{"x": 1, "y": date(2024, 1, 31)}]), ['{"x": 1, "y": "2024-01-31"}']),
        (pa.nulls(2), [None, None]),
    ],
)  # fmt: skip
def test_values_become_canonical_text(
    read: Reader, values: pa.Array, texts: list[str | None]
) -> None:
    reading = read(parquet(pa.table({"v": values})), "t.parquet")
    assert [row[0] for row in reading.rows] == texts
    assert reading.facts.format is FileFormat.PARQUET


@pytest.mark.parametrize("value", [0.1, 1e-300, 1.7976931348623157e308, 1 / 3, 5e-324])
def test_floats_read_back_to_the_same_value(read: Reader, value: float) -> None:
    ((text,),) = read(parquet(pa.table({"v": [value]})), "t.parquet").rows
    assert float(text or "") == value


def test_a_frame_of_pandas_is_read_with_its_row_order(read: Reader) -> None:
    frame = pd.DataFrame({"n": range(120_000), "text": [f"row {n}" for n in range(120_000)]})
    reading = read(parquet(pa.Table.from_pandas(frame), row_group_size=7_000), "t.parquet")
    assert reading.rows[99_999] == ("99999", "row 99999")
    assert reading.row_ids == list(range(120_000))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (pa.table({"image": pa.array([b"\xff\xd8\xff"])}), "Column 'image' holds binary data"),
        (pa.table({"image": pa.array([{"bytes": b"x"}])}), "Column 'image' holds binary data"),
        (pa.table({"a": ["x\0y"]}), "NUL character"),
        (pa.table({"a": pa.array([], pa.string())}), "no rows"),
        (pa.table({}), "no columns"),
        (pa.table([[1], [2]], names=["a", "A"]), "upper and lower case"),
    ],
)
def test_tables_that_cannot_be_text_are_refused(read: Reader, table: pa.Table, said: str) -> None:
    assert said in read.problem(parquet(table), "t.parquet")


def test_damaged_files_are_refused(read: Reader) -> None:
    content = parquet(pa.table({"a": ["x"] * 1000}))
    assert "damaged" in read.problem(content[:-100], "t.parquet")
    assert "damaged" in read.problem(content[:20] + b"\0" * 30 + content[50:], "t.parquet")


def test_a_small_file_that_unpacks_without_end_is_refused(read: Reader) -> None:
    content = parquet(pa.table({"a": pa.array(["x" * 1000] * 20_000)}), compression="zstd")
    assert len(content) < 100_000
    assert "limit" in read.problem(content, "t.parquet", ReadLimits(max_unpacked_bytes=1_000_000))
