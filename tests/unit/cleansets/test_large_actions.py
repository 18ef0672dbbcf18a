"""Actions on many rows are written in parts, beside other decisions, and count all at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cleansets import action_runs, analyses, drafts, selectors, services, top_k
from cleansets.carrying import carry_over
from cleansets.models import ActionRun, Cleanset, Draft, ReviewAction, ReviewEvent, RowReview
from cleansets.row_address import RowQuery
from cleansets.tasks import discard_abandoned
from cleansets.top_k import TopK
from studio import runs
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.engine.progress import Cancelled, Silent

pytestmark = pytest.mark.django_db
ALL = RowQuery(issue="all")


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat 20 rows as many, and write 30 at a time."""
    monkeypatch.setattr(drafts, "MAX_AT_ONCE", 20)
    monkeypatch.setattr(top_k, "ROWS_PER_PART", 30)
    monkeypatch.setattr(services, "ROWS_PER_PART", 30)


class During(Silent):
    """Progress that does something after the first part."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act: Callable[[], object] | None = act

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        act, self._act = self._act, None
        if act is not None:
            act()


def decide(cleanset: Cleanset, row_id: int, choice: str = "exclude") -> ReviewAction:
    """Decide in a request of its own."""
    cleanset = Cleanset.objects.get(pk=cleanset.pk)
    user = cleanset.created_by
    return services.row_decide(cleanset=cleanset, user=user, row_id=row_id, choice=choice)


def decisions(cleanset: Cleanset) -> dict[int, str]:
    return dict(cleanset.reviews.values_list("row_id", "action"))


def start(cleanset: Cleanset, k: int = 120, choice: str = "keep") -> ActionRun:
    wanted = TopK(ALL, k=k, choice=choice)
    run = action_runs.top_k_start(cleanset=cleanset, user=cleanset.created_by, top_k=wanted)
    assert isinstance(run, ActionRun)
    return run


def carry_out(run: ActionRun, progress: Any = None) -> ActionRun:
    assert runs.claim(run)
    action_runs.carry_out(run, progress or Silent())
    return ActionRun.objects.get(pk=run.pk)


def keep_all(cleanset: Cleanset, progress: Any = None) -> ActionRun:
    return carry_out(start(cleanset), progress)


def test_an_undo_that_is_sent_twice_does_not_take_back_the_large_action_before(
    cleanset: Cleanset,
) -> None:
    keep_all(cleanset)
    decide(cleanset, 0)
    undo: Any = {"cleanset": cleanset, "user": cleanset.created_by, "action_id": uuid4()}
    step = action_runs.undo_start(**undo)
    assert action_runs.undo_start(**undo) == step
    assert not ActionRun.objects.filter(purpose=ActionRun.Purpose.UNDO).exists()


def assert_nothing_remains(cleanset: Cleanset) -> None:
    assert not Draft.objects.exists()
    assert not RowReview.all_versions.exclude(draft=None, replaced_by_draft=None).exists()
    assert not ReviewEvent.objects.filter(review_action__number=None).exists()


def test_no_decision_counts_before_all_do(cleanset: Cleanset) -> None:
    decide(cleanset, 3)
    decide(cleanset, 100, "needs-review")
    seen: list[dict[int, str]] = []
    run = keep_all(cleanset, During(lambda: seen.append(decisions(cleanset))))
    assert seen == [{3: "exclude", 100: ""}]
    assert run.is_succeeded
    assert run.review_action is not None
    assert run.review_action.description == "Keep 118 rows"
    assert run.outcome == "Keep 118 rows: done."
    expected = dict.fromkeys(range(120), "keep") | {3: "exclude", 100: ""}
    assert decisions(cleanset) == expected
    table = selectors.row_source(cleanset).reviews
    assert len(table) == 120
    assert not RowReview.all_versions.exclude(replaced_by_draft=None).exists()


def test_rows_decided_meanwhile_keep_that_decision_and_are_counted(cleanset: Cleanset) -> None:
    def others() -> None:
        decide(cleanset, 5)  # written already
        decide(cleanset, 110)  # still to be written
        decide(cleanset, 7)
        services.last_action_undo(cleanset=cleanset, user=cleanset.created_by)

    run = keep_all(cleanset, During(others))
    assert run.n_decided_later == 3
    assert "3 rows were decided again meanwhile" in run.outcome
    assert decisions(cleanset) == dict.fromkeys(set(range(120)) - {7}, "keep") | {
        5: "exclude",
        110: "exclude",
    }
    action = selectors.last_action(cleanset)
    assert action is not None
    assert action.n_rows == 117
    assert action.events.count() == 117
    assert action.number == 5


def test_undo_and_redo_of_many_rows_are_runs_and_spare_later_decisions(
    cleanset: Cleanset,
) -> None:
    decide(cleanset, 3)
    keep_all(cleanset)
    undo = action_runs.undo_start(cleanset=cleanset, user=cleanset.created_by)
    assert isinstance(undo, ActionRun)
    decide(cleanset, 50)  # before a worker takes the run
    undo = carry_out(undo, During(lambda: decide(cleanset, 60)))
    assert undo.n_decided_later == 2
    assert decisions(cleanset) == {3: "exclude", 50: "exclude", 60: "exclude"}
    assert_nothing_remains(cleanset)
    for _ in range(3):
        services.last_action_undo(cleanset=cleanset, user=cleanset.created_by)
    with pytest.raises(DataProblem, match="nothing left to undo"):
        action_runs.undo_start(cleanset=cleanset, user=cleanset.created_by)


def test_a_large_undo_is_redone(cleanset: Cleanset) -> None:
    keep_all(cleanset)
    undo = action_runs.undo_start(cleanset=cleanset, user=cleanset.created_by)
    assert isinstance(undo, ActionRun)
    carry_out(undo)
    assert decisions(cleanset) == {}
    redo = action_runs.redo_start(cleanset=cleanset, user=cleanset.created_by)
    assert isinstance(redo, ActionRun)
    carry_out(redo)
    assert decisions(cleanset) == dict.fromkeys(range(120), "keep")
    assert [action.kind for action in selectors.actions(cleanset)] == ["redo", "undo", "bulk"]


def test_a_large_action_is_reverted_but_for_rows_decided_later(cleanset: Cleanset) -> None:
    run = keep_all(cleanset)
    decide(cleanset, 4)
    assert run.review_action is not None
    revert = action_runs.revert_start(
        cleanset=cleanset, user=cleanset.created_by, action=run.review_action
    )
    assert isinstance(revert, ActionRun)
    carry_out(revert)
    assert decisions(cleanset) == {4: "exclude"}


def test_nothing_remains_of_a_cancelled_action(cleanset: Cleanset) -> None:
    decide(cleanset, 0)

    def cancel() -> None:
        decide(cleanset, 1)
        raise Cancelled

    run = start(cleanset, choice="exclude")
    with pytest.raises(Cancelled):
        carry_out(run, During(cancel))
    assert decisions(cleanset) == {0: "exclude", 1: "exclude"}
    assert [action.n_rows for action in selectors.actions(cleanset)] == [1, 1]
    assert_nothing_remains(cleanset)


def test_a_cancel_that_comes_at_the_very_end_is_obeyed(cleanset: Cleanset) -> None:
    run = start(cleanset)
    assert runs.claim(run)

    def cancel() -> None:
        ActionRun.objects.filter(pk=run.pk).update(cancel_requested_at=timezone.now())

    with pytest.raises(Cancelled):
        action_runs.carry_out(run, During(cancel))
    assert decisions(cleanset) == {}
    assert_nothing_remains(cleanset)


def test_an_action_whose_worker_died_is_carried_out_anew(cleanset: Cleanset) -> None:
    decide(cleanset, 0)
    run = start(cleanset)
    plan = top_k.top_k_plan(cleanset=cleanset, top_k=TopK(ALL, k=120, choice="exclude"))
    died = drafts._Writer.begin(cleanset, cleanset.created_by, plan, run.pk)
    n_seen, changes = next(iter(plan.parts))
    died.write(changes)
    assert n_seen == 30
    assert decisions(cleanset) == {0: "exclude"}
    decide(cleanset, 1)
    carry_out(run)
    assert decisions(cleanset) == dict.fromkeys(range(120), "keep") | {0: "exclude", 1: "exclude"}
    assert not Draft.objects.exists()
    with pytest.raises(DataProblem, match="given up"):
        died.write(changes)
    with pytest.raises(DataProblem, match="given up"):
        died.publish(lambda _: None)


def test_what_a_killed_action_wrote_is_swept_though_nobody_acts_there_again(
    cleanset: Cleanset, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(cleanset, 3)
    before = decisions(cleanset)
    run = start(cleanset)
    monkeypatch.setattr(drafts, "discard", lambda _: None)  # it is killed before its end
    with pytest.raises(KeyboardInterrupt):
        carry_out(run, During(killed))
    monkeypatch.undo()
    discard_abandoned()
    assert Draft.objects.exists()  # it may still be at work
    Draft.objects.update(written_at=timezone.now() - 2 * drafts.ABANDONED_AFTER)
    discard_abandoned()
    assert not Draft.objects.exists()
    assert RowReview.all_versions.count() == 1
    assert ReviewAction.objects.count() == ReviewEvent.objects.count() == 1
    assert decisions(cleanset) == before


def killed() -> None:
    raise KeyboardInterrupt


def test_a_second_large_action_waits_for_the_first(cleanset: Cleanset) -> None:
    first = start(cleanset)
    with pytest.raises(DataProblem, match="“Keep 120 rows” is still under way"):
        start(cleanset, choice="exclude")
    runs.cancel(first)
    second = start(cleanset, choice="exclude")
    assert second.title == "Exclude 120 rows"
    wanted = TopK(ALL, k=120, choice="keep")

    def meanwhile() -> None:
        with pytest.raises(DataProblem, match="is under way"):
            top_k.top_k_apply(cleanset=cleanset, user=cleanset.created_by, top_k=wanted)
        with pytest.raises(DataProblem, match="is under way"):
            analyses.cleanset_improve(cleanset=cleanset, user=cleanset.created_by)

    decide(cleanset, 0)
    carry_out(second, During(meanwhile))


def test_programs_wait_for_a_large_action(cleanset: Cleanset) -> None:
    wanted = TopK(ALL, k=120, choice="keep")
    action = top_k.top_k_apply(cleanset=cleanset, user=cleanset.created_by, top_k=wanted)
    assert (action.n_rows, action.number) == (120, 1)
    undo = services.last_action_undo(cleanset=cleanset, user=cleanset.created_by)
    assert undo.n_rows == 120
    assert decisions(cleanset) == {}


def test_an_improved_cleanset_takes_the_decisions_of_when_it_was_requested(
    cleanset: Cleanset,
) -> None:
    keep_all(cleanset)
    decide(cleanset, 9)
    improved = analyses.cleanset_improve(cleanset=cleanset, user=cleanset.created_by)
    assert not improved.reviews.exists()
    decide(cleanset, 9, "keep")
    services.last_action_undo(cleanset=cleanset, user=cleanset.created_by)
    decide(cleanset, 10)
    carry_over(improved, Silent())
    carry_over(improved, Silent())
    assert decisions(improved) == dict.fromkeys(range(120), "keep") | {9: "exclude"}
    [carried] = selectors.actions(improved)
    assert (carried.n_rows, carried.description) == (120, "Carried over 120 decisions")


def test_the_pages_show_the_action_and_cancel_it(
    cleanset: Cleanset, alice: User, client_of: Callable[[User], Client]
) -> None:
    browser = client_of(alice)
    answer = browser.post(
        reverse("cleanset-top-k-apply", args=[cleanset.pk]),
        {"k": "120", "choice": "keep", "view": "issue=all"},
    )
    assert answer.status_code == 302
    run = cleanset.action_runs.get()
    review = browser.get(answer["Location"]).content.decode()
    assert run.get_absolute_url() in review
    assert "Keep 120 rows" in browser.get(run.get_absolute_url()).content.decode()
    browser.post(reverse("cleanset-action-cancel", args=[run.pk]))
    run.refresh_from_db()
    assert run.status == runs.Status.CANCELLED
    assert run.get_absolute_url() not in browser.get(answer["Location"]).content.decode()
