"""Rows divided by one column, and how far predicted numbers are off in each group."""

from __future__ import annotations

import numpy as np
import pytest

from studio.engine.evaluation.plots.numbers import residuals_by_group
from studio.engine.evaluation.slices.column_groups import MAX_GROUPS, column_groups
from studio.engine.table.cells import Cells
from studio.engine.table.columns import ColumnKind


@pytest.mark.parametrize(
    ("cells", "kind", "expected"),
    [
        (["a", "b", None, "a"], ColumnKind.CATEGORICAL, ["c = a", "c = b", "c is empty"]),
        (["1", "2", "3", "4", "5"], ColumnKind.INTEGER, ["c from 1 to 1.8", "c from 4.2 to 5"]),
        (
            ["2024-01-01", "2024-01-02", "2025-06-01", None],
            ColumnKind.DATETIME,
            ["c from 2024-01-01 to 2024-01-01", "c is empty"],
        ),
        (["ab", "a" * 50, "b" * 90], ColumnKind.TEXT, ["characters"]),
    ],
)
def test_every_row_is_in_one_group(
    cells: list[str | None], kind: ColumnKind, expected: list[str]
) -> None:
    groups = column_groups("c", Cells.of(cells), kind)
    assert groups is not None
    assert (groups.members >= 0).all()
    assert np.bincount(groups.members, minlength=len(groups.descriptions)).all()
    for part in expected:
        assert any(part in description for description in groups.descriptions)


def test_rare_values_are_one_group() -> None:
    cells = [f"v{number % 60}" for number in range(600)]
    groups = column_groups("c", Cells.of(cells), ColumnKind.CATEGORICAL)
    assert len(groups.descriptions) == MAX_GROUPS + 1
    assert groups.descriptions[-1] == "c: all other values"
    assert (groups.members == MAX_GROUPS).sum() == 400


@pytest.mark.parametrize("cells", [["a"] * 5, [None] * 5])
def test_a_column_of_one_value_has_no_groups(cells: list[str | None]) -> None:
    assert column_groups("c", Cells.of(cells), ColumnKind.CATEGORICAL) is None


def test_residuals_of_each_group_are_given_less_predicted() -> None:
    labels = np.array([1.0, 2.0, 3.0, 4.0])
    predicted = np.array([1.0, 1.0, 5.0, 6.0])
    low, high = residuals_by_group(
        labels, predicted, np.array([0, 0, 1, 1], dtype=np.int8), ["low", "high"]
    )
    assert (low["n_rows"], low["mean"], low["mean_absolute_error"]) == (2, 0.5, 0.5)
    assert (high["description"], high["mean"], high["median"]) == ("high", -2.0, -2.0)
