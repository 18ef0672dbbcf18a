"""The history of a cleanset: every action, taken back one by one, in any order."""

from __future__ import annotations

import csv

import pytest
from django.test import Client
from django.urls import reverse

from cleansets import services
from cleansets.models import Cleanset, ReviewAction
from cleansets.reverts import action_revert
from cleansets.row_address import RowQuery
from cleansets.selection import selection_decide
from cleansets.top_k import TopK, top_k_apply
from studio.engine.errors import DataProblem
from tests.reviewable import improve


def decide(cleanset: Cleanset, row_id: int, choice: str) -> ReviewAction:
    return services.row_decide(
        cleanset=cleanset, user=cleanset.created_by, row_id=row_id, choice=choice
    )


def bulk(cleanset: Cleanset, k: int) -> ReviewAction:
    wanted = TopK(query=RowQuery(), k=k, choice="exclude")
    return top_k_apply(cleanset=cleanset, user=cleanset.created_by, top_k=wanted)


def actions(cleanset: Cleanset) -> dict[int, str]:
    return dict(cleanset.reviews.values_list("row_id", "action"))


def page(browser: Client, cleanset: Cleanset, **params: str) -> str:
    answer = browser.get(reverse("cleanset-history", args=[cleanset.pk]), params)
    return " ".join(answer.content.decode().split())


def test_a_bulk_action_is_reverted_although_others_came_later(cleanset: Cleanset) -> None:
    first = bulk(cleanset, 3)
    decide(cleanset, 10, "keep")
    decide(cleanset, 40, "keep")
    result = action_revert(cleanset=cleanset, user=cleanset.created_by, action=first)
    assert (result.action.n_rows, result.n_decided_later) == (2, 1)
    assert actions(cleanset) == {10: "keep", 40: "keep"}


def test_a_revert_is_redone_and_undo_goes_on_before_it(cleanset: Cleanset) -> None:
    first = bulk(cleanset, 2)
    decide(cleanset, 40, "keep")
    action_revert(cleanset=cleanset, user=cleanset.created_by, action=first)
    services.last_undo_redo(cleanset=cleanset, user=cleanset.created_by)
    assert actions(cleanset) == {0: "exclude", 10: "exclude", 40: "keep"}
    action_revert(
        cleanset=cleanset,
        user=cleanset.created_by,
        action=ReviewAction.objects.get(kind=ReviewAction.Kind.REDO),
    )
    services.last_action_undo(cleanset=cleanset, user=cleanset.created_by)
    assert actions(cleanset) == {}


def test_a_row_that_was_decided_the_same_again_is_not_reverted(cleanset: Cleanset) -> None:
    first = decide(cleanset, 10, "keep")
    decide(cleanset, 10, "keep")
    with pytest.raises(DataProblem, match="decided again later"):
        action_revert(cleanset=cleanset, user=cleanset.created_by, action=first)
    services.last_action_undo(cleanset=cleanset, user=cleanset.created_by)
    action_revert(cleanset=cleanset, user=cleanset.created_by, action=first)
    assert actions(cleanset) == {}


def test_what_is_taken_back_already_is_not_taken_back_again(cleanset: Cleanset) -> None:
    first = bulk(cleanset, 2)
    services.last_action_undo(cleanset=cleanset, user=cleanset.created_by)
    with pytest.raises(DataProblem, match="already been taken back"):
        action_revert(cleanset=cleanset, user=cleanset.created_by, action=first)
    kept = decide(cleanset, 0, "keep")
    decide(cleanset, 0, "exclude")
    with pytest.raises(DataProblem, match="decided again later"):
        action_revert(cleanset=cleanset, user=cleanset.created_by, action=kept)


def test_the_page_lists_actions_newest_first_and_reverts_them(
    browser: Client, cleanset: Cleanset
) -> None:
    assert "Nothing decided yet" in page(browser, cleanset)
    first = bulk(cleanset, 3)
    decide(cleanset, 10, "keep")
    text = page(browser, cleanset)
    assert text.index("Keep row 11") < text.index("Exclude 3 rows")
    answer = browser.post(
        reverse("cleanset-action-revert", args=[cleanset.pk, first.pk]), follow=True
    )
    text = " ".join(answer.content.decode().split())
    assert (
        "Reverted: Exclude 3 rows: done. 1 row was decided again later and did not change." in text
    )
    assert "Taken back" in text
    assert actions(cleanset) == {10: "keep"}


def test_the_page_shows_one_kind_of_action(browser: Client, cleanset: Cleanset) -> None:
    bulk(cleanset, 3)
    decide(cleanset, 40, "keep")
    text = page(browser, cleanset, kind="bulk")
    assert "Exclude 3 rows" in text
    assert "Keep row 41" not in text
    assert "No actions match" in page(browser, cleanset, kind="import")
    for odd in ({"person": "x"}, {"person": "9" * 30}, {"person": "9" * 5_000}, {"kind": "\0"}):
        assert "Keep row 41" in page(browser, cleanset, **odd)


def test_decisions_that_were_carried_over_cannot_be_reverted(
    browser: Client, cleanset: Cleanset
) -> None:
    decide(cleanset, 0, "keep")
    text = page(browser, improve(cleanset))
    assert "Carried over 1 decision<" in text
    assert "Revert" not in text


def test_the_log_can_be_downloaded(browser: Client, cleanset: Cleanset) -> None:
    decide(cleanset, 0, "auto-fix")
    selection_decide(cleanset=cleanset, user=cleanset.created_by, row_ids=[0, 1], choice="keep")
    answer = browser.get(reverse("cleanset-history-export", args=[cleanset.pk]))
    lines = list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))
    told = [(line["cleanlab_row_ID"], line["before"], line["after"]) for line in lines]
    assert told == [
        ("1", "Undecided", "Auto-fix: delivery"),
        ("1", "Auto-fix: delivery", "Keep"),
        ("2", "Undecided", "Keep"),
    ]
    assert {line["person"] for line in lines} == {cleanset.created_by.email}
    assert [line["kind"] for line in lines] == ["single", "selection", "selection"]
