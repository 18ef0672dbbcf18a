"""What models are worth is told by the rows whose label they could learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from studio.engine.recipes.build import build_cleanset
from tests.data_builders import planted_table
from tests.unit.engine.frames import table_spec


def test_classes_of_one_row_do_not_count_as_noise() -> None:
    frame = planted_table(200, n_wrong=0).frame
    rows = np.random.default_rng(0).choice(200, 80, replace=False)
    frame.loc[rows, "label"] = [f"class of its own {row}" for row in rows]
    noise = build_cleanset(frame, replace(table_spec(), n_folds=3)).health.noise
    assert noise is not None
    assert noise.low <= noise.wrong_fraction <= noise.high < 0.3
    assert noise.held_out_true is not None
    assert noise.held_out_true > 0.8
