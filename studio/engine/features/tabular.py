"""The featuriser of tables: every column by its kind's encoder, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import numpy as np
import pandas as pd
from scipy import sparse

from studio.engine import cell_values
from studio.engine.columns import ColumnKind
from studio.engine.features.base import Matrix
from studio.engine.features.column_encoders import ColumnEncoder, Dense, make_encoder
from studio.engine.resources import Resources


class Reader(StrEnum):
    """Who is going to read the matrix."""

    TREES = "trees"
    LINEAR = "linear"
    DISTANCES = "distances"


class TableFeatures:
    """Writes a table for one kind of reader.

    Trees get a dense matrix with NaN for what is missing, linear models a sparse one with a column per level and
    word, distances a dense one in which a unit is a usual difference in any column.
    """

    def __init__(self, columns: Sequence[str], kinds: Mapping[str, ColumnKind], *, reader: Reader, seed: int) -> None:
        self._kinds = {name: kinds[name] for name in columns}
        self._reader = reader
        self._seed = seed
        self._encoders: dict[str, ColumnEncoder] = {}

    @property
    def signature(self) -> str:
        """Name, version, reader, the columns' kinds."""
        return f"table/1 {self._reader} {self._seed} {[kind.value for kind in self._kinds.values()]}"

    def fit(self, frame: pd.DataFrame) -> None:
        """Learn each column."""
        for name, kind in self._kinds.items():
            encoder = make_encoder(kind, self._seed)
            encoder.fit(cell_values.texts(frame, name))
            self._encoders[name] = encoder

    def transform(self, frame: pd.DataFrame, resources: Resources) -> Matrix:
        """Write the columns side by side."""
        if self._reader is Reader.LINEAR:
            return self._sparse(frame)
        blocks: list[Dense] = []
        for name, encoder in self._encoders.items():
            cells = cell_values.texts(frame, name)
            blocks.append(encoder.for_trees(cells) if self._reader is Reader.TREES else encoder.for_distances(cells))
        return np.hstack(blocks)

    def _sparse(self, frame: pd.DataFrame) -> Matrix:
        blocks = (encoder.for_linear(cell_values.texts(frame, name)) for name, encoder in self._encoders.items())
        return sparse.csr_array(sparse.hstack([sparse.csr_array(block) for block in blocks], dtype=np.float32))
