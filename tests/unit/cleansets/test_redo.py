"""Undo and redo any number of steps, and the history of a row."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from cleansets import selectors, services
from cleansets.models import Cleanset, ReviewAction
from cleansets.pages.review.history import history_of
from cleansets.selection import selection_decide
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask
from tests.reviewable import improve, make_reviewable

ClientOf = Callable[[User], Client]


def decide(cleanset: Cleanset, row_id: int, choice: str, label: str = "") -> ReviewAction:
    return services.row_decide(
        cleanset=cleanset, user=cleanset.created_by, row_id=row_id, choice=choice, label=label
    )


def undo(cleanset: Cleanset) -> ReviewAction:
    return services.last_action_undo(cleanset=cleanset, user=cleanset.created_by)


def redo(cleanset: Cleanset) -> ReviewAction:
    return services.last_undo_redo(cleanset=cleanset, user=cleanset.created_by)


def actions(cleanset: Cleanset) -> dict[int, str]:
    return dict(cleanset.reviews.values_list("row_id", "action"))


def test_every_step_that_was_undone_is_redone_in_turn(cleanset: Cleanset) -> None:
    decide(cleanset, 0, "keep")
    decide(cleanset, 10, "exclude")
    selection_decide(
        cleanset=cleanset, user=cleanset.created_by, row_ids=[0, 20], choice="auto-fix"
    )
    final = actions(cleanset)
    for _ in range(3):
        undo(cleanset)
    assert actions(cleanset) == {}
    assert redo(cleanset).description == "Keep row 1"
    redo(cleanset)
    redo(cleanset)
    assert actions(cleanset) == final
    with pytest.raises(DataProblem, match="nothing left to redo"):
        redo(cleanset)


def test_what_was_redone_can_be_undone_again(cleanset: Cleanset) -> None:
    decide(cleanset, 0, "keep")
    decide(cleanset, 10, "exclude")
    undo(cleanset)
    redo(cleanset)
    undo(cleanset)
    assert actions(cleanset) == {0: "keep"}
    undo(cleanset)
    assert actions(cleanset) == {}
    redo(cleanset)
    redo(cleanset)
    assert actions(cleanset) == {0: "keep", 10: "exclude"}


def test_nothing_is_redone_over_a_later_decision(cleanset: Cleanset) -> None:
    decide(cleanset, 0, "keep")
    undo(cleanset)
    decide(cleanset, 0, "exclude")
    assert selectors.last_undo(cleanset) is None
    with pytest.raises(DataProblem, match="nothing left to redo"):
        redo(cleanset)


def test_a_redo_that_is_sent_twice_counts_once(cleanset: Cleanset) -> None:
    decide(cleanset, 0, "keep")
    decide(cleanset, 10, "keep")
    undo(cleanset)
    undo(cleanset)
    key = ReviewAction._meta.pk.get_default()
    for _ in range(2):
        services.last_undo_redo(cleanset=cleanset, user=cleanset.created_by, action_id=key)
    assert actions(cleanset) == {0: "keep"}


def test_the_history_of_a_row_tells_from_what_to_what_and_how(cleanset: Cleanset) -> None:
    decide(cleanset, 0, "auto-fix")
    decide(cleanset, 0, "needs-review")
    undo(cleanset)
    decide(cleanset, 10, "keep")
    told = [
        (line.before, line.after, line.action.get_kind_display())
        for line in history_of(cleanset, 0)
    ]
    assert told == [
        ("Auto-fix: delivery, needs review", "Auto-fix: delivery", "undo"),
        ("Auto-fix: delivery", "Auto-fix: delivery, needs review", "by hand"),
        ("Undecided", "Auto-fix: delivery", "by hand"),
    ]


def test_the_history_of_a_set_names_its_classes(alice: User) -> None:
    cleanset = make_reviewable(alice, task=MLTask.MULTI_LABEL)
    decide(cleanset, 0, "label", "billing,login")
    decide(cleanset, 0, "label", "")
    assert [line.after for line in history_of(cleanset, 0)] == [
        "Label: no class",
        "Label: billing, login",
    ]


def test_the_history_page_tells_who_and_what_came_from_the_version_before(
    cleanset: Cleanset, alice: User, client_of: ClientOf
) -> None:
    decide(cleanset, 0, "keep")
    improved = improve(cleanset)
    address = reverse("cleanset-row-history", args=[improved.pk, 0])
    page = client_of(alice).get(address).content.decode()
    assert "carried over from the version before" in page
    assert alice.email in page or alice.name in page
    untouched = reverse("cleanset-row-history", args=[improved.pk, 1])
    assert "Nobody has decided anything about row 2" in (
        client_of(alice).get(untouched).content.decode()
    )
    beyond = reverse("cleanset-row-history", args=[improved.pk, 120])
    assert client_of(alice).get(beyond).status_code == 404
