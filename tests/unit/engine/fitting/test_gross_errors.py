"""Wrong numbers are separated from numbers that are hard to predict."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from studio.engine.fitting.gross_errors import GrossErrors, fit_gross_errors

N_ROWS = 3_000
THRESHOLD = 3.5

Floats = npt.NDArray[np.float64]


class OfNumbers(NamedTuple):
    """A fit and the distances that it was made of."""

    found: GrossErrors
    distances: Floats


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


def of_numbers(given: Floats, predicted: Floats, threshold: float = THRESHOLD) -> OfNumbers:
    """Return the fit to given and predicted numbers, in the unit of their mean error, and the
    distances.
    """
    unit = np.median(np.abs(given - predicted)) / 0.845
    distances = np.abs(given - predicted) / unit
    of_others = np.abs(np.roll(given, N_ROWS // 2) - predicted) / unit
    skill = 1 - float(((given - predicted) ** 2).mean() / given.var())
    return OfNumbers(fit_gross_errors(distances, of_others, threshold, skill), distances)


@pytest.mark.parametrize("freedom", [1.0, 1.5])
@pytest.mark.parametrize("seed", range(3))
def test_far_off_numbers_of_heavy_tails_are_not_held_for_wrong(freedom: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    predicted = rng.normal(0, 10, N_ROWS)
    found, distances = of_numbers(predicted + rng.standard_t(freedom, N_ROWS), predicted)
    is_far = distances > 10 * THRESHOLD
    assert is_far.sum() > 5
    assert (found.wrong(distances[is_far]) <= max(0.5, found.precision)).all()


@pytest.mark.parametrize(("freedom", "n_slipped"), [(3.0, 20), (100.0, 20), (100.0, 1)])
def test_a_slipped_point_is_found_although_it_spoils_the_skill(
    freedom: float, n_slipped: int
) -> None:
    rng = np.random.default_rng(1)
    predicted = rng.normal(100, 10, N_ROWS)
    given = predicted + rng.standard_t(freedom, N_ROWS)
    given[:n_slipped] *= 100
    found, distances = of_numbers(given, predicted)
    assert found.precision < 0.5
    assert np.flatnonzero(found.prediction_is_nearer(distances) > 0.5).tolist() == [
        *range(n_slipped)
    ]


def test_no_usual_error_is_far_off_where_the_threshold_is_near_0() -> None:
    rng = np.random.default_rng(0)
    predicted = rng.normal(0, 3, N_ROWS)
    found, distances = of_numbers(predicted + rng.normal(0, 1, N_ROWS), predicted, threshold=1e-3)
    assert (found.wrong(distances) <= found.precision).all()
    assert found.far > distances.max()
