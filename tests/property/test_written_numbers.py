"""Python and SQL read every cell as the same number, whatever people type."""

from __future__ import annotations

from dataclasses import astuple

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio import cell_sql
from studio.engine.conventions import DECIMALS, Convention
from studio.engine.conventions.number_patterns import FOLDED_FROM
from studio.engine.conventions.written_numbers import number_evidence, read_numbers

_ALPHABET = (
    list("0123456789") * 4
    + list(".,.,.,  -+()%$€'_eE")
    + list(FOLDED_FROM)
    + ["EUR", "kr", "R$", "x", "é", " kg", "km/h", "m²", "Days", "h", "<", ">=", "≤ ", ":"]
)
_DIGITS = st.text("0123456789", min_size=1, max_size=4)
_MARKS = st.sampled_from([".", ",", " ", "'", "\u00a0", "\u202f", "’", ""])
_GROUPED = st.lists(st.tuples(_DIGITS, _MARKS), min_size=1, max_size=4).map(
    lambda pairs: "".join(digits + mark for digits, mark in pairs)
)
_SIGNED = st.tuples(
    st.sampled_from(["", "-", "−", "(", "$", "€ ", "+"]),
    _GROUPED,
    st.sampled_from(["", "-", ")", "%"]),
)
_DURATIONS = st.builds(
    "{}{}:{:02}{}{}".format,
    st.sampled_from(["", "-", "+", "<"]),
    st.integers(0, 2_000),
    st.integers(0, 61),
    st.sampled_from(["", ":59", ":7"]),
    st.sampled_from(["", ".5", ",25", " h"]),
)
CELLS = st.one_of(
    _DURATIONS,
    st.lists(st.sampled_from(_ALPHABET), max_size=12).map("".join),
    _SIGNED.map("".join),
    st.floats().map(repr),
    st.integers().map(str),
)


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@settings(deadline=None, max_examples=50)
@given(cells=st.lists(CELLS, min_size=1, max_size=40), convention=st.sampled_from(DECIMALS))
def test_sql_and_python_read_the_same_number(
    connection: duckdb.DuckDBPyConnection, cells: list[str], convention: Convention
) -> None:
    query = (
        f"SELECT {cell_sql.number('cell', convention)} FROM (SELECT unnest(?::VARCHAR[]) AS cell)"
    )
    by_sql = [
        np.nan if value is None else value
        for (value,) in connection.execute(query, [cells]).fetchall()
    ]
    np.testing.assert_array_equal(read_numbers(cells, convention), by_sql, err_msg=repr(cells))


@settings(deadline=None, max_examples=50)
@given(cells=st.lists(CELLS, min_size=1, max_size=40))
def test_sql_and_python_find_the_same_evidence(
    connection: duckdb.DuckDBPyConnection, cells: list[str]
) -> None:
    counted = "(SELECT unnest(?::VARCHAR[]) AS cell, 1 AS n)"
    by_sql = connection.execute(cell_sql.number_evidence(counted), [cells]).fetchone()
    assert astuple(number_evidence(cells, np.ones(len(cells), dtype=np.int64))) == by_sql
