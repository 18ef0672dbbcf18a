"""The order in which flagged rows are worth the most."""

from __future__ import annotations

import numpy as np

from studio.engine.stopping.order import Flagged, most_valuable_first


def flagged(scores: list[float], **changes: list[int]) -> Flagged:
    n_rows = len(scores)
    codes = {name: np.zeros(n_rows, dtype=np.int64) for name in ("given", "suggested", "topic")}
    codes["duplicate_set"] = np.full(n_rows, -1, dtype=np.int64)
    codes |= {name: np.array(values) for name, values in changes.items()}
    return Flagged(np.array(scores), **codes)


def test_rows_alike_but_for_their_score_come_by_score() -> None:
    assert most_valuable_first(flagged([0.6, 0.9, 0.7])).tolist() == [1, 2, 0]


def test_one_row_of_each_set_of_near_duplicates_comes_before_all_others_of_sets() -> None:
    order = most_valuable_first(flagged([0.99, 0.98, 0.97, 0.6], duplicate_set=[7, 7, 7, -1]))
    assert order.tolist() == [0, 3, 1, 2]


def test_kinds_of_mistakes_take_turns() -> None:
    order = most_valuable_first(flagged([0.95] * 4, suggested=[1, 1, 1, 2]))
    assert order.tolist().index(3) < 3


def test_a_rare_class_comes_before_a_frequent_one_of_the_same_score() -> None:
    order = most_valuable_first(flagged([0.9] * 9, given=[0] * 8 + [1]))
    assert order[0] == 8


def test_no_row_is_lost() -> None:
    rng = np.random.default_rng(0)
    order = most_valuable_first(
        flagged(rng.random(500).tolist(), duplicate_set=rng.integers(-1, 40, 500).tolist())
    )
    assert sorted(order.tolist()) == list(range(500))
    assert most_valuable_first(flagged([])).tolist() == []
