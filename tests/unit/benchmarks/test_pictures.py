"""Pictures as rows of a table of the benchmark."""

from __future__ import annotations

import numpy as np
import pytest

from tests.benchmarks.peers.pictures import statistics


def test_statistics_tell_where_which_colour_is_and_how_edges_run() -> None:
    picture = np.zeros((32, 32, 3), dtype=np.uint8)
    picture[:, 16:, 0] = 255  # red to the right of an upright edge
    found = statistics(picture)
    assert (found["mean_r_2_1"], found["mean_r_2_2"], found["mean_g_2_2"]) == (0, 1, 0)
    assert (found["spread_r"], found["spread_b"]) == (0.5, 0)
    edges = {name: value for name, value in found.items() if name.startswith("edges") and value}
    assert set(edges) == {f"edges_0_{row}_{column}" for row in (0, 1) for column in (0, 1)}
    assert edges["edges_0_0_0"] == pytest.approx(1 / 96)
