"""What the model page shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from cleansets.models import Action, RowReview
from models_app import selectors
from studio.accounts.models import User
from studio.runs import Status
from tests.factories import make_cleanset, make_model, make_project


def candidate(key: str, accuracy: float) -> dict[str, object]:
    return {
        "key": key,
        "name": key.title(),
        "accuracy": accuracy,
        "log_loss": 0.1,
        "weight": 0.5,
        "training_time_s": 1.5,
        "inference_time_s": 0.25,
    }


def test_accuracies_on_corrected_and_on_uploaded_data_stand_side_by_side(alice: User) -> None:
    cleanset = make_cleanset(alice, candidates=[candidate("linear", 0.8), candidate("ensemble", 0.85)])
    model = make_model(
        alice,
        cleanset=cleanset,
        candidates=[candidate("ensemble", 0.95), candidate("linear", 0.9), candidate("forest", 0.7)],
    )
    rows = selectors.candidate_rows(model)
    assert [(row.name, row.held_out_accuracy, row.original_accuracy) for row in rows] == [
        ("Ensemble", 0.95, 0.85),
        ("Linear", 0.9, 0.8),
        ("Forest", 0.7, None),
    ]
    assert [row.is_deployed for row in rows] == [True, False, False]


def test_preview_counts_what_training_will_see(alice: User) -> None:
    cleanset = make_cleanset(alice, n_rows=10)
    decisions = [(Action.EXCLUDE, None), (Action.LABEL, "b"), (Action.AUTO_FIX, "c"), (Action.KEEP, None)]
    for row_id, (action, label) in enumerate(decisions):
        RowReview.objects.create(cleanset=cleanset, row_id=row_id, action=action, corrected_label=label, is_manual=True)
    assert selectors.training_preview(cleanset) == selectors.TrainingPreview(n_rows=9, n_corrected=2, n_excluded=1)


def test_only_decisions_after_the_training_began_make_a_model_outdated(alice: User) -> None:
    model = make_model(alice)
    now = timezone.now()
    for row_id, hours in enumerate((-1, 1, 2)):
        decision = {"action": Action.KEEP, "is_manual": True, "updated_at": now + timedelta(hours=hours)}
        RowReview.objects.create(cleanset=model.cleanset, row_id=row_id, **decision)
    assert selectors.n_decisions_since(model) == 2


def test_newest_model_passes_over_cancelled_ones(alice: User) -> None:
    first = make_model(alice)
    make_model(alice, cleanset=first.cleanset, status=Status.CANCELLED)
    assert selectors.newest_model(first.cleanset) == first


def test_models_of_other_users_are_not_listed(alice: User, bob: User) -> None:
    mine = make_model(alice)
    make_model(bob)
    assert list(selectors.models_of(alice)) == [mine]


@pytest.mark.parametrize(
    ("task", "held_out", "difference", "name"),
    [
        ("multi-class", "81.0 %", "+1.0 points", "Held-out Accuracy"),
        ("multi-label", "81.0 %", "+1.0 points", "Held-out F1"),
        ("regression", "0.810", "+0.010", "Held-out R²"),
    ],
)
def test_scores_are_told_in_the_words_of_the_task(
    alice: User, task: str, held_out: str, difference: str, name: str
) -> None:
    cleanset = make_cleanset(alice, project=make_project(alice, task=task), candidates=[candidate("linear", 0.8)])
    model = make_model(alice, cleanset=cleanset, candidates=[candidate("linear", 0.81)])
    (row,) = selectors.candidate_rows(model)
    shown = (row.held_out_text.replace("\N{NO-BREAK SPACE}", " "), row.difference, row.words.held_out)
    assert shown == (held_out, difference, name)
