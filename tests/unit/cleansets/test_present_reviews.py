"""Decisions that are kept from request to request are those of the database."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from cleansets import present_reviews as present
from cleansets import selectors, services, top_k
from cleansets.drafts import Plan
from cleansets.models import Cleanset
from cleansets.overlay import review_table
from cleansets.present_reviews import present_reviews
from cleansets.row_address import RowQuery
from cleansets.top_k import TopK
from tests.reviewable import improve

pytestmark = pytest.mark.django_db


def decide(cleanset: Cleanset, row_id: int, choice: str = "keep", label: str = "") -> None:
    user = cleanset.created_by
    services.row_decide(cleanset=cleanset, user=user, row_id=row_id, choice=choice, label=label)


def assert_kept_as_stored(cleanset: Cleanset) -> None:
    kept, stored = present_reviews(cleanset), review_table(cleanset)
    assert sorted(kept.to_pylist(), key=lambda row: row["row_id"]) == sorted(
        stored.to_pylist(), key=lambda row: row["row_id"]
    )


def test_each_action_shows_in_the_kept_decisions(cleanset: Cleanset) -> None:
    user = cleanset.created_by
    assert_kept_as_stored(cleanset)
    decide(cleanset, 0, "auto-fix")
    assert_kept_as_stored(cleanset)
    decide(cleanset, 4, "label", "refunds")
    decide(cleanset, 0, "keep")
    assert_kept_as_stored(cleanset)
    wanted = TopK(query=RowQuery(), k=5, choice="exclude")
    top_k.top_k_apply(cleanset=cleanset, user=user, top_k=wanted)
    assert_kept_as_stored(cleanset)
    services.last_action_undo(cleanset=cleanset, user=user)
    services.last_action_undo(cleanset=cleanset, user=user)
    assert_kept_as_stored(cleanset)


def test_many_decisions_one_after_another_are_kept_in_few_pieces(
    cleanset: Cleanset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(present, "MAX_CHUNKS", 2)
    for row_id in (0, 4, 5, 0, 6, 7):
        decide(cleanset, row_id, "exclude" if row_id == 5 else "keep")
        assert_kept_as_stored(cleanset)
        assert present_reviews(cleanset).column("row_id").num_chunks <= 2


def test_a_correction_of_the_cleanset_before_stays_when_a_decision_is_undone(
    cleanset: Cleanset,
) -> None:
    decide(cleanset, 4, "label", "refunds")
    improved = improve(cleanset)
    assert_kept_as_stored(improved)
    decide(improved, 4, "keep")
    decide(improved, 5, "exclude")
    assert_kept_as_stored(improved)
    services.last_action_undo(cleanset=improved, user=improved.created_by)
    assert_kept_as_stored(improved)


def test_an_action_that_is_rolled_back_is_forgotten(cleanset: Cleanset) -> None:
    decide(cleanset, 0)
    present_reviews(cleanset)

    with transaction.atomic():
        decide(cleanset, 1)
        present_reviews(cleanset)
        transaction.set_rollback(True)
    decide(cleanset, 2)
    assert_kept_as_stored(cleanset)


def test_actions_are_numbered_in_the_order_in_which_they_were_made(cleanset: Cleanset) -> None:
    for row_id in (3, 1, 2):
        decide(cleanset, row_id)
    actions = list(selectors.actions(cleanset))
    assert [action.number for action in actions] == [3, 2, 1]
    assert actions[0].description == "Keep row 3"


def test_the_same_request_twice_makes_one_action(cleanset: Cleanset) -> None:
    action_id = uuid4()
    for _ in range(2):
        services.row_decide(
            cleanset=cleanset,
            user=cleanset.created_by,
            row_id=1,
            choice="keep",
            action_id=action_id,
        )
    assert [action.pk for action in selectors.actions(cleanset)] == [action_id]


def test_a_row_decided_while_a_bulk_action_is_planned_keeps_its_decision(
    cleanset: Cleanset, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = top_k.top_k_plan

    def interrupted(**arguments: Any) -> Plan:
        planned = plan(**arguments)
        decide(cleanset, 10, "exclude")
        return planned

    monkeypatch.setattr(top_k, "top_k_plan", interrupted)
    wanted = TopK(query=RowQuery(), k=4, choice="auto-fix")
    user = cleanset.created_by
    action = top_k.top_k_apply(cleanset=cleanset, user=user, top_k=wanted)
    decisions = dict(cleanset.reviews.values_list("row_id", "action"))
    assert decisions == {0: "auto-fix", 10: "exclude", 20: "auto-fix", 30: "auto-fix"}
    assert (action.n_rows, action.description) == (3, "Auto-fix 3 rows")
    services.last_action_undo(cleanset=cleanset, user=user)
    assert dict(cleanset.reviews.values_list("row_id", "action")) == {10: "exclude"}
    assert_kept_as_stored(cleanset)


def test_a_request_that_another_one_overtook_gets_the_newer_decisions(
    cleanset: Cleanset, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(cleanset, 0)
    overtaken = present._newest(cleanset)
    decide(cleanset, 10)
    newer = present_reviews(cleanset)
    monkeypatch.setattr(present, "_newest", lambda _: overtaken)
    assert present_reviews(cleanset).equals(newer)
    monkeypatch.undo()
    assert_kept_as_stored(cleanset)
