"""What the model page shows."""

from __future__ import annotations

import pytest

from cleansets import services
from cleansets.models import Cleanset
from cleansets.overlay import corrected_rows
from models_app import selectors
from studio.accounts.models import User
from studio.runs import Status
from tests.factories import make_cleanset, make_model, make_project
from tests.reviewable import improve, make_reviewable


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


def test_accuracies_on_corrected_and_uploaded_data_are_side_by_side(alice: User) -> None:
    cleanset = make_cleanset(
        alice, candidates=[candidate("linear", 0.8), candidate("ensemble", 0.85)]
    )
    model = make_model(
        alice,
        cleanset=cleanset,
        candidates=[
            candidate("ensemble", 0.95),
            candidate("linear", 0.9),
            candidate("forest", 0.7),
        ],
    )
    rows = selectors.candidate_rows(model)
    assert [(row.name, row.held_out_score, row.original_score) for row in rows] == [
        ("Ensemble", 0.95, 0.85),
        ("Linear", 0.9, 0.8),
        ("Forest", 0.7, None),
    ]
    assert [row.is_deployed for row in rows] == [True, False, False]


def test_accuracy_on_uploaded_data_is_that_of_the_first_analysis(alice: User) -> None:
    first = make_cleanset(alice, candidates=[candidate("linear", 0.778)])
    second = make_cleanset(
        alice, project=first.project, base=first, candidates=[candidate("linear", 0.892)]
    )
    third = make_cleanset(
        alice, project=first.project, base=second, candidates=[candidate("linear", 0.9)]
    )
    model = make_model(alice, cleanset=third, candidates=[candidate("linear", 0.93)])
    (row,) = selectors.candidate_rows(model)
    assert (row.held_out_score, row.original_score) == (0.93, 0.778)


def test_accuracy_on_uploaded_data_is_that_of_the_same_configuration(alice: User) -> None:
    first = make_reviewable(alice)
    configuration = {"mode": "regular"}
    second = improve_with(first, configuration, candidate("linear", 0.8))
    model = make_model(alice, cleanset=second, candidates=[candidate("linear", 0.93)])
    (row,) = selectors.candidate_rows(model)
    assert row.original_score == 0.8  # no label was corrected before

    services.row_decide(cleanset=first, user=alice, row_id=0, choice="auto-fix")
    third = improve_with(first, configuration, candidate("linear", 0.9))
    corrected = make_model(alice, cleanset=third, candidates=[candidate("linear", 0.93)])
    (row,) = selectors.candidate_rows(corrected)
    assert row.original_score is None


def improve_with(base: Cleanset, configuration: dict[str, str], *candidates: dict) -> Cleanset:
    """Return the next cleanset as if it were analysed with another configuration."""
    services.row_decide(cleanset=base, user=base.created_by, row_id=1, choice="keep")
    improved = improve(base)
    improved.configuration = configuration
    improved.candidates = list(candidates)
    improved.save()
    return improved


def test_preview_counts_what_training_will_see(alice: User) -> None:
    cleanset = make_reviewable(alice)
    for row_id, choice, label in (
        (0, "exclude", ""),
        (1, "label", "login"),
        (10, "auto-fix", ""),
        (2, "keep", ""),
    ):
        decide(cleanset, row_id, choice, label)
    expected = selectors.TrainingPreview(
        n_rows=118, n_corrected=2, n_excluded=1, n_unlabeled=1, n_test=0
    )
    assert selectors.training_preview(cleanset) == expected
    improved = improve(cleanset)
    assert selectors.training_preview(improved) == expected, (
        "corrections are counted against the uploaded labels"
    )
    rows = corrected_rows(improved)
    assert (rows.n_corrected, rows.n_excluded) == (2, 1)


def test_given_label_that_is_chosen_again_is_not_a_correction(alice: User) -> None:
    cleanset = make_reviewable(alice)
    decide(cleanset, 0, "label", "billing")
    assert selectors.training_preview(cleanset).n_corrected == 0


def test_only_decisions_that_change_what_training_sees_make_a_model_outdated(alice: User) -> None:
    cleanset = make_reviewable(alice)
    decide(cleanset, 1, "exclude")
    model = make_model(alice, cleanset=cleanset)
    decide(cleanset, 2, "keep")
    decide(cleanset, 3, "needs-review")
    decide(cleanset, 0, "label", "billing")
    decide(cleanset, 10, "auto-fix")
    decide(cleanset, 10, "keep")
    assert selectors.n_decisions_since(model) == 0
    decide(cleanset, 20, "auto-fix")
    decide(cleanset, 1, "keep")
    decide(cleanset, 4, "exclude")
    assert selectors.n_decisions_since(model) == 3
    services.last_action_undo(cleanset=cleanset, user=alice)
    assert selectors.n_decisions_since(model) == 2


def decide(cleanset: Cleanset, row_id: int, choice: str, label: str = "") -> None:
    services.row_decide(
        cleanset=cleanset, user=cleanset.created_by, row_id=row_id, choice=choice, label=label
    )


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
        ("multi-class", "81.0%", "+1.0 points", "Held-out Accuracy"),
        ("multi-label", "81.0%", "+1.0 points", "Held-out F1"),
        ("regression", "0.810", "+0.010", "Held-out R²"),
    ],
)
def test_scores_are_named_in_the_words_of_the_task(
    alice: User, task: str, held_out: str, difference: str, name: str
) -> None:
    cleanset = make_cleanset(
        alice, project=make_project(alice, task=task), candidates=[candidate("linear", 0.8)]
    )
    model = make_model(alice, cleanset=cleanset, candidates=[candidate("linear", 0.81)])
    (row,) = selectors.candidate_rows(model)
    shown = (
        row.held_out_text.replace("\N{NO-BREAK SPACE}", " "),
        row.difference,
        row.words.held_out,
    )
    assert shown == (held_out, difference, name)
