"""Renaming and merging classes."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from cleansets import action_runs, class_changes, drafts, services
from cleansets.class_changes import ClassRenaming, checked_change, class_counts
from cleansets.models import ActionRun, Cleanset
from cleansets.overlay import corrected_rows
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask
from tests.reviewable import make_reviewable


def change(cleanset: Cleanset, old: str, new: str) -> None:
    class_changes.class_change_apply(
        cleanset=cleanset,
        user=cleanset.created_by,
        change=checked_change(cleanset, old, new),
    )


def words(response: object) -> str:
    content: bytes = response.content  # type: ignore[attr-defined]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", content.decode()))


def test_all_rows_of_a_class_get_its_new_name_and_one_undo_takes_it_back(
    cleanset: Cleanset,
) -> None:
    before = class_counts(cleanset)
    change(cleanset, "delivery", "shipping")
    after = class_counts(cleanset)
    assert after["shipping"] == before["delivery"] > 0
    assert after["delivery"] == 0
    services.last_action_undo(cleanset=cleanset, user=cleanset.created_by)
    assert class_counts(cleanset) == before


def test_merged_classes_are_one_in_what_is_learned_from(cleanset: Cleanset) -> None:
    before = class_counts(cleanset)
    change(cleanset, "delivery", "login")
    assert class_counts(cleanset)["login"] == before["delivery"] + before["login"]
    assert "delivery" not in set(corrected_rows(cleanset).labels)


def test_present_labels_count_and_excluded_rows_stay(cleanset: Cleanset) -> None:
    before = class_counts(cleanset)
    user = cleanset.created_by
    services.row_decide(cleanset=cleanset, user=user, row_id=3, choice="label", label="delivery")
    rows = [row for row, label in enumerate(corrected_rows(cleanset).labels) if label == "delivery"]
    excluded = next(row for row in rows if row != 3)
    services.row_decide(cleanset=cleanset, user=user, row_id=excluded, choice="exclude")
    now = class_counts(cleanset)
    assert now != before
    change(cleanset, "delivery", "shipping")
    review = cleanset.reviews.get(row_id=3)
    assert (review.corrected_label, review.is_manual) == ("shipping", True)
    assert cleanset.reviews.get(row_id=excluded).action == "exclude"
    assert class_counts(cleanset)["shipping"] == now["delivery"]


def test_a_class_of_sets_is_replaced_inside_them(alice: User) -> None:
    cleanset = make_reviewable(alice, task=MLTask.MULTI_LABEL)
    before = class_counts(cleanset)
    change(cleanset, "delivery", "billing")
    after = class_counts(cleanset)
    assert after["delivery"] == 0
    assert before["billing"] < after["billing"] <= before["billing"] + before["delivery"]
    assert after["login"] == before["login"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("nothing", "x", "There is no class “nothing”"),
        ("delivery", " ", "Type the name"),
        ("delivery", "delivery", "already"),
        ("delivery", "x" * 501, "501 characters"),
        ("delivery", "x\0", "NUL character"),
    ],
)
def test_changes_that_cannot_be_are_refused(
    old: str, new: str, problem: str, browser: Client, cleanset: Cleanset
) -> None:
    with pytest.raises(DataProblem, match=problem):
        checked_change(cleanset, old, new)
    address = reverse("cleanset-classes", args=[cleanset.pk])
    response = browser.get(address, {"old": old, "new": new})
    assert response.status_code == 422
    assert problem in words(response)


def test_numbers_have_no_classes(alice: User) -> None:
    with pytest.raises(DataProblem, match="no classes"):
        checked_change(make_reviewable(alice, task=MLTask.REGRESSION), "1", "2")


def test_preview_counts_rows_and_changes_nothing(browser: Client, cleanset: Cleanset) -> None:
    before = class_counts(cleanset)
    address = reverse("cleanset-classes", args=[cleanset.pk])
    page = words(browser.get(address, {"old": "delivery", "new": "Login"}))
    n = before["delivery"]
    assert f"{n} rows with the class “delivery” would have “Login” instead, a new class." in page
    assert "There is a class “login”, too" in page
    assert f"Change {n} rows" in page
    merged = words(browser.get(address, {"old": "delivery", "new": "login"}))
    assert f"the class of {before['login']} other rows." in merged
    assert class_counts(cleanset) == before


def test_the_page_changes_a_class(browser: Client, cleanset: Cleanset) -> None:
    address = reverse("cleanset-class-change", args=[cleanset.pk])
    page = words(browser.post(address, {"old": "delivery", "new": "shipping"}, follow=True))
    assert re.search(r"Class “delivery” to “shipping” in \d+ rows: done.", page)
    assert re.search(r"shipping \d+ Rename or merge", page)


def test_a_class_of_many_rows_is_changed_by_a_run(
    cleanset: Cleanset, monkeypatch: pytest.MonkeyPatch, eager_runs: None
) -> None:
    monkeypatch.setattr(drafts, "MAX_AT_ONCE", 5)
    n = class_counts(cleanset)["delivery"]
    started = action_runs.class_change_start(
        cleanset=cleanset, user=cleanset.created_by, change=ClassRenaming("delivery", "shipping")
    )
    assert isinstance(started, ActionRun)
    started.refresh_from_db()
    assert started.outcome == f"Class “delivery” to “shipping” in {n} rows: done."
    assert class_counts(Cleanset.objects.get(pk=cleanset.pk))["shipping"] == n
