"""The estimated accuracy of predicted sets of classes, and the error of predicted numbers."""

from __future__ import annotations

import numpy as np

from studio.engine.evaluation.auto_numbers import NumberPredictions, error_by_threshold
from studio.engine.evaluation.auto_sets import SetRule, rule_behind, sets_by_threshold


def probabilities(rng: np.random.Generator, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities of four classes, and sets that are drawn by them."""
    predicted = rng.beta(0.4, 0.8, (n_rows, 4)).astype(np.float32)
    return predicted, rng.random((n_rows, 4)) < predicted


def numbers(
    rng: np.random.Generator, n_rows: int, *, low: float = 0.0
) -> tuple[NumberPredictions, np.ndarray]:
    """Return predictions of numbers from `low` to 1, and the numbers: errors grow with them."""
    truth = rng.uniform(low, 1.0, n_rows)
    size = 0.02 + 0.2 * truth
    predicted = truth + rng.laplace(0, size)
    return NumberPredictions(predicted, size * rng.uniform(0.7, 1.4, n_rows)), truth


def test_interval_contains_the_real_share_of_right_sets() -> None:
    rng = np.random.default_rng(0)
    rule = SetRule(0.4, has_empty_sets=True)
    n_held = 0
    for _ in range(60):
        labeled, given = probabilities(rng, 200)
        unlabeled, truth = probabilities(rng, 150)
        target = rule.predictions(unlabeled)
        found = sets_by_threshold(rule.predictions(labeled), given, target, [0.3])
        [one] = found.estimate.thresholds
        real = (target.sets == truth).all(axis=1)[target.confidence >= 0.3].mean()
        assert one.low is not None
        assert one.high is not None
        n_held += one.low <= real <= one.high
    assert 54 <= n_held <= 60


def test_rule_of_suggested_sets_is_found() -> None:
    rng = np.random.default_rng(1)
    predicted, _ = probabilities(rng, 2_000)
    for rule in (SetRule(0.3, has_empty_sets=False), SetRule(0.55, has_empty_sets=True)):
        found = rule_behind(predicted, rule.sets(predicted))
        assert (found.sets(predicted) == rule.sets(predicted)).mean() > 0.999


def test_interval_contains_the_real_error_of_rows_that_are_alike() -> None:
    rng = np.random.default_rng(9)
    n_held = 0
    for _ in range(120):
        labeled, given = numbers(rng, 200)
        unlabeled, truth = numbers(rng, 150)
        [one] = error_by_threshold(labeled, given, unlabeled, [0.15]).thresholds
        near = unlabeled.expected <= 0.15
        real = np.abs(unlabeled.numbers - truth)[near].mean()
        assert one.low is not None
        assert one.high is not None
        n_held += one.low <= real <= one.high
    assert 108 <= n_held <= 120


def test_labeled_rows_are_weighted_where_large_numbers_have_no_label() -> None:
    rng = np.random.default_rng(3)
    labeled, given = numbers(rng, 2_000)
    unlabeled, truth = numbers(rng, 2_000, low=0.6)
    found = error_by_threshold(labeled, given, unlabeled, [1.0])
    [one] = found.thresholds
    real = np.abs(unlabeled.numbers - truth).mean()
    assert found.is_reweighted
    assert one.high is not None
    assert np.abs(labeled.numbers - given).mean() < 0.8 * real
    assert one.low <= real <= one.high


def test_few_labels_are_no_evidence_for_an_interval() -> None:
    rng = np.random.default_rng(4)
    labeled, given = numbers(rng, 5)
    unlabeled, _ = numbers(rng, 50)
    [one] = error_by_threshold(labeled, given, unlabeled, [1.0]).thresholds
    assert (one.error, one.low, one.n_rows) == (None, None, 50)
