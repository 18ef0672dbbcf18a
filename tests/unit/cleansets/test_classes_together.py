"""Classes that are given together, and the rows that the cells of their matrix open."""

from __future__ import annotations

import re

import pytest
from django.http import QueryDict
from django.test import Client

from cleansets import row_query, selectors
from cleansets.models import Cleanset
from cleansets.pages.analysis.together import classes_together
from studio.accounts.models import User
from studio.engine.ml_task import MLTask
from tests.reviewable import make_reviewable

CELL = re.compile(r'href="[^"?]*\?([^"]+)" aria-label="([\d,]+) rows with')


@pytest.fixture
def sets(alice: User) -> Cleanset:
    return make_reviewable(alice, task=MLTask.MULTI_LABEL)


def test_each_cell_counts_the_rows_that_it_opens(sets: Cleanset) -> None:
    panel = classes_together(sets)
    assert panel is not None
    cells = [cell for _, line in panel.rows for cell in CELL.findall(line)]
    assert cells
    for params, count in cells:
        query = selectors.asked_rows(sets, QueryDict(params.replace("&amp;", "&")))
        [n_rows] = row_query.count_rows([query], selectors.row_source(sets))
        assert n_rows == int(count.replace(",", ""))


def test_page_names_the_pair_that_is_most_frequent(sets: Cleanset, browser: Client) -> None:
    page = browser.get(f"/cleansets/{sets.pk}/details").content.decode()
    panel = classes_together(sets)
    assert panel is not None
    assert "are given together most often" in panel.title
    assert panel.title in page


def test_rows_of_one_class_have_no_such_matrix(alice: User) -> None:
    assert classes_together(make_reviewable(alice)) is None
