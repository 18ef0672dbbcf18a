"""One decision on the rows that somebody selected."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from cleansets import services
from cleansets.models import Cleanset, RowReview
from cleansets.selection import SelectionResult, selection_decide
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from tests.reviewable import make_reviewable


def decide(cleanset: Cleanset, rows: list[int], choice: str, label: str = "") -> SelectionResult:
    return selection_decide(
        cleanset=cleanset, user=cleanset.created_by, row_ids=rows, choice=choice, label=label
    )


def actions(cleanset: Cleanset) -> dict[int, str]:
    return dict(RowReview.objects.filter(cleanset=cleanset).values_list("row_id", "action"))


def test_selected_rows_are_decided_by_hand_even_where_somebody_decided_before(
    cleanset: Cleanset,
) -> None:
    services.row_decide(cleanset=cleanset, user=cleanset.created_by, row_id=10, choice="exclude")
    result = decide(cleanset, [10, 20, 30], "keep")
    assert result.action.description == "Keep 3 rows"
    assert actions(cleanset) == {10: "keep", 20: "keep", 30: "keep"}
    assert set(cleanset.reviews.values_list("is_manual", flat=True)) == {True}


def test_a_selection_is_undone_in_one_step(cleanset: Cleanset) -> None:
    services.row_decide(cleanset=cleanset, user=cleanset.created_by, row_id=10, choice="exclude")
    decide(cleanset, [10, 20], "label", "login")
    services.last_action_undo(cleanset=cleanset, user=cleanset.created_by)
    assert actions(cleanset) == {10: "exclude"}


def test_rows_that_auto_fix_cannot_change_are_counted(cleanset: Cleanset) -> None:
    result = decide(cleanset, [10, 11, 12], "auto-fix")
    assert (result.action.description, result.n_without_advice) == ("Auto-fix 1 row", 2)
    again = decide(cleanset, [10, 20], "auto-fix")
    assert (again.action.n_rows, again.n_unchanged) == (1, 1)


def test_a_decision_that_changes_nothing_is_refused(cleanset: Cleanset) -> None:
    decide(cleanset, [10], "keep")
    with pytest.raises(DataProblem, match="All selected rows already have this decision"):
        decide(cleanset, [10], "keep")
    with pytest.raises(DataProblem, match="None of the selected rows has a suggestion"):
        decide(cleanset, [11], "auto-fix")
    with pytest.raises(DataProblem, match="no row 1,000"):
        decide(cleanset, [10, 999], "exclude")


def test_the_page_tells_what_was_done_and_returns_to_the_view(
    browser: Client, cleanset: Cleanset
) -> None:
    address = reverse("cleanset-selection-decide", args=[cleanset.pk])
    answer = browser.post(
        address, {"rows": ["10", "11"], "choice": "auto-fix", "view": "issue=all&page=2"}
    )
    assert answer["Location"].endswith("?issue=all&page=2")
    page = browser.get(answer["Location"]).content.decode()
    assert "Auto-fix 1 row: done. 1 has no suggestion to apply." in page


def test_the_number_of_all_rows_is_one_that_a_field_can_hold(browser: Client, alice: User) -> None:
    large = make_reviewable(alice, name="many", n_rows=1_200)
    page = browser.get(f"{large.get_absolute_url()}?issue=all").content.decode()
    assert 'data-all-rows="1200">All 1,200 rows of this view' in page


def test_a_class_that_is_typed_for_a_selection_must_exist(
    browser: Client, cleanset: Cleanset
) -> None:
    address = reverse("cleanset-selection-decide", args=[cleanset.pk])
    refused = browser.post(address, {"rows": ["10"], "typed_label": "deliv"})
    assert refused.status_code == 422
    assert "did you mean “delivery”?" in refused.content.decode()
    assert browser.post(address, {"choice": "keep"}).status_code == 422
    assert browser.post(address, {"rows": ["x"], "choice": "keep"}).status_code == 422
