"""Rows with their decisions are the same whether Python or DuckDB puts them together."""

from __future__ import annotations

from typing import Any

import pytest

from cleansets import row_query, selectors, services
from cleansets.models import Cleanset
from studio.accounts.models import User
from studio.engine.ml_task import MLTask
from tests.reviewable import COPY, OUTLIER, improve, make_reviewable

pytestmark = pytest.mark.django_db


def assert_same(cleanset: Cleanset) -> None:
    source = selectors.row_source(cleanset)
    row_ids = list(range(cleanset.n_rows or 0))
    found = row_query.fetch_decidable(row_ids, source)
    parts = row_query.fetch_decidable_in_parts(row_ids, source, rows_per_part=50)
    expected = [row for part in parts for row in part]
    assert len(expected) == len(row_ids)
    for row in expected:
        assert {name: found[row["row_id"]][name] for name in row} == row
    columns = source.fetch("SELECT column_name FROM (DESCRIBE " + source.advised_sql("rows") + ")")
    assert {name for (name,) in columns} == found[0].keys()


@pytest.mark.parametrize("task", list(MLTask))
def test_python_and_duckdb_agree_before_and_after_decisions(alice: User, task: MLTask) -> None:
    cleanset = make_reviewable(alice, task=task)
    assert_same(cleanset)
    label = "7" if task is MLTask.REGRESSION else "refunds"
    decisions: list[tuple[int, str, str]] = [(3, "keep", ""), (4, "exclude", "")]
    decisions += [(5, "needs-review", ""), (OUTLIER, "auto-fix", "")]
    if task is not MLTask.UNSUPERVISED:
        decisions += [(6, "label", label), (0, "auto-fix", "")]
    for row_id, choice, name in decisions:
        decide(cleanset, row_id, choice=choice, label=name)
    assert_same(cleanset)


def test_python_and_duckdb_agree_on_corrections_of_the_version_before(cleanset: Cleanset) -> None:
    decide(cleanset, 4, choice="label", label="refunds")
    assert_same(improve(cleanset))


def test_of_exact_copies_the_first_one_stays(cleanset: Cleanset) -> None:
    rows = row_query.fetch_decidable([COPY - 1, COPY], selectors.row_source(cleanset))
    assert (rows[COPY - 1]["advice"], rows[COPY]["advice"]) == (None, "exclude")


def decide(cleanset: Cleanset, row_id: int, **choice: Any) -> None:
    services.row_decide(cleanset=cleanset, user=cleanset.created_by, row_id=row_id, **choice)
