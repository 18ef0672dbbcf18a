"""A file that lacks a column is refused at its header, before its rows are read."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from projects.readers import ReadLimits, read_table
from studio.engine.errors import DataProblem
from studio.engine.progress import Silent
from studio.engine.table.required_columns import RequiredColumns

N_ROWS = 50
WRITERS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    "rows.csv": lambda frame, path: frame.to_csv(path, index=False),
    "rows.csv.gz": lambda frame, path: frame.to_csv(path, index=False, compression="gzip"),
    "rows.tsv": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    "rows.parquet": lambda frame, path: frame.to_parquet(path, index=False),
    "rows.xlsx": lambda frame, path: frame.to_excel(path, index=False),
    "rows.jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True),
}


@pytest.mark.parametrize("name", WRITERS)
def test_missing_columns_are_all_named(name: str, tmp_path: Path) -> None:
    source, out = tmp_path / name, tmp_path / "out.parquet"
    WRITERS[name](pd.DataFrame({"a": ["x"] * N_ROWS, "b": "y"}), source)
    limits = ReadLimits(required=RequiredColumns(("a", "c", "d")))
    with pytest.raises(DataProblem, match=r"has no columns “c” and “d”"):
        read_table(source, name, out, progress=Silent(), limits=limits)
    assert not out.exists()


def test_rows_below_the_header_are_not_looked_at(tmp_path: Path) -> None:
    source, text = tmp_path / "rows.csv", io.StringIO()
    text.write("a,b\n" + "x,y\n" * N_ROWS + "x,y,too,many\n")
    source.write_text(text.getvalue())
    limits = ReadLimits(required=RequiredColumns(("c",)))
    with pytest.raises(DataProblem, match="has no column “c”"):
        read_table(source, source.name, tmp_path / "out.parquet", progress=Silent(), limits=limits)


def test_a_file_with_all_columns_is_read(tmp_path: Path) -> None:
    source = tmp_path / "rows.csv"
    source.write_text("b,a\n1,2\n")
    limits = ReadLimits(required=RequiredColumns(("a",)))
    facts = read_table(
        source, source.name, tmp_path / "out.parquet", progress=Silent(), limits=limits
    )
    assert facts.n_rows == 1


def test_a_column_that_stands_for_another_is_not_missing(tmp_path: Path) -> None:
    source = tmp_path / "rows.json"
    source.write_text('[{"b": 1}, {"b": 2, "A": 3}]')
    limits = ReadLimits(required=RequiredColumns(("a", "b"), {"a": "A"}))
    facts = read_table(
        source, source.name, tmp_path / "out.parquet", progress=Silent(), limits=limits
    )
    assert facts.columns == ("b", "A")
