"""Sets of classes: curves find the truth behind probabilities, and noise the wrong answers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.engine.fitting.answers import AnswerCurves, fit_answers
from studio.engine.fitting.metrics import calibration_error

N_ROWS = 4_000
FREQUENCIES = np.array([0.5, 0.2, 0.05])


def drawn(
    noise: float, seed: int = 0
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return true probabilities of three classes, whether they apply, and whether they are given.

    The given answer is drawn by the frequency of the class in this fraction of the cases.
    """
    rng = np.random.default_rng(seed)
    probabilities = rng.beta(0.4 * FREQUENCIES, 0.4 * (1 - FREQUENCIES), (N_ROWS, 3))
    true = rng.random((N_ROWS, 3)) < probabilities
    by_chance = rng.random((N_ROWS, 3)) < FREQUENCIES
    given = np.where(rng.random((N_ROWS, 3)) < noise, by_chance, true)
    return probabilities.astype(np.float32), true, given


def distorted(probabilities: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return what a model says that is too sure of one class and not sure enough of another."""
    odds = np.clip(probabilities, 1e-6, 1 - 1e-6)
    odds = odds / (1 - odds)
    powers = odds ** np.array([2.0, 0.5, 1.0]) * np.array([1.0, 1.0, 3.0])
    return np.asarray(powers / (1 + powers), dtype=np.float32)


def test_noise_is_found_although_each_class_is_distorted_in_its_own_way() -> None:
    probabilities, true, given = drawn(0.1)
    fitted = fit_answers(distorted(probabilities), given)
    assert (fitted.low < 0.1).all()
    assert (fitted.high > 0.1).all()
    assert abs(float(fitted.noise.mean()) - 0.1) < 0.04
    calibrated = fitted.calibrated(distorted(probabilities))
    assert calibration_error(calibrated, true) < 0.02
    assert calibration_error(fitted.as_given(calibrated), given) < 0.02


def test_probability_in_view_of_the_answer_is_how_often_the_class_applies() -> None:
    probabilities, true, given = drawn(0.2)
    fitted = fit_answers(probabilities, given)
    applies = fitted.if_given(fitted.calibrated(probabilities), given)
    assert calibration_error(applies, true) < 0.02
    assert (applies[given] >= fitted.calibrated(probabilities)[given]).mean() > 0.99
    wrong = given != (applies > 0.5)
    assert (given != true)[wrong].mean() > 0.75


def test_right_answers_are_found_to_be_right() -> None:
    probabilities, _, given = drawn(0.0)
    fitted = fit_answers(distorted(probabilities), given)
    assert (fitted.noise < 0.02).all()
    assert (fitted.low > 0).all()
    assert (fitted.low < 0.003).all()


def test_a_class_may_be_noisier_than_the_others() -> None:
    probabilities, true, given = drawn(0.3)
    given[:, 1:] = true[:, 1:]
    fitted = fit_answers(probabilities, given)
    assert abs(fitted.noise[0] - 0.3) < 0.06
    assert (fitted.noise[1:] < 0.03).all()


def test_a_class_that_no_row_has_stays_improbable() -> None:
    probabilities, _, given = drawn(0.05)
    given[:, 2] = False
    fitted: AnswerCurves = fit_answers(probabilities, given)
    assert np.isfinite(fitted.curves).all()
    assert fitted.calibrated(probabilities)[:, 2].mean() < probabilities[:, 2].mean()
