"""Gradient boosted trees on rows that real tables have."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.engine.models.trees import BoostingClassifier, BoostingRegressor, LineBoostingRegressor
from studio.engine.warm_start.estimator import FitRows

N_ROWS = 400


def _rows(seed: int = 0) -> npt.NDArray[np.float32]:
    """Return rows of four columns; the first decides, the last never has a value."""
    rows = np.random.default_rng(seed).normal(size=(N_ROWS, 4)).astype(np.float32)
    rows[::5, 1] = np.nan
    rows[:, 3] = np.nan
    return rows


def _codes(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.int32]:
    return np.digitize(rows[:, 0], [-0.5, 0.5]).astype(np.int32)


def test_unseen_rows_get_the_right_class_though_a_tenth_of_the_labels_is_wrong() -> None:
    rows = _rows()
    codes = _codes(rows)
    given = codes.copy()
    given[::10] = (given[::10] + 1) % 3
    unseen = _rows(seed=1)
    predicted = BoostingClassifier().fit(rows, given).predict_proba(unseen).argmax(axis=1)
    assert np.mean(predicted == _codes(unseen)) > 0.9


def test_classes_keep_their_codes_where_some_are_missing() -> None:
    rows = _rows()
    codes = np.where(_codes(rows) == 2, 7, 3).astype(np.int32)
    model = BoostingClassifier().fit(rows, codes)
    assert model.classes_.tolist() == [3, 7]
    np.testing.assert_allclose(model.predict_proba(rows).sum(axis=1), 1, rtol=1e-6)


def test_the_seed_alone_decides_the_trees() -> None:
    rows = _rows()
    first, again, other = (
        BoostingClassifier(seed=seed).fit(rows, _codes(rows)).predict_proba(rows)
        for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_wild_number_hardly_moves_the_others() -> None:
    rows = _rows()
    values = rows[:, 0].astype(np.float64)
    wild = values.copy()
    wild[:8] = 50.0
    predicted = BoostingRegressor().fit(rows, wild).predict(rows)
    assert np.median(np.abs(predicted[8:] - values[8:])) < 0.1


def test_line_extrapolates_beyond_the_training_numbers() -> None:
    rng = np.random.default_rng(0)
    departure = rng.exponential(20, N_ROWS).astype(np.float32)
    rows = np.column_stack([departure, rng.normal(size=N_ROWS)]).astype(np.float32)
    rows[:4, 1] = np.nan
    arrival = departure.astype(np.float64) + rng.normal(size=N_ROWS)
    arrival[::15] = 500.0
    day_late = np.array([[1440.0, 0.0]], dtype=np.float32)
    assert abs(LineBoostingRegressor().fit(rows, arrival).predict(day_late)[0] - 1440) < 150
    assert BoostingRegressor().fit(rows, arrival).predict(day_late)[0] < 600


def test_warm_start_can_continue_from_a_line() -> None:
    rows = _rows()
    values = 3 * rows[:, 0].astype(np.float64)
    model = LineBoostingRegressor()
    predicted = model.fit(rows, values).predict(rows)
    state = model.warm_start_state(rows, FitRows(np.arange(N_ROWS), np.arange(N_ROWS)))
    further = LineBoostingRegressor()
    again = further.fit_from(rows, values, state).predict_from(rows, predicted[:, None])[:, 0]
    assert np.median(np.abs(again - values)) <= np.median(np.abs(predicted - values)) + 0.01
