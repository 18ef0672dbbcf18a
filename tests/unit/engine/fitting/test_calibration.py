"""Probabilities speak of the true label, though some of the given ones are wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from studio.engine.fitting.calibration import (
    NO_CALIBRATION,
    Calibration,
    fit_calibration,
    wrong_interval,
)
from studio.engine.fitting.ensemble import ensemble_weights, towards_equal
from studio.engine.fitting.metrics import at_temperature, calibration_error, kappa, log_losses

N_ROWS = 6_000


def drawn(
    n_classes: int, wrong_fraction: float, *, seed: int = 0
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return true probabilities, true classes drawn from them, and given ones of which some are
    wrong.
    """
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(n_classes, 0.3), N_ROWS).astype(np.float32)
    true = np.array(
        [rng.choice(n_classes, p=row / row.sum()) for row in probabilities.astype(np.float64)]
    )
    given = true.copy()
    wrong = rng.random(N_ROWS) < wrong_fraction
    given[wrong] = (true[wrong] + rng.integers(1, n_classes, int(wrong.sum()))) % n_classes
    return probabilities, true.astype(np.int32), given.astype(np.int32)


@pytest.mark.parametrize("n_classes", [2, 5, 20])
@pytest.mark.parametrize("wrong_fraction", [0.05, 0.2])
def test_share_of_wrong_labels_is_found_whatever_the_temperature(
    n_classes: int, wrong_fraction: float
) -> None:
    probabilities, true, given = drawn(n_classes, wrong_fraction)
    too_soft = at_temperature(probabilities, 2.0)
    calibration = fit_calibration(too_soft, given)
    assert abs((1 - calibration.given_if_true) - wrong_fraction) < 0.03
    calibrated = at_temperature(too_soft, calibration.temperature)
    is_right = calibrated.argmax(axis=1) == true
    assert calibration_error(calibrated.max(axis=1), is_right) < 0.03
    assert (
        abs(calibrated[np.arange(N_ROWS), given] - probabilities[np.arange(N_ROWS), given]).mean()
        < 0.03
    )


def test_right_labels_are_found_to_be_right() -> None:
    probabilities, _, given = drawn(4, 0.0)
    assert fit_calibration(probabilities, given).given_if_true > 0.99


@pytest.mark.parametrize("seed", range(5))
def test_interval_of_the_share_of_wrong_labels_covers_it(seed: int) -> None:
    probabilities, _, given = drawn(5, 0.1, seed=seed)
    low, high = wrong_interval(probabilities, given)
    assert low - 0.005 <= 0.1 <= high + 0.005
    assert high - low < 0.05


def test_interval_begins_at_nothing_where_all_labels_are_right() -> None:
    probabilities, _, given = drawn(5, 0.0)
    low, high = wrong_interval(probabilities, given)
    assert low == 0
    assert high < 0.02


def test_wrong_given_labels_are_as_many_as_their_probabilities_say() -> None:
    probabilities, true, given = drawn(5, 0.15)
    calibration = Calibration(1.0, given_if_true=0.85, given_if_not=0.15 / 4)
    wrong = calibration.wrong_if_given(probabilities[np.arange(N_ROWS), given])
    assert abs(wrong.sum() - (given != true).sum()) < 0.05 * N_ROWS * 0.15 + 30
    surely = wrong > 0.8
    assert abs(wrong[surely].mean() - (given != true)[surely].mean()) < 0.05


def test_without_noise_no_label_that_is_possible_is_wrong() -> None:
    assert NO_CALIBRATION.wrong_if_given(np.array([1.0, 0.3, 0.001])).tolist() == [0.0, 0.0, 0.0]


def test_kappa_sees_rare_classes_that_accuracy_hardly_shows() -> None:
    codes = np.repeat([0, 1], [900, 100]).astype(np.int32)
    found_half = np.eye(2, dtype=np.float32)[np.repeat([0, 1], [950, 50])]
    found_none = np.eye(2, dtype=np.float32)[np.zeros(1000, dtype=int)]
    assert kappa(found_half, codes[::-1].copy()) == 0.0
    assert kappa(found_none, codes) == 0.0
    assert kappa(found_half, codes) > 0.6


def test_weights_become_equal_where_chance_explains_the_difference() -> None:
    rng = np.random.default_rng(0)
    columns = rng.uniform(0.4, 0.6, (200, 2))
    assert towards_equal(np.array([0.9, 0.1]), columns, log_losses).tolist() == [0.5, 0.5]


def test_weights_do_not_move_to_where_one_model_alone_is_clearly_better() -> None:
    rng = np.random.default_rng(0)
    good = rng.beta(9, 1, 2_000)
    poor = np.clip(good - rng.normal(0.03, 0.1, 2_000), 0.01, 0.99)
    # By these weights alone the step to equal ones would look small.
    columns = np.column_stack([good, poor])
    start = np.array([0.55, 0.45])
    moved = towards_equal(start, columns, log_losses)
    assert moved[0] >= start[0]


def test_a_model_that_adds_nothing_has_no_share() -> None:
    rng = np.random.default_rng(0)
    good = rng.beta(9, 1, 300)
    columns = np.column_stack([good, good - 0.05, good - 0.1])
    assert ensemble_weights(columns.clip(0.001), log_losses).tolist() == [1, 0, 0]


def test_weights_stay_where_the_losses_speak_clearly() -> None:
    columns = np.column_stack([np.full(2_000, 0.9), np.full(2_000, 0.3)])
    assert towards_equal(np.array([0.96, 0.04]), columns, log_losses).tolist() == [0.96, 0.04]
