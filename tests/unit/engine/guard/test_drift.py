"""Drift is found where there is one, and as rarely as stated where there is none."""

from __future__ import annotations

from collections import Counter

import numpy as np

from studio.engine.guard.distributions import Distribution
from studio.engine.guard.drift import Drift, corrected, distribution_drift, feature_drift


def numbers(generator: np.random.Generator, n_rows: int, shift: float = 0.0) -> Distribution:
    values = generator.normal(shift, size=n_rows)
    values[generator.uniform(size=n_rows) < 0.1] = np.nan
    return Distribution.of_numbers(values)


def levels(generator: np.random.Generator, n_rows: int, first: float = 0.5) -> Distribution:
    rest = (1 - first) / 20
    drawn = generator.choice(21, size=n_rows, p=[first] + [rest] * 20)
    return Distribution.of_levels(Counter(map(str, drawn.tolist())), n_missing=0)


def test_batches_like_the_training_data_rarely_raise_an_alarm() -> None:
    generator = np.random.default_rng(0)
    n_alarms = 0
    for _ in range(60):
        drifts = [
            distribution_drift("a", numbers(generator, 500), numbers(generator, 200)),
            distribution_drift("b", levels(generator, 500), levels(generator, 200)),
            distribution_drift("c", levels(generator, 500), levels(generator, 30)),
        ]
        n_alarms += any(drift.is_significant for drift in corrected(drifts))
    assert n_alarms <= 7  # 3 are stated


def test_shifted_columns_are_found() -> None:
    generator = np.random.default_rng(1)
    trained = numbers(generator, 500)
    assert distribution_drift("a", trained, numbers(generator, 200, shift=0.5)).is_significant
    assert distribution_drift(
        "b", levels(generator, 500), levels(generator, 400, first=0.3)
    ).is_significant
    missing = Distribution(200, 80, numbers=numbers(generator, 120).numbers)
    assert distribution_drift("a", trained, missing).is_significant


def test_levels_that_training_never_had_are_a_drift() -> None:
    trained = Distribution.of_levels({"red": 50, "blue": 50}, 0)
    new = Distribution.of_levels({"red": 10, "purple": 10}, 0)
    drift = distribution_drift("colour", trained, new)
    assert drift.is_significant
    assert drift.size == 0.5


def test_features_that_differ_together_are_told_apart() -> None:
    generator = np.random.default_rng(2)
    trained = generator.normal(size=(600, 20)).astype(np.float32)
    like = generator.normal(size=(400, 20)).astype(np.float32)
    shifted = like + np.float32(0.3)
    of_like = feature_drift("all", trained, like, seed=0)
    of_shifted = feature_drift("all", trained, shifted, seed=0)
    assert of_like is not None
    assert of_shifted is not None
    assert of_like.p_value > 0.05
    assert of_shifted.p_value < 0.001
    assert feature_drift("all", trained, like[:10], seed=0) is None


def test_p_values_are_corrected_for_all_tests() -> None:
    found = corrected([Drift("a", 0, 0.04), Drift("b", 0, 0.01), Drift("c", 0, 0.02)])
    np.testing.assert_allclose([drift.p_value for drift in found], [0.04, 0.03, 0.04])
