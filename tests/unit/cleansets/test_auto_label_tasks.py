"""Auto-labeling where rows have sets of classes, or numbers."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from cleansets import auto_labels, services
from cleansets.auto_numbers import auto_numbers
from cleansets.models import Action, Cleanset
from studio.accounts.models import User
from studio.accounts.services import api_key_create
from tests.partly_labeled_tasks import (
    N_LABELED,
    make_partly_labeled_numbers,
    make_partly_labeled_sets,
)

pytestmark = pytest.mark.django_db
UNSURE = [row for row in range(N_LABELED, 120) if row % 4 == 0]


@pytest.fixture
def sets(alice: User) -> Cleanset:
    return make_partly_labeled_sets(alice)


@pytest.fixture
def numbers(alice: User) -> Cleanset:
    return make_partly_labeled_numbers(alice)


def test_page_of_sets_says_how_many_whole_sets_are_right(sets: Cleanset, browser: Client) -> None:
    page = browser.get(sets.get_absolute_url(), follow=True)
    assert page.redirect_chain[-1][0] == reverse("cleanset-auto-labels", args=[sets.pk])
    content = page.content.decode()
    assert "60 of 120 rows have no label" in content
    assert "Whole sets right, estimated" in content
    found = auto_labels.auto_labels(sets, wanted=0.8)
    everything, *_, surest = found.estimate.thresholds
    assert everything.n_rows == 60
    assert everything.accuracy == 0.75
    assert found.classes_right[0] == 1.0  # a class is missing in each fourth set, and none is wrong
    assert (surest.n_rows, surest.n_evidence) == (45, 45)
    assert surest.accuracy == 1.0
    assert found.recommended is not None
    assert found.recommended.n_rows == 45


def test_sure_sets_are_labeled_as_one_action(sets: Cleanset, alice: User, browser: Client) -> None:
    browser.post(reverse("cleanset-auto-label-apply", args=[sets.pk]), {"threshold": "0.9"})
    labeled = dict(sets.reviews.values_list("row_id", "corrected_label"))
    assert sorted(labeled) == [row for row in range(N_LABELED, 120) if row not in UNSURE]
    assert labeled[62] == 'login,"refund, partial"'
    assert auto_labels.auto_labels(sets, wanted=0.8).n_open == len(UNSURE)
    services.last_action_undo(cleanset=sets, user=alice)
    assert not sets.reviews.exists()


def test_set_with_a_class_that_is_never_predicted_counts_as_wrong(
    sets: Cleanset, alice: User
) -> None:
    services.row_decide(
        cleanset=sets, user=alice, row_id=61, choice=Action.LABEL, label="delivery,unheard of"
    )
    [everything, *_] = auto_labels.auto_labels(sets, wanted=0.8).estimate.thresholds
    assert everything.n_evidence == 61
    assert everything.accuracy == pytest.approx(45 / 61)


def test_page_of_numbers_says_how_far_off_they_are(numbers: Cleanset, browser: Client) -> None:
    page = browser.get(numbers.get_absolute_url(), follow=True)
    assert page.redirect_chain[-1][0] == reverse("cleanset-auto-labels", args=[numbers.pk])
    assert "Off on average, estimated" in page.content.decode()
    near, _, every = auto_numbers(numbers).estimate.thresholds
    assert (near.threshold, near.n_rows, near.n_evidence, near.error) == (2.0, 30, 30, 2.0)
    assert (every.threshold, every.n_rows, every.error) == (20.0, 60, 11.0)
    assert near.low is not None
    assert near.high is not None
    assert 1.0 < near.low < 2.0 < near.high < 4.0  # wide, as only large numbers have no label
    page = browser.get(reverse("cleanset-auto-labels", args=[numbers.pk]), {"at_most": "12.5"})
    lines = page.context["lines"]
    assert [one.threshold for one, _ in lines] == [2.0, 11.0, 12.5, 20.0]
    shown = browser.get(f"{numbers.get_absolute_url()}?{lines[2][1]}")
    assert len(shown.context["table"].lines) == 30
    assert "expected error at most 12.5" in shown.content.decode()


def test_near_numbers_are_labeled_as_one_action(numbers: Cleanset, browser: Client) -> None:
    browser.post(reverse("cleanset-auto-label-apply", args=[numbers.pk]), {"threshold": "2.0"})
    labeled = dict(numbers.reviews.values_list("row_id", "corrected_label"))
    assert sorted(labeled) == list(range(N_LABELED, 120, 2))
    assert labeled[60] == "159.0"  # 160, and 1 off
    found = auto_numbers(numbers)
    assert found.n_open == 30
    assert found.estimate.thresholds[-1].n_evidence == 60  # its own labels are no evidence


def test_rows_without_a_number_can_be_labeled_by_hand(numbers: Cleanset, browser: Client) -> None:
    rows = auto_labels.rows_by_hand(numbers)
    assert len(rows) == 50
    assert set(rows.tolist()) <= set(range(N_LABELED, 120))
    view = auto_labels.by_hand_query(numbers).params()
    assert browser.get(f"{numbers.get_absolute_url()}?{view}").status_code == 200


def test_programs_label_sets_and_numbers(
    sets: Cleanset, numbers: Cleanset, alice: User, client: Client
) -> None:
    _, secret = api_key_create(owner=alice, name="notebook", scope="write")
    headers = {"Authorization": f"Bearer {secret}"}

    def address(cleanset: Cleanset) -> str:
        return f"/api/v1/cleansets/{cleanset.pk}/auto-label"

    found = client.get(address(sets), headers=headers).json()
    assert found["thresholds"][0]["classes_right"] == 1.0
    assert found["errors"] == []
    found = client.get(address(numbers), {"at_most": 5}, headers=headers).json()
    assert [one["threshold"] for one in found["errors"]] == [2.0, 5.0, 11.0, 20.0]
    assert found["thresholds"] == []
    body = json.dumps({"threshold": 5})
    answer = client.post(address(numbers), body, "application/json", headers=headers)
    assert answer.json()["n_rows"] == 30
    refused = client.post(address(sets), body, "application/json", headers=headers)
    assert refused.status_code == 422
    assert "between 0 and 1" in refused.json()["error"]
