"""What out-of-sample predictions promise for new rows, against simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from studio.engine.guard.guard import set_members
from studio.engine.guard.outcomes import fit_outcomes, set_confidence
from studio.engine.ml_task import MLTask

CLASSES = ("a", "b", "c")


def random_rows(n_rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities, and labels that are drawn from others: the model is overconfident."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(n_rows, 3))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    claimed = np.exp(3 * logits) / np.exp(3 * logits).sum(axis=1, keepdims=True)
    codes = np.array([generator.choice(3, p=row) for row in true])
    return claimed.astype(np.float32), codes


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_sets_have_the_right_class_as_often_as_they_promise(coverage: float) -> None:
    probabilities, codes = random_rows(4_000, seed=0)
    outcomes = fit_outcomes(MLTask.MULTI_CLASS, probabilities, codes, seed=0)
    new, right = random_rows(4_000, seed=1)
    is_within = new[np.arange(len(right)), right] >= 1 - outcomes.largest_misfit(coverage)
    assert is_within.mean() == pytest.approx(coverage, abs=0.02)


def test_intervals_have_the_right_number_as_often_as_they_promise() -> None:
    generator = np.random.default_rng(0)
    bars = generator.uniform(0.5, 2, size=4_000).astype(np.float32)
    numbers = generator.normal(size=4_000)
    predicted = (numbers + bars * generator.standard_t(3, size=4_000)).astype(np.float32)[:, None]
    half = slice(0, 2_000)
    outcomes = fit_outcomes(
        MLTask.REGRESSION, predicted[half], numbers[half], bars=bars[half], seed=0
    )
    rest = slice(2_000, 4_000)
    reach = outcomes.largest_misfit(0.9) * bars[rest]
    is_within = np.abs(predicted[rest, 0] - numbers[rest]) <= reach
    assert is_within.mean() == pytest.approx(0.9, abs=0.02)


def test_few_rows_promise_nothing() -> None:
    probabilities, codes = random_rows(8, seed=0)
    outcomes = fit_outcomes(MLTask.MULTI_CLASS, probabilities, codes, seed=0)
    assert math.isinf(outcomes.largest_misfit(0.9))


def test_predictions_that_do_not_abstain_are_right_as_often_as_asked() -> None:
    probabilities, codes = random_rows(4_000, seed=0)
    outcomes = fit_outcomes(MLTask.MULTI_CLASS, probabilities, codes, seed=0)
    threshold = outcomes.least_confidence(0.8)
    new, right = random_rows(4_000, seed=1)
    is_kept = new.max(axis=1) >= threshold
    assert 0 < is_kept.mean() < 1
    assert (new.argmax(axis=1) == right)[is_kept].mean() == pytest.approx(0.8, abs=0.03)
    assert outcomes.least_confidence(0.1) == 0.0
    assert outcomes.least_confidence(0.9999) == 1.0


def test_confidence_of_a_set_is_how_often_such_sets_are_right() -> None:
    generator = np.random.default_rng(0)
    # Two classes that always come together: as if independent, sets would seem less likely.
    chance = generator.uniform(size=2_000)
    members = np.repeat((generator.uniform(size=2_000) < chance)[:, None], 2, axis=1)
    probabilities = np.repeat(chance[:, None], 2, axis=1).astype(np.float32)
    is_suggested = probabilities > 0.5
    outcomes = fit_outcomes(
        MLTask.MULTI_LABEL, probabilities, members, is_suggested=is_suggested, seed=0
    )
    confidence = outcomes.calibrated(set_confidence(probabilities, is_suggested))
    is_right = (members == is_suggested).all(axis=1)
    assert confidence.mean() == pytest.approx(is_right.mean(), abs=0.01)
    near_certain = confidence > 0.9
    assert is_right[near_certain].mean() > 0.88


def test_classes_of_a_set_are_found_whatever_their_names() -> None:
    members = set_members(["a", 'a,"b, c"', ""], ["a", "b, c"])
    assert members.tolist() == [[True, False], [True, True], [False, False]]
