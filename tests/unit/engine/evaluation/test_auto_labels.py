"""The estimated accuracy of predicted labels, by confidence."""

from __future__ import annotations

import numpy as np
import pytest

from studio.engine.evaluation.auto_labels import Predictions, accuracy_by_threshold


def predictions(
    rng: np.random.Generator, n_rows: int, *, of_first: float = 0.5
) -> tuple[Predictions, np.ndarray]:
    """Return predictions and the true classes: class 0 is right as often as its confidence says,
    class 1 less often by 30 points.
    """
    codes = (rng.random(n_rows) >= of_first).astype(np.int64)
    confidence = rng.uniform(0.5, 1.0, n_rows)
    is_right = rng.random(n_rows) < confidence - 0.3 * codes
    return Predictions(codes, confidence), np.where(is_right, codes, 1 - codes)


def rows_of_classes(
    rng: np.random.Generator, n_rows: int, *, of_first: float
) -> tuple[Predictions, np.ndarray]:
    """Return predictions and the true classes: rows of class 0 are recognised with 95%, those of
    class 1 with 60%.
    """
    classes = (rng.random(n_rows) >= of_first).astype(np.int64)
    is_right = rng.random(n_rows) < np.where(classes == 0, 0.95, 0.6)
    return Predictions(np.where(is_right, classes, 1 - classes), np.full(n_rows, 0.9)), classes


def test_interval_contains_the_real_accuracy_of_rows_that_are_alike() -> None:
    rng = np.random.default_rng(0)
    n_held = 0
    for _ in range(60):
        labeled, given = predictions(rng, 200)
        unlabeled, truth = predictions(rng, 100)
        estimate = accuracy_by_threshold(labeled, given, unlabeled, [0.8])
        [one] = estimate.thresholds
        real = (unlabeled.codes == truth)[unlabeled.confidence >= 0.8].mean()
        assert one.low is not None
        assert one.high is not None
        n_held += one.low <= real <= one.high
    assert 54 <= n_held <= 60


def test_rows_that_clearly_differ_are_weighted() -> None:
    rng = np.random.default_rng(1)
    labeled, given = predictions(rng, 4_000, of_first=0.9)
    unlabeled, truth = predictions(rng, 4_000, of_first=0.1)
    estimate = accuracy_by_threshold(labeled, given, unlabeled, [0.5])
    [one] = estimate.thresholds
    real = (unlabeled.codes == truth).mean()
    assert estimate.is_reweighted
    assert one.low is not None
    assert one.high is not None
    assert one.low <= real <= one.high
    assert (labeled.codes == given).mean() > one.high


def test_classes_that_are_missing_more_often_are_found_and_weighted() -> None:
    rng = np.random.default_rng(2)
    n_held = 0
    for _ in range(30):
        labeled, given = rows_of_classes(rng, 400, of_first=0.8)
        unlabeled, truth = rows_of_classes(rng, 400, of_first=0.3)
        estimate = accuracy_by_threshold(labeled, given, unlabeled, [0.5])
        [one] = estimate.thresholds
        assert one.low is not None
        assert one.high is not None
        n_held += one.low <= (unlabeled.codes == truth).mean() <= one.high
    assert n_held >= 27
    shift = estimate.shifts[0]
    assert shift.low < (truth == shift.code).mean() < shift.high
    assert shift.labeled == pytest.approx((given == shift.code).mean())


def test_rows_without_any_like_them_may_be_right_or_wrong() -> None:
    labeled = Predictions(np.zeros(200, dtype=np.int64), np.full(200, 0.99))
    unlabeled = Predictions(np.zeros(100, dtype=np.int64), np.repeat([0.99, 0.55], 50))
    estimate = accuracy_by_threshold(labeled, labeled.codes, unlabeled, [0.5])
    [one] = estimate.thresholds
    assert one.low is not None
    assert one.low < 0.51
    assert one.high == pytest.approx(1)


def test_without_evidence_nothing_is_claimed() -> None:
    labeled = Predictions(np.zeros(20, dtype=np.int64), np.full(20, 0.6))
    unlabeled = Predictions(np.zeros(20, dtype=np.int64), np.full(20, 0.9))
    estimate = accuracy_by_threshold(labeled, labeled.codes, unlabeled, [0.8])
    [one] = estimate.thresholds
    assert (one.n_rows, one.n_evidence, one.accuracy, one.low) == (20, 0, None, None)
