"""Which rows are most like a row, of all and fold by fold."""

from __future__ import annotations

import numpy as np
import pytest

from studio.engine.explanations import near_rows
from studio.engine.explanations.near_rows import distances_from, nearest, nearest_by_fold

SPACE = np.array([[0], [1], [2], [np.nan], [8], [9]], dtype=np.float16)
FOLDS = np.array([0, 0, 1, 1, 2, -1], dtype=np.int16)


def test_the_row_itself_and_rows_without_vectors_are_never_near() -> None:
    distances = distances_from(SPACE, 1)
    assert nearest(distances, 10) == [0, 2, 4, 5]
    assert nearest(distances, 2) == [0, 2]
    assert nearest(np.full(3, np.inf, dtype=np.float32), 2) == []


def test_distances_do_not_depend_on_how_many_are_computed_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = distances_from(SPACE, 4)
    monkeypatch.setattr(near_rows, "ROWS_PER_BLOCK", 2)
    np.testing.assert_array_equal(distances_from(SPACE, 4), whole)


def test_each_fold_but_the_rows_own_has_its_nearest_rows() -> None:
    distances = distances_from(SPACE, 0)
    assert nearest_by_fold(distances, FOLDS, 0, 5) == {1: [2], 2: [4]}
    assert nearest_by_fold(distances, FOLDS, -1, 5) == {0: [1], 1: [2], 2: [4]}
    assert nearest_by_fold(distances, np.full(6, -1, dtype=np.int16), -1, 5) == {}
