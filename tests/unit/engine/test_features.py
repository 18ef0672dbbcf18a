"""How single columns are written for models."""

from __future__ import annotations

import numpy as np

from studio.engine.cells import Cells
from studio.engine.columns import ColumnKind
from studio.engine.features.column_encoders import make_encoder


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
