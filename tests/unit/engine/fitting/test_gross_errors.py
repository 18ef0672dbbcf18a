"""Wrong numbers are separated from numbers that are hard to predict."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from studio.engine.fitting.gross_errors import GrossErrors, fit_gross_errors

N_ROWS = 3_000
THRESHOLD = 3.5

Floats = npt.NDArray[np.float64]


def fitted(
    wrong_fraction: float, *, skill: float = 0.95, power: float = 2.0
) -> tuple[GrossErrors, Floats, npt.NDArray[np.bool_]]:
    """Return the fit to numbers of which some are those of other rows, and which are."""
    rng = np.random.default_rng(0)
    errors = rng.exponential(1.0, N_ROWS) if power == 1.0 else np.abs(rng.normal(0, 1.25, N_ROWS))
    of_others = np.abs(rng.normal(0, 1.25 / np.sqrt(1 - skill), N_ROWS))
    is_wrong = rng.random(N_ROWS) < wrong_fraction
    distances = np.where(is_wrong, rng.permutation(of_others), errors)
    return fit_gross_errors(distances, of_others, THRESHOLD, skill), distances, is_wrong


@pytest.mark.parametrize("power", [1.0, 2.0])
@pytest.mark.parametrize("wrong_fraction", [0.02, 0.1])
def test_fraction_of_wrong_numbers_is_found(wrong_fraction: float, power: float) -> None:
    found, distances, is_wrong = fitted(wrong_fraction, power=power)
    assert abs(found.fraction - wrong_fraction) < 0.03
    assert found.interval[0] <= wrong_fraction + 0.01
    likely = found.wrong(distances) > 0.5
    assert is_wrong[likely].mean() > 0.6
    assert likely.sum() > 5


def test_flagged_numbers_are_as_often_wrong_as_expected_where_errors_are_normal() -> None:
    found, distances, is_wrong = fitted(0.1)
    assert abs(found.precision - is_wrong[distances > THRESHOLD].mean()) < 0.1


def test_right_numbers_are_found_to_be_right() -> None:
    found, distances, _ = fitted(0.0)
    assert found.fraction < 0.01
    assert (found.prediction_is_nearer(distances) > 0.5).sum() <= 3


def test_no_prediction_is_held_for_nearer_where_hardly_anything_can_be_predicted() -> None:
    found, distances, _ = fitted(0.1, skill=0.05)
    assert found.precision < 0.3
    assert (found.prediction_is_nearer(distances) > 0.5).sum() == 0


def test_equal_distances_have_no_gross_errors() -> None:
    nothing = np.zeros(50)
    found = fit_gross_errors(nothing, nothing, THRESHOLD, 1.0)
    assert np.isfinite(found.prediction_is_nearer(nothing)).all()
    assert (found.prediction_is_nearer(nothing) < 0.5).all()
