"""Decisions on rows: what each choice stores, what bulk leaves alone, and that undo brings
everything back.
"""

from __future__ import annotations

import pytest

from cleansets import selectors, services
from cleansets.models import Cleanset, ReviewAction, RowReview
from cleansets.overlay import corrected_rows
from cleansets.row_address import RowQuery
from cleansets.top_k import TopK, top_k_apply, top_k_effect
from studio.engine.errors import DataProblem
from tests.reviewable import COPY, EMPTY, OUTLIER, UNLABELED


def decide(cleanset: Cleanset, row_id: int, choice: str, label: str = "") -> ReviewAction:
    return services.row_decide(
        cleanset=cleanset, user=cleanset.created_by, row_id=row_id, choice=choice, label=label
    )


def top_k(
    cleanset: Cleanset, k: int, choice: str, label: str = "", **query: object
) -> ReviewAction:
    wanted = TopK(query=RowQuery(**query), k=k, choice=choice, label=label)
    return top_k_apply(cleanset=cleanset, user=cleanset.created_by, top_k=wanted)


def undo(cleanset: Cleanset) -> ReviewAction:
    return services.last_action_undo(cleanset=cleanset, user=cleanset.created_by)


def states(cleanset: Cleanset) -> dict[int, tuple[str, str | None, bool]]:
    rows = RowReview.objects.filter(cleanset=cleanset)
    return {r.row_id: (r.action, r.corrected_label, r.needs_review) for r in rows}


def test_auto_fix_takes_the_suggested_label(cleanset: Cleanset) -> None:
    decide(cleanset, 10, "auto-fix")
    assert states(cleanset) == {10: ("auto-fix", "login", False)}


@pytest.mark.parametrize("row_id", [OUTLIER, EMPTY, COPY])
def test_auto_fix_excludes_where_that_is_the_advice(cleanset: Cleanset, row_id: int) -> None:
    decide(cleanset, row_id, "auto-fix")
    assert states(cleanset)[row_id] == ("exclude", None, False)


def test_auto_fix_labels_an_unlabeled_row(cleanset: Cleanset) -> None:
    decide(cleanset, UNLABELED, "auto-fix")
    assert states(cleanset)[UNLABELED] == ("auto-fix", "login", False)


@pytest.mark.parametrize("row_id", [1, COPY - 1])
def test_auto_fix_is_refused_without_a_suggestion(cleanset: Cleanset, row_id: int) -> None:
    with pytest.raises(DataProblem, match="no suggestion"):
        decide(cleanset, row_id, "auto-fix")
    assert states(cleanset) == {}


def test_a_new_class_can_be_typed_in(cleanset: Cleanset) -> None:
    decide(cleanset, 4, "label", "refunds")
    assert states(cleanset)[4] == ("label", "refunds", False)
    assert selectors.added_classes(cleanset) == ["refunds"]


@pytest.mark.parametrize(
    ("choice", "label"), [("label", "  "), ("label", "x" * 501), ("explode", "")]
)
def test_an_impossible_decision_says_why_and_stores_nothing(
    cleanset: Cleanset, choice: str, label: str
) -> None:
    with pytest.raises(DataProblem):
        decide(cleanset, 0, choice, label)
    assert states(cleanset) == {}


def test_a_row_past_the_end_is_refused(cleanset: Cleanset) -> None:
    with pytest.raises(
        DataProblem, match=r"no row 121 \(row_id 120\); the last one is row 120 \(row_id 119\)"
    ):
        decide(cleanset, 120, "keep")


def test_needs_review_keeps_the_decision_and_a_decision_ends_it(cleanset: Cleanset) -> None:
    decide(cleanset, 0, "auto-fix")
    decide(cleanset, 0, "needs-review")
    assert states(cleanset)[0] == ("auto-fix", "delivery", True)
    decide(cleanset, 0, "keep")
    assert states(cleanset)[0] == ("keep", None, False)


def test_clean_top_k_acts_on_the_worst_rows_of_the_view(cleanset: Cleanset) -> None:
    top_k(cleanset, 3, "auto-fix")
    assert sorted(states(cleanset)) == [0, 10, 20]


def test_clean_top_k_never_overrides_a_manual_decision(cleanset: Cleanset) -> None:
    decide(cleanset, 10, "keep")
    effect = top_k_effect(cleanset=cleanset, top_k=TopK(RowQuery(), k=3, choice="exclude"))
    assert (effect.n_changed, effect.n_manual) == (2, 1)
    top_k(cleanset, 3, "exclude")
    assert states(cleanset)[10] == ("keep", None, False)
    assert states(cleanset)[0][0] == states(cleanset)[20][0] == "exclude"


def test_clean_top_k_follows_filter_and_sort(cleanset: Cleanset) -> None:
    top_k(
        cleanset, 2, "label", "login", issue="all", given="billing", sort="row_id", ascending=True
    )
    assert sorted(states(cleanset)) == [0, 3]


def test_a_bulk_action_is_undone_in_one_step(cleanset: Cleanset) -> None:
    decide(cleanset, 1, "keep")
    before = states(cleanset)
    top_k(cleanset, 12, "auto-fix")
    assert len(states(cleanset)) == 13
    undo(cleanset)
    assert states(cleanset) == before


def test_undo_walks_back_through_all_actions_and_then_says_so(cleanset: Cleanset) -> None:
    decide(cleanset, 0, "keep")
    decide(cleanset, 0, "exclude")
    undo(cleanset)
    assert states(cleanset)[0][0] == "keep"
    undo(cleanset)
    assert states(cleanset) == {}
    with pytest.raises(DataProblem, match="nothing left"):
        undo(cleanset)


def test_undo_erases_nothing_of_the_history(cleanset: Cleanset) -> None:
    first = decide(cleanset, 0, "keep")
    undo(cleanset)
    assert [a.kind for a in cleanset.review_actions.order_by("created_at")] == ["single", "undo"]
    event = first.events.get()
    assert (event.before, event.after["action"]) == (None, "keep")


def test_training_sees_corrected_labels_and_no_excluded_rows(cleanset: Cleanset) -> None:
    decide(cleanset, 0, "auto-fix")
    decide(cleanset, 1, "exclude")
    rows = corrected_rows(cleanset)
    assert len(rows.row_id) == 119
    assert 1 not in rows.row_id
    assert rows.labels[0] == "delivery"
    assert rows.labels[rows.row_id.tolist().index(UNLABELED)] is None
    assert (rows.n_corrected, rows.n_excluded) == (1, 1)
