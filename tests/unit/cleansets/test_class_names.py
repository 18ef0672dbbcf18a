"""Names of classes that people type: the known one that is meant, and what is new."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from cleansets.class_names import nearest_classes, refuse_unknown, same_spelling
from cleansets.models import Cleanset, RowReview
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask
from tests.reviewable import make_reviewable

CLASSES = ["card_arrival", "lost_or_stolen_card", "change_pin", "top_up"]


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        ("card", ["card_arrival", "lost_or_stolen_card"]),
        ("Card Arival", ["card_arrival"]),
        ("PIN", ["change_pin"]),
        ("topup", ["top_up"]),
        ("quite another thing", []),
    ],
)
def test_nearest_classes_come_first(typed: str, nearest: list[str]) -> None:
    assert nearest_classes(typed, CLASSES) == nearest


@pytest.mark.parametrize(
    "typed", ["Card_Arrival", "card arrival", " card-arrival ", "ＣＡＲＤ_ARRIVAL"]
)
def test_spellings_that_people_overlook_are_the_same(typed: str) -> None:
    assert same_spelling(typed, CLASSES) == "card_arrival"


def test_class_is_not_another_spelling_of_itself() -> None:
    assert same_spelling("card_arrival", CLASSES) is None


def test_unknown_class_is_refused_in_one_sentence_with_what_may_be_meant() -> None:
    with pytest.raises(
        DataProblem, match="no class “card”; did you mean “card_arrival” or “lost_or_stolen_card”"
    ):
        refuse_unknown(["card"], CLASSES)
    refuse_unknown(["card_arrival"], CLASSES)


@pytest.mark.parametrize(
    ("task", "data"),
    [
        (MLTask.MULTI_CLASS, {"typed_label": "Deliv"}),
        (MLTask.MULTI_LABEL, {"choice": "label", "applies": ["billing"], "also": "login, Deliv"}),
    ],
)
def test_page_creates_a_class_only_where_that_was_chosen(
    alice: User, client_of: Callable[[User], Client], task: MLTask, data: dict[str, object]
) -> None:
    cleanset: Cleanset = make_reviewable(alice, task=task)
    address = reverse("cleanset-decide", args=[cleanset.pk, 0])
    client = client_of(alice)
    response = client.post(address, {"next": "10", **data})
    assert response.status_code == 422
    assert "There is no class “Deliv”; did you mean “delivery”?" in response.content.decode()
    assert not RowReview.objects.exists()
    assert client.post(address, {"next": "10", "new_class": "1", **data}).status_code == 302
    assert "Deliv" in str(RowReview.objects.get().corrected_label)


def test_new_class_that_nearly_is_another_is_warned_of(
    alice: User, client_of: Callable[[User], Client]
) -> None:
    cleanset = make_reviewable(alice)
    address = reverse("cleanset-decide", args=[cleanset.pk, 0])
    sent = {"next": "10", "typed_label": "Billing", "new_class": "1"}
    page = client_of(alice).post(address, sent, follow=True).content.decode()
    assert "The new class “Billing” differs from “billing” only in case or spaces." in page


@pytest.mark.parametrize("new_class", ["", "1"])
def test_clean_top_k_creates_a_class_only_where_that_was_chosen(
    alice: User, client_of: Callable[[User], Client], new_class: str
) -> None:
    cleanset = make_reviewable(alice)
    address = reverse("cleanset-top-k-apply", args=[cleanset.pk])
    sent = {"k": "2", "choice": "label", "label": "Deliv", "new_class": new_class}
    response = client_of(alice).post(address, sent)
    assert response.status_code == (302 if new_class else 422)
    assert RowReview.objects.count() == (2 if new_class else 0)


def test_number_is_not_a_class(alice: User, client_of: Callable[[User], Client]) -> None:
    cleanset = make_reviewable(alice, task=MLTask.REGRESSION)
    address = reverse("cleanset-decide", args=[cleanset.pk, 0])
    assert client_of(alice).post(address, {"next": "10", "typed_label": "12.5"}).status_code == 302
