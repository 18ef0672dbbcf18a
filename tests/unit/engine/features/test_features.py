"""How single columns are written for models."""

from __future__ import annotations

import numpy as np

from studio.engine.features.column_encoders import make_encoder
from studio.engine.table.cells import Cells
from studio.engine.table.columns import ColumnKind


def test_trees_read_codes_in_their_order_also_those_that_were_not_seen() -> None:
    codes = ["V45", "9", "250.83", "250", *(str(code) for code in range(300, 360))]
    encoder = make_encoder(ColumnKind.CATEGORICAL, seed=0)
    encoder.fit(Cells.of(codes))
    asked = ["V45", "9", "10", "250", "250.5", "250.83", "359", ""]
    places = encoder.for_trees(Cells.of(asked))[:, -1]
    assert (np.diff(places[:-1]) >= 0).all()
    assert places[1] < places[3] < places[5] < places[6]
    assert np.isnan(places[-1])


def test_few_levels_have_no_order() -> None:
    encoder = make_encoder(ColumnKind.CATEGORICAL, seed=0)
    cells = Cells.of(["red", "blue", "red", "blue"])
    encoder.fit(cells)
    assert encoder.for_trees(cells)[:, -1].tolist() == [1, 0, 1, 0]


def test_the_more_absurd_a_number_the_farther_it_is_though_not_by_its_whole_size() -> None:
    encoder = make_encoder(ColumnKind.INTEGER, seed=0)
    nights = Cells.of([*map(str, range(1, 100)), "1000", "100000"])
    encoder.fit(nights)
    *_, usual, long, absurd = np.abs(encoder.for_distances(nights)[:, 0]).tolist()
    assert usual < long < absurd < 10 * long


def test_a_rare_value_in_a_nearly_constant_column_is_one_unit_away() -> None:
    encoder = make_encoder(ColumnKind.BOOLEAN, seed=0)
    cells = Cells.of(["true"] * 3 + ["false"] * 997)
    encoder.fit(cells)
    assert np.ptp(encoder.for_distances(cells)) == 1.0
