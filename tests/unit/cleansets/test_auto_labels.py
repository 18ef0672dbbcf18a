"""Auto-labeling of a partly labeled dataset: what is estimated, what is labeled, what is asked."""

from __future__ import annotations

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from cleansets import auto_labels, services
from cleansets.models import Action, Cleanset, ReviewAction
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from tests.partly_labeled import OPEN, make_partly_labeled
from tests.reviewable import CLASSES, make_reviewable

pytestmark = pytest.mark.django_db


@pytest.fixture
def cleanset(alice: User) -> Cleanset:
    return make_partly_labeled(alice)


def test_project_of_a_partly_labeled_dataset_opens_on_auto_labeling(
    cleanset: Cleanset, browser: Client
) -> None:
    page = browser.get(reverse("project", args=[cleanset.project_id]), follow=True)
    assert page.redirect_chain[-1][0] == reverse("cleanset-auto-labels", args=[cleanset.pk])
    assert "60 of 120 rows have no label" in page.content.decode()
    review = browser.get(cleanset.get_absolute_url(), {"issue": "unlabeled"})
    assert len(review.context["table"].lines) == 50


def test_mostly_labeled_dataset_opens_on_the_review(alice: User, browser: Client) -> None:
    cleanset = make_reviewable(alice)
    assert browser.get(cleanset.get_absolute_url()).status_code == 200
    with pytest.raises(DataProblem, match="at least a tenth"):
        auto_labels.auto_labels(cleanset, wanted=0.9)


def test_sure_rows_are_labeled_as_one_action_that_one_undo_takes_back(
    cleanset: Cleanset, alice: User, browser: Client
) -> None:
    found = auto_labels.auto_labels(cleanset, wanted=0.8)
    assert found.recommended is not None
    assert found.recommended.threshold == 0.6  # below, every other label is wrong
    apply = reverse("cleanset-auto-label-apply", args=[cleanset.pk])
    browser.post(apply, {"threshold": "0.9"})
    labeled = dict(cleanset.reviews.values_list("row_id", "corrected_label"))
    confidence = np.linspace(0.99, 0.4, 60).astype(np.float32).astype(np.float64)
    sure = [row for row in OPEN if confidence[row - 60] >= 0.9]
    assert labeled == {row: CLASSES[row % 3] for row in sure}
    assert cleanset.review_actions.get().kind == ReviewAction.Kind.BULK
    services.last_action_undo(cleanset=cleanset, user=alice)
    assert not cleanset.reviews.exists()


def test_labels_from_the_models_are_no_evidence(cleanset: Cleanset, alice: User) -> None:
    before = auto_labels.auto_labels(cleanset, wanted=0.9).estimate.thresholds[0]
    auto_labels.auto_label_start(cleanset=cleanset, user=alice, threshold=0.9)
    after = auto_labels.auto_labels(cleanset, wanted=0.9).estimate.thresholds[0]
    assert after.n_evidence == before.n_evidence == 60
    assert after.n_rows < before.n_rows
    services.row_decide(
        cleanset=cleanset, user=alice, row_id=119, choice=Action.LABEL, label=CLASSES[0]
    )
    by_hand = auto_labels.auto_labels(cleanset, wanted=0.9).estimate.thresholds[0]
    assert by_hand.n_evidence == 61


def test_rows_to_label_by_hand_are_unsure_and_unlike_each_other(
    cleanset: Cleanset, browser: Client
) -> None:
    rows = auto_labels.rows_by_hand(cleanset)
    assert len(rows) == 50
    assert set(rows) <= set(OPEN)
    assert 119 in rows  # the least sure
    view = auto_labels.by_hand_query(cleanset).params()
    page = browser.get(f"{cleanset.get_absolute_url()}?{view}")
    assert page.context["table"].lines[0].row_id == 119
    assert "to label by hand" in page.content.decode()
