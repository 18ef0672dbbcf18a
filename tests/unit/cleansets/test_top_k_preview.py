"""What the preview of Clean Top K shows of its rows."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from cleansets import services
from cleansets.models import Cleanset
from cleansets.pages.review.top_k import spread
from studio.accounts.models import User
from studio.engine.ml_task import MLTask
from tests.reviewable import make_reviewable

ClientOf = Callable[[User], Client]


@pytest.fixture
def browser(alice: User, client_of: ClientOf) -> Client:
    return client_of(alice)


def preview(browser: Client, cleanset: Cleanset, **fields: str) -> str:
    address = reverse("cleanset-top-k", args=[cleanset.pk])
    response = browser.get(address, fields, headers={"HX-Request": "true"})
    assert response.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def places(browser: Client, cleanset: Cleanset, **fields: str) -> list[int]:
    address = reverse("cleanset-top-k", args=[cleanset.pk])
    text = browser.get(address, fields, headers={"HX-Request": "true"}).content.decode()
    return [int(place) for place in re.findall(r'<li>\s*<span class="number muted">(\d+)', text)]


@pytest.mark.parametrize("n_rows", [0, 1, 3, 11, 12, 13, 1_000_000])
def test_places_are_spread_over_the_rows(n_rows: int) -> None:
    found = spread(n_rows)
    assert found == sorted(set(found))
    assert len(found) == min(n_rows, 12) or n_rows in (11, 12, 13)
    if n_rows:
        assert (found[0], found[-1]) == (1, n_rows)


def test_rows_of_the_beginning_middle_and_end_are_shown(alice: User, browser: Client) -> None:
    cleanset = make_reviewable(alice)
    fields = {"issue": "all", "sort": "row_id", "dir": "asc", "k": "100", "choice": "keep"}
    assert places(browser, cleanset, **fields) == spread(100)
    text = preview(browser, cleanset, **fields)
    assert "Request 0: please help" in text
    assert "Request 99: please help" in text
    assert "Request 100" not in text


def test_most_frequent_changes_are_counted_without_rows_decided_by_hand(
    alice: User, browser: Client
) -> None:
    cleanset = make_reviewable(alice)
    fields = {"issue": "label_issue", "k": "50", "choice": "auto-fix"}

    def n_changed() -> int:
        before_rows = preview(browser, cleanset, **fields).partition("Request")[0]
        return sum(int(n) for n in re.findall(r"→ \w+ (\d+)", before_rows))

    assert n_changed() == 12
    services.row_decide(cleanset=cleanset, user=alice, row_id=10, choice="keep")
    assert n_changed() == 11


@pytest.mark.parametrize("task", list(MLTask))
def test_every_task_has_a_preview_with_rows(task: MLTask, alice: User, browser: Client) -> None:
    cleanset = make_reviewable(alice, task=task)
    assert len(places(browser, cleanset, issue="all", k="20", choice="exclude")) == 12
