"""Filters on uploaded columns: what they keep, and their place in the address."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl

import pandas as pd
import pytest
from django.http import QueryDict
from django.test import Client

from cleansets.cell_filters import CellReading
from cleansets.models import Cleanset
from cleansets.row_address import CellFilter, RowQuery
from cleansets.row_query.selection import rows_with_cells
from studio.accounts.models import User
from studio.engine.conventions import Convention
from tests.reviewable import make_reviewable

ClientOf = Callable[[User], Client]


READINGS = {
    "price": CellReading(convention=Convention.COMMA),
    "day": CellReading(is_moment=True, convention=Convention.DAY_FIRST),
}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    cells = pd.DataFrame(
        {
            "__row_id": range(5),
            "name": ["Anna", "anna", "Bert", " ", None],
            "price": ["1,5", "12,0", "100", "n/a", None],
            "day": ["03.02.2024", "10.01.2024", "2025-01-01", None, "soon"],
            'odd "name"': ["a", "b", "c", "d", "e"],
        }
    )
    path = tmp_path / "table.parquet"
    cells.to_parquet(path)
    return path


def rows(table: Path, *filters: CellFilter) -> list[int]:
    wanted = tuple((part, READINGS.get(part.column, CellReading())) for part in filters)
    found: list[int] = rows_with_cells(table, wanted).column("row_id").to_pylist()
    return sorted(found)


@pytest.mark.parametrize(
    ("column", "kind", "value", "kept"),
    [
        ("name", "has", "ANN", [0, 1]),
        ("name", "is", "anna", [1]),
        ("name", "missing", "", [3, 4]),
        ("name", "filled", "", [0, 1, 2]),
        ("price", "min", "12", [1, 2]),
        ("price", "max", "1,5", [0]),
        ("price", "min", "much", []),
        ("day", "min", "01.02.2024", [0, 2]),
        ("day", "max", "2024-01-31", [1]),
        ('odd "name"', "is", "c", [2]),
    ],
)
def test_a_filter_keeps_the_rows_whose_cells_fit(
    table: Path, column: str, kind: str, value: str, kept: list[int]
) -> None:
    assert rows(table, CellFilter(column, kind, value)) == kept


def test_filters_on_several_columns_all_count(table: Path) -> None:
    low, high = CellFilter("price", "min", "1"), CellFilter("price", "max", "50")
    assert rows(table, low, high) == [0, 1]
    assert rows(table, low, high, CellFilter("name", "is", "Anna")) == [0]


def test_filters_survive_their_way_through_the_address() -> None:
    cells = (
        CellFilter("a.b & c", "has", "x=1 & y"),
        CellFilter("price", "min", "3"),
        CellFilter("price", "max", "9"),
        CellFilter("note", "missing"),
    )
    address = RowQuery(cells=cells).params()
    assert RowQuery.parse(QueryDict(address)).cells == cells
    assert ("missing.note", "1") in parse_qsl(address)


def test_the_filter_menu_adds_to_the_filters_that_are_on() -> None:
    sent = QueryDict("has.name=an&cell_column=price&cell_kind=min&cell_value=+3+")
    assert RowQuery.parse(sent).cells == (
        CellFilter("name", "has", "an"),
        CellFilter("price", "min", "3"),
    )
    for text in ("cell_column=price&cell_kind=odd&cell_value=1", "cell_column=price&cell_kind=min"):
        assert RowQuery.parse(QueryDict(text)).cells == ()


def test_filters_stand_as_chips_that_take_them_off(alice: User, client_of: ClientOf) -> None:
    cleanset: Cleanset = make_reviewable(alice)
    page = client_of(alice).get(
        f"{cleanset.get_absolute_url()}?issue=all&has.message=Request+11&max.message=x"
    )
    text = page.content.decode()
    assert "Remove filter message contains Request 11" in text
    assert "Rows" not in text.split('aria-label="Pages"')[1][:120]  # "at most x" fits no number
    unknown = client_of(alice).get(f"{cleanset.get_absolute_url()}?issue=all&is.nothing=x")
    assert "Rows 1–50 of 120" in unknown.content.decode()
    only = client_of(alice).get(f"{cleanset.get_absolute_url()}?issue=all&has.message=Request+11")
    assert "Rows 1–11 of 11" in only.content.decode()
