"""What one decision costs: everything that it needs is looked up once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cleansets import present_reviews
from cleansets.models import Cleanset
from cleansets.pages.review.page import ReviewPage
from studio import tables
from studio.accounts.models import User

pytestmark = pytest.mark.django_db
MAX_QUERIES = 17  # with those of the session, and the lock
MAX_QUERIES_OF_UNDO = 21


@pytest.fixture
def reviewer(alice: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(alice)


def post_decision(reviewer: Client, cleanset: Cleanset, row_id: int) -> None:
    response = reviewer.post(
        f"{cleanset.get_absolute_url()}/rows/{row_id}/decide",
        {"choice": "keep"},
        headers={"HX-Request": "true"},
    )
    assert response.status_code == 200


def test_a_decision_builds_one_page_without_a_query_of_duckdb(
    reviewer: Client, cleanset: Cleanset, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_decision(reviewer, cleanset, 0)
    calls: Counter[str] = Counter()

    def counted(owner: object, name: str) -> None:
        original = getattr(owner, name)

        def call(*arguments: Any, **options: Any) -> Any:
            calls[name] += 1
            return original(*arguments, **options)

        monkeypatch.setattr(owner, name, call)

    counted(ReviewPage, "__init__")
    counted(tables, "connect")
    counted(present_reviews, "review_table")
    with CaptureQueriesContext(connection) as queries:
        post_decision(reviewer, cleanset, 10)
    assert calls == {"__init__": 1, "review_table": 1}
    assert len(queries) <= MAX_QUERIES


def test_an_undo_looks_up_the_newest_action_once(reviewer: Client, cleanset: Cleanset) -> None:
    for row_id in (0, 10):
        post_decision(reviewer, cleanset, row_id)
    with CaptureQueriesContext(connection) as queries:
        response = reviewer.post(
            f"{cleanset.get_absolute_url()}/undo", headers={"HX-Request": "true"}
        )
    assert response.status_code == 200
    assert len(queries) <= MAX_QUERIES_OF_UNDO


def test_a_decision_reads_one_decision_however_many_there_are(
    reviewer: Client, cleanset: Cleanset, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_decision(reviewer, cleanset, 0)
    read: list[object] = []
    original = present_reviews.review_table

    def noted(of: Cleanset, row_ids: Any, stored: Any) -> Any:
        read.append(row_ids)
        assert [decision[0] for decision in stored] == row_ids
        return original(of, row_ids, stored)

    monkeypatch.setattr(present_reviews, "review_table", noted)
    post_decision(reviewer, cleanset, 10)
    assert read == [[10]]
