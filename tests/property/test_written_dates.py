"""Python and SQL read every date as the same moment, whatever people type."""

from __future__ import annotations

from dataclasses import astuple

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio import cell_sql
from studio.engine.conventions import DATE_ORDERS, Convention
from studio.engine.conventions.written_dates import date_evidence, read_moments

_SIGNS = st.sampled_from(["-", "/", "."])
_SHORT = st.integers(1, 33).map(str) | st.integers(1, 12).map("{:02d}".format)
_YEARS = st.integers(0, 99).map("{:02d}".format) | st.integers(1900, 2100).map(str)
_TIMES = st.sampled_from(
    ["", "", " 7:05", " 18:30", " 18:30:15", " 18:30:15.25", " 10.30", " 10.30.15", " 6:30 PM",
    "T18:30:00Z",
     " 18:30:00+02:00", " 24:00", " 25:10"]
)  # fmt: skip
_MONTHS = st.sampled_from(["Jan", "Feb", "December", "may", "März", "août", "juin", "Sept.", "dic"])
_WEEKDAYS = st.sampled_from(["", "", "Thu, ", "monday ", "Mi., ", "jeu "])
_WORDED_TIMES = st.sampled_from(["", " 18:30", ", 3:15 PM", " 10:00:00 GMT", " 10:00:00 +0200"])
DATES = st.one_of(
    st.tuples(_SHORT, _SIGNS, _SHORT, _SIGNS, _YEARS, _TIMES).map("".join),
    st.tuples(_YEARS, _SIGNS, _SHORT, _SIGNS, _SHORT, _TIMES).map("".join),
    st.tuples(
        _WEEKDAYS,
        _SHORT,
        st.sampled_from([" ", "-", ". ", "th ", " de "]),
        _MONTHS,
        st.sampled_from([" ", "-", " de "]),
        _YEARS,
        _WORDED_TIMES,
    ).map("".join),
    st.tuples(
        _WEEKDAYS,
        _MONTHS,
        st.just(" "),
        _SHORT,
        st.sampled_from([", ", " ", "st, "]),
        _YEARS,
        _WORDED_TIMES,
    ).map("".join),
    st.tuples(_MONTHS, st.just(" 05 10:15:20 +0200 "), _YEARS).map("".join),
    st.text("0123456789-/.: ", max_size=12),
    st.sampled_from(["2023", "2023-02", "20230105", "yesterday", "", "12"]),
)


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection


@settings(deadline=None, max_examples=50)
@given(cells=st.lists(DATES, min_size=1, max_size=40), order=st.sampled_from(DATE_ORDERS))
def test_sql_and_python_read_the_same_moment(
    connection: duckdb.DuckDBPyConnection, cells: list[str], order: Convention
) -> None:
    query = f"SELECT {cell_sql.moment('cell', order)} FROM (SELECT unnest(?::VARCHAR[]) AS cell)"
    by_sql = [
        np.nan if value is None else value
        for (value,) in connection.execute(query, [cells]).fetchall()
    ]
    moments = read_moments(cells, order)
    by_python = [np.nan if seconds is None else seconds for seconds in _seconds(moments)]
    np.testing.assert_allclose(by_python, by_sql, err_msg=repr(cells))


@settings(deadline=None, max_examples=50)
@given(cells=st.lists(DATES, min_size=1, max_size=40))
def test_sql_and_python_find_the_same_evidence(
    connection: duckdb.DuckDBPyConnection, cells: list[str]
) -> None:
    counted = "(SELECT unnest(?::VARCHAR[]) AS cell, 1 AS n)"
    by_sql = connection.execute(cell_sql.date_evidence(counted), [cells]).fetchone()
    assert astuple(date_evidence(cells, np.ones(len(cells), dtype=np.int64))) == by_sql


def _seconds(moments: object) -> list[float | None]:
    return [None if moment != moment else moment.timestamp() for moment in moments]  # type: ignore[attr-defined]
