"""Gradient boosted trees on rows that real tables have."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.engine.models.boosting import Boosting, NumberBoosting
from studio.engine.models.line_boosting import LineBoosting

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
    said = Boosting().fit(rows, given).predict_proba(unseen).argmax(axis=1)
    assert np.mean(said == _codes(unseen)) > 0.9


def test_classes_keep_their_codes_where_some_are_missing() -> None:
    rows = _rows()
    codes = np.where(_codes(rows) == 2, 7, 3).astype(np.int32)
    model = Boosting().fit(rows, codes)
    assert model.classes_.tolist() == [3, 7]
    np.testing.assert_allclose(model.predict_proba(rows).sum(axis=1), 1, rtol=1e-6)


def test_the_seed_alone_decides_the_trees() -> None:
    rows = _rows()
    first, again, other = (
        Boosting(seed=seed).fit(rows, _codes(rows)).predict_proba(rows) for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_wild_number_hardly_moves_the_others() -> None:
    rows = _rows()
    values = rows[:, 0].astype(np.float64)
    wild = values.copy()
    wild[:8] = 50.0
    said = NumberBoosting().fit(rows, wild).predict(rows)
    assert np.median(np.abs(said[8:] - values[8:])) < 0.1


def test_numbers_beyond_all_that_were_seen_often_follow_the_line() -> None:
    rng = np.random.default_rng(0)
    departure = rng.exponential(20, N_ROWS).astype(np.float32)
    rows = np.column_stack([departure, rng.normal(size=N_ROWS)]).astype(np.float32)
    rows[:4, 1] = np.nan
    arrival = departure.astype(np.float64) + rng.normal(size=N_ROWS)
    arrival[::15] = 500.0
    day_late = np.array([[1440.0, 0.0]], dtype=np.float32)
    assert abs(LineBoosting().fit(rows, arrival).predict(day_late)[0] - 1440) < 150
    assert NumberBoosting().fit(rows, arrival).predict(day_late)[0] < 600


def test_a_line_can_be_gone_on_from() -> None:
    rows = _rows()
    values = 3 * rows[:, 0].astype(np.float64)
    model = LineBoosting()
    said = model.fit(rows, values).predict(rows)
    memory = model.memory(rows, np.arange(N_ROWS), np.arange(N_ROWS))
    further = LineBoosting()
    again = further.fit_from(rows, values, memory).predict_from(rows, said[:, None])[:, 0]
    assert np.median(np.abs(again - values)) <= np.median(np.abs(said - values)) + 0.01
