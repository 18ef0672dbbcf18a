"""Rows unlike the training data are recognised, and rows like it are not."""

from __future__ import annotations

import numpy as np

from studio.engine.guard.near_rows import NearRows
from studio.engine.guard.strangeness import fit_strangeness

N_CLASSES = 12


def rows_of_classes(n_rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    centres = np.random.default_rng(9).normal(size=(N_CLASSES, 8))
    codes = generator.integers(N_CLASSES, size=n_rows)
    rows = centres[codes] + 0.2 * generator.normal(size=(n_rows, 8))
    return rows.astype(np.float32), codes


def test_nearest_row_is_never_the_row_itself() -> None:
    rows = np.array([[0.0], [1.0], [5.0]], dtype=np.float32)
    near_rows = NearRows(rows.astype(np.float16), np.array([10, 11, 12]), ("a", "b", "c"))
    distances, places = near_rows.search(rows, np.array([0, 1, 2]))
    assert places[:, 0].tolist() == [1, 0, 1]
    np.testing.assert_allclose(distances[:, 0], [1, 1, 4])
    distances, places = near_rows.search(np.array([[4.0]], dtype=np.float32))
    assert places.tolist() == [[2, 1, 0]]
    np.testing.assert_allclose(distances, [[1, 3, 4]])


def test_new_classes_stand_out_and_one_ordinary_row_in_a_hundred_does() -> None:
    rows, codes = rows_of_classes(1_500, seed=0)
    own = np.arange(len(rows))
    near_rows = NearRows(rows.astype(np.float16), own, ("",) * len(rows))
    strangeness = fit_strangeness(rows, near_rows, own, codes, seed=0)
    ordinary, _ = rows_of_classes(2_000, seed=1)
    scores = strangeness.scores(ordinary, near_rows.search(ordinary)[0])
    assert (scores > 0.5).mean() < 0.03
    strange = np.random.default_rng(2).normal(size=(200, 8)).astype(np.float32) * 2
    scores = strangeness.scores(strange, near_rows.search(strange)[0])
    assert (scores > 0.5).mean() > 0.9


def test_rows_of_numbers_need_no_classes() -> None:
    rows = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
    own = np.arange(len(rows))
    near_rows = NearRows(rows.astype(np.float16), own, ("",) * len(rows))
    strangeness = fit_strangeness(rows, near_rows, own, None, seed=0)
    far = np.full((1, 3), 30, dtype=np.float32)
    assert strangeness.scores(far, near_rows.search(far)[0])[0] > 0.99
