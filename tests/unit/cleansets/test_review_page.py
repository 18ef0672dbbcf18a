"""The review page and its partial updates, with and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cleansets.models import Cleanset, RowReview
from studio.accounts.models import User
from studio.runs import Status
from tests.factories import make_cleanset
from tests.reviewable import make_reviewable

HTMX = {"HX-Request": "true"}


def decide(
    browser: Client,
    cleanset: Cleanset,
    row: int,
    *,
    headers: dict[str, str] | None = None,
    **data: str,
) -> Any:
    address = reverse("cleanset-decide", args=[cleanset.pk, row])
    return browser.post(address, {"view": "issue=label_issue", **data}, headers=headers or {})


def test_the_page_opens_on_the_worst_row(browser: Client, cleanset: Cleanset) -> None:
    page = browser.get(cleanset.get_absolute_url()).content.decode()
    assert "Row 1<" in page
    assert "1 of 12" in page


def test_the_page_opens_again_on_the_first_undecided_row(
    browser: Client, cleanset: Cleanset
) -> None:
    decide(browser, cleanset, 0, choice="keep", next="10")
    assert "2 of 12" in browser.get(cleanset.get_absolute_url()).content.decode()


def test_a_row_can_be_bookmarked(browser: Client, cleanset: Cleanset) -> None:
    page = browser.get(f"{cleanset.get_absolute_url()}?issue=all&row=42").content.decode()
    assert "Request 42: please help" in page


def test_a_text_column_comes_first_and_is_the_widest(browser: Client, cleanset: Cleanset) -> None:
    project = cleanset.project
    project.feature_columns = ["channel", "message"]
    project.column_kinds = {"channel": "categorical", "message": "text"}
    project.save()
    page = browser.get(cleanset.get_absolute_url()).content.decode()
    assert re.findall(r'<th scope="col"\s+class="(\S+) *"\s+data-column="own:(\w+)"', page) == [
        ("col-text", "message"),
        ("col-more", "channel"),
    ]


def test_the_number_of_queries_does_not_grow_with_rows(browser: Client, alice: User) -> None:
    def n_queries(cleanset: Cleanset) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            browser.get(f"{cleanset.get_absolute_url()}?issue=all")
        return len(queries)

    few, many = make_reviewable(alice, n_rows=30), make_reviewable(alice, n_rows=300)
    for cleanset in (few, many):
        n_queries(cleanset)
    assert n_queries(few) == n_queries(many)


def test_a_page_asks_the_database_no_more_often_than_it_needs(
    browser: Client, cleanset: Cleanset, django_assert_max_num_queries: Callable[..., object]
) -> None:
    browser.get(cleanset.get_absolute_url())
    with django_assert_max_num_queries(15):
        browser.get(cleanset.get_absolute_url())


def test_the_versions_of_a_project_lead_to_each_other(
    browser: Client, cleanset: Cleanset, alice: User
) -> None:
    assert "version 1" not in browser.get(cleanset.get_absolute_url()).content.decode()
    newer = make_cleanset(alice, project=cleanset.project, status=Status.RUNNING)
    page = browser.get(cleanset.get_absolute_url()).content.decode()
    assert newer.get_absolute_url() in page
    assert "version 2" in page


def test_without_javascript_a_decision_leads_to_the_next_row(
    browser: Client, cleanset: Cleanset
) -> None:
    response = decide(browser, cleanset, 0, choice="auto-fix", next="10")
    assert response.status_code == 302
    assert "row=10" in response["Location"]
    assert RowReview.objects.get().corrected_label == "delivery"


def test_a_partial_decision_answers_with_line_counts_and_last_action(
    browser: Client, cleanset: Cleanset
) -> None:
    answer = decide(browser, cleanset, 0, headers=HTMX, choice="auto-fix").content.decode()
    assert 'id="row-0"' in answer
    assert 'id="review-counts"' in answer
    assert "Auto-fix row 1" in answer
    assert 'id="row-panel"' not in answer


def test_decision_that_is_sent_twice_counts_once(browser: Client, cleanset: Cleanset) -> None:
    sent = {"choice": "needs-review", "action_id": str(uuid4())}
    for _ in range(2):
        assert decide(browser, cleanset, 0, headers=HTMX, **sent).status_code == 200
    assert cleanset.review_actions.count() == 1
    undo = {"view": "issue=label_issue", "action_id": str(uuid4())}
    decide(browser, cleanset, 10, choice="keep")
    for _ in range(2):
        answer = browser.post(reverse("cleanset-undo", args=[cleanset.pk]), undo, headers=HTMX)
        assert "Row 11" in answer.content.decode()
    assert RowReview.objects.get().row_id == 0, "the second undo takes nothing more back"


def test_id_of_another_cleansets_decision_is_refused(
    browser: Client, cleanset: Cleanset, alice: User
) -> None:
    sent = {"choice": "keep", "action_id": str(uuid4())}
    decide(browser, cleanset, 0, headers=HTMX, **sent)
    other = make_reviewable(alice, name="others")
    assert decide(browser, other, 0, headers=HTMX, **sent).status_code == 422
    assert not other.reviews.exists()


def test_the_last_row_of_a_page_leads_to_the_next_page(browser: Client, cleanset: Cleanset) -> None:
    page = browser.get(f"{cleanset.get_absolute_url()}?issue=all").content.decode()
    assert re.search(r'data-next="\?issue=all&amp;page=2"', page)
    address = reverse("cleanset-decide", args=[cleanset.pk, 49])
    response = browser.post(address, {"view": "issue=all", "choice": "keep", "next": ""})
    assert "page=2" in response["Location"]


def test_a_class_button_labels_the_row(browser: Client, cleanset: Cleanset) -> None:
    decide(browser, cleanset, 0, label="login", next="10")
    assert RowReview.objects.get().corrected_label == "login"


def test_an_impossible_decision_is_a_sentence_and_not_an_error_page(
    browser: Client, cleanset: Cleanset
) -> None:
    response = decide(browser, cleanset, 1, headers=HTMX, choice="auto-fix", next="10")
    assert response.status_code == 422
    assert response["HX-Retarget"] == "#toasts"
    assert "no suggestion" in response.content.decode()
    assert decide(browser, cleanset, 1).status_code == 422


def test_undo_shows_the_row_that_it_was_about(browser: Client, cleanset: Cleanset) -> None:
    decide(browser, cleanset, 10, choice="keep", next="20")
    address = reverse("cleanset-undo", args=[cleanset.pk])
    answer = browser.post(address, {"view": "issue=label_issue"}, headers=HTMX).content.decode()
    assert "Row 11" in answer
    assert not RowReview.objects.exists()


def test_clean_top_k_says_what_it_would_touch_before_it_does(
    browser: Client, cleanset: Cleanset
) -> None:
    decide(browser, cleanset, 10, choice="keep", next="20")
    preview = browser.get(
        reverse("cleanset-top-k", args=[cleanset.pk]),
        {"k": "5", "choice": "auto-fix"},
        headers=HTMX,
    )
    assert "4 of 5 rows would change" in preview.content.decode()
    assert RowReview.objects.count() == 1
    data = {"k": "5", "choice": "auto-fix", "view": "issue=label_issue"}
    browser.post(reverse("cleanset-top-k-apply", args=[cleanset.pk]), data)
    assert RowReview.objects.count() == 5


@pytest.mark.parametrize(
    "data", [{"k": "0", "choice": "keep"}, {"k": "x"}, {"k": "5", "choice": "label"}, {}]
)
def test_a_senseless_clean_top_k_is_explained(
    browser: Client, cleanset: Cleanset, data: dict[str, str]
) -> None:
    assert browser.get(reverse("cleanset-top-k", args=[cleanset.pk]), data).status_code == 200
    assert (
        browser.post(reverse("cleanset-top-k-apply", args=[cleanset.pk]), data).status_code == 422
    )


def test_text_of_the_rows_is_never_markup(browser: Client, cleanset: Cleanset) -> None:
    decide(browser, cleanset, 0, typed_label="<script>alert(1)</script>", new_class="1", next="10")
    page = browser.get(f"{cleanset.get_absolute_url()}?row=0").content.decode()
    assert "<script>alert" not in page


def test_the_analysis_page_says_how_it_was_made(browser: Client, cleanset: Cleanset) -> None:
    page = browser.get(reverse("cleanset-details", args=[cleanset.pk])).content.decode()
    assert "5 folds, seed 0" in page
    assert "90.0" in page


def test_another_account_gets_404_for_every_address(
    cleanset: Cleanset, bob: User, client_of: Any
) -> None:
    stranger = client_of(bob)
    assert stranger.get(cleanset.get_absolute_url()).status_code == 404
    assert decide(stranger, cleanset, 0, choice="keep").status_code == 404
    assert stranger.get(reverse("cleanset-export", args=[cleanset.pk])).status_code == 404
