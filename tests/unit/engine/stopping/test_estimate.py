"""What decisions about flagged rows say of the rows that are left."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from studio.engine.stopping.estimate import Estimate, errors_among, estimate
from studio.engine.stopping.review import ModelEstimate, RandomRows, Review, Verdict

N_FLAGGED = 200
NO_RANDOM_ROWS = RandomRows()
OPEN, RIGHT, WRONG, SETTLED = Verdict.OPEN, Verdict.RIGHT, Verdict.WRONG, Verdict.SETTLED


def review_of(
    verdicts: dict[int, Verdict],
    *,
    expected: float = 100.0,
    random_rows: RandomRows = NO_RANDOM_ROWS,
) -> Review:
    """Return a review of rows whose scores fall from 0.99 to 0.6."""
    found = np.full(N_FLAGGED, OPEN, dtype=np.int8)
    for row, verdict in verdicts.items():
        found[row] = verdict
    return Review(
        scores=np.linspace(0.99, 0.6, N_FLAGGED),
        verdicts=found,
        n_labeled=2_000,
        n_unflagged_open=1_800 - random_rows.n_reviewed,
        random_rows=random_rows,
        is_as_suggested=found == WRONG,
        models=ModelEstimate(expected, 130.0, 110.0, 160.0),
    )


def first_rows(n_rows: int, verdict: Verdict) -> dict[int, Verdict]:
    return dict.fromkeys(range(n_rows), verdict)


def test_before_any_decision_the_models_are_believed_within_a_wide_interval() -> None:
    found = estimate(review_of({}))
    assert found.flagged_wrong.value == pytest.approx(100, abs=10)
    assert found.flagged_wrong.low < 60
    assert found.flagged_wrong.high > 140


def test_decisions_narrow_the_interval_and_move_it() -> None:
    spread = {row: WRONG if row % 10 else RIGHT for row in range(0, N_FLAGGED, 3)}
    before = estimate(review_of({}))
    after = estimate(review_of(spread))
    assert after.left_flagged.value / after.n_open == pytest.approx(0.9, abs=0.06)
    width_before = before.left_flagged.high - before.left_flagged.low
    width_after = after.left_flagged.high - after.left_flagged.low
    assert width_after < 0.5 * width_before


def test_a_run_of_kept_rows_says_that_little_is_left() -> None:
    found = estimate(review_of(first_rows(60, RIGHT)))
    assert found.next_rows[0].errors.high < 10


def test_precision_never_rises_as_scores_fall() -> None:
    verdicts = {row: RIGHT if row < 40 else WRONG for row in range(80)}
    precision = [group.precision.value for group in estimate(review_of(verdicts)).precision]
    assert all(np.diff(precision) <= 1e-9)


def test_the_same_decisions_give_the_same_estimate() -> None:
    verdicts = first_rows(30, WRONG)
    assert estimate(review_of(verdicts)) == estimate(review_of(verdicts))


def test_the_curve_rises_from_nothing_to_all_that_is_left() -> None:
    found = estimate(review_of(first_rows(20, WRONG)))
    errors = [step.errors.value for step in found.curve]
    assert errors[0] == 0
    assert errors[-1] == pytest.approx(found.left_flagged.value)
    assert all(np.diff(errors) >= 0)


def test_steps_end_with_what_is_left() -> None:
    found = estimate(review_of({}))
    assert [step.n_rows for step in found.next_rows] == [50, 200]


def test_rows_that_nobody_looked_at_are_neither_evidence_nor_left() -> None:
    settled = estimate(review_of(first_rows(150, SETTLED)))
    assert settled.n_open == 50
    assert settled.n_wrong == settled.n_right == 0
    assert settled.flagged_wrong.value > 60  # some of the settled rows were wrong


def test_missed_errors_are_estimated_from_random_rows_only() -> None:
    assumed = estimate(review_of({}))
    assert assumed.left_unflagged is None
    assert assumed.assumed_unflagged is not None
    assert assumed.assumed_unflagged.value == pytest.approx(30)
    seen = estimate(review_of({}, random_rows=RandomRows(n_wrong=5, n_right=95)))
    assert seen.left_unflagged is not None
    assert seen.left_unflagged.low < 0.05 * 1_700 < seen.left_unflagged.high


def test_accuracy_gains_at_most_one_row_per_error() -> None:
    step = estimate(review_of(first_rows(50, WRONG))).next_rows[0]
    assert 0 < step.accuracy.value <= step.errors.value / 2_000


def test_errors_among_chosen_rows_follow_their_scores() -> None:
    review = review_of({row: WRONG if row < 100 else RIGHT for row in range(0, N_FLAGGED, 2)})
    high = errors_among(review, np.full(20, 0.97))
    low = errors_among(review, np.full(20, 0.62))
    assert high.value > 15
    assert low.value < 5


def test_one_flagged_row_is_enough() -> None:
    single = Review(
        scores=np.array([0.9]),
        verdicts=np.array([OPEN], dtype=np.int8),
        n_labeled=1,
        n_unflagged_open=0,
        random_rows=RandomRows(),
        is_as_suggested=np.array([False]),
        models=ModelEstimate(1.0),
    )
    found = estimate(single)
    assert isinstance(found, Estimate)
    assert 0 <= found.left_flagged.value <= 1


def test_intervals_contain_the_truth_about_nine_times_in_ten() -> None:
    hits = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        precision = 0.2 + 0.7 * np.linspace(1, 0, N_FLAGGED)
        is_wrong = rng.random(N_FLAGGED) < precision
        depth = int(rng.choice([20, 60, 120]))
        verdicts = {row: WRONG if is_wrong[row] else RIGHT for row in range(depth)}
        found = estimate(review_of(verdicts, expected=float(precision.sum())))
        truth = is_wrong[depth:].sum()
        hits.append(found.left_flagged.low <= truth <= found.left_flagged.high)
    assert np.mean(hits) >= 0.8


def test_suggestions_of_lower_scores_are_trusted_less() -> None:
    first = review_of(first_rows(50, WRONG))
    taken = np.zeros(N_FLAGGED, dtype=bool)
    taken[:50] = True
    review = dataclasses.replace(first, is_as_suggested=taken)
    step = estimate(review).next_rows[-1]
    n_corrected = step.accuracy.value * review.n_labeled
    assert 0.8 * step.errors.value < n_corrected < 0.97 * step.errors.value


def test_suggestions_that_people_refuse_promise_no_accuracy() -> None:
    review = review_of(first_rows(50, WRONG))
    refused = dataclasses.replace(review, is_as_suggested=np.zeros(N_FLAGGED, dtype=bool))
    step = estimate(refused).next_rows[0]
    assert step.accuracy.value * review.n_labeled < 0.1 * step.errors.value
