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


@pytest.mark.parametrize("n_rows", [0, 1, 3, 14, 15, 16, 1_000_000])
def test_places_are_spread_over_the_rows(n_rows: int) -> None:
    found = spread(n_rows)
    assert found == sorted(set(found))
    assert len(found) == min(n_rows, 15)
    if n_rows:
        assert (found[0], found[-1]) == (1, n_rows)


def test_rows_of_the_beginning_the_end_and_between_are_shown(alice: User, browser: Client) -> None:
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
    assert len(places(browser, cleanset, issue="all", k="20", choice="exclude")) == 15


def bars(browser: Client, cleanset: Cleanset, **fields: str) -> list[tuple[int, int]]:
    """Return the rows of each bar that has some, and how many of them are among the first."""
    address = reverse("cleanset-top-k", args=[cleanset.pk])
    text = browser.get(address, fields, headers={"HX-Request": "true"}).content.decode()
    labels = re.findall(r'aria-label="Score [\d.]+ to [\d.]+: (\d+) rows?, (\d+) among', text)
    return [(int(n_rows), int(n_first)) for n_rows, n_first in labels]


def test_the_histogram_of_scores_shows_which_rows_come_first(alice: User, browser: Client) -> None:
    cleanset = make_reviewable(alice)
    drawn = bars(browser, cleanset, issue="label_issue", k="5", choice="auto-fix")
    assert sum(n_rows for n_rows, _ in drawn) == 12
    assert sum(n_first for _, n_first in drawn) == 5
    assert [n_first for _, n_first in drawn] == sorted(n_first for _, n_first in drawn)
    assert bars(browser, cleanset, issue="all", sort="given_label", k="5", choice="keep") == []


def test_decisions_made_by_hand_tell_how_precise_the_first_rows_were(
    alice: User, browser: Client
) -> None:
    cleanset = make_reviewable(alice)
    fields = {"issue": "label_issue", "k": "5", "choice": "auto-fix"}
    assert "one by one" not in preview(browser, cleanset, **fields)
    for row_id, choice in ((0, "auto-fix"), (10, "keep"), (20, "exclude"), (110, "exclude")):
        services.row_decide(cleanset=cleanset, user=alice, row_id=row_id, choice=choice)
    text = preview(browser, cleanset, **fields)
    assert "Of 3 of these rows that people decided one by one" in text
    assert "changed or excluded 2 (67%)" in text
    assert text.count("decided by hand") == 4
