"""The featurisers of tables: each column by its kind's encoder, side by side; text also by the
sentence encoder.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

import numpy as np
from scipy import sparse

from studio.engine.features.base import Featuriser, Matrix
from studio.engine.features.column_encoders import ColumnEncoder, make_encoder
from studio.engine.features.text import SentenceFeatures
from studio.engine.runtime.resources import Resources
from studio.engine.schema import CleansetSpec
from studio.engine.table.cells import Table
from studio.engine.table.columns import ColumnKind


class Reader(StrEnum):
    """Who is going to read the matrix."""

    TREES = "trees"
    LINEAR = "linear"
    DISTANCES = "distances"


_ROWS_AT_ONCE = 100_000
_SENTENCE_SCALE = np.float32(
    3.5
)  # models of a table are held back more than those of embeddings; this makes up for it


class TableFeatures(Featuriser):
    """Writes a table for one kind of reader.

    Trees get a dense matrix with NaN for what is missing, linear models a sparse one with a column
    per level and word, distances a dense one in which a unit is a usual difference in any column.
    """

    def __init__(
        self, columns: Sequence[str], kinds: Mapping[str, ColumnKind], *, reader: Reader, seed: int
    ) -> None:
        self._kinds = {name: kinds[name] for name in columns}
        self._reader = reader
        self._seed = seed
        self._encoders: dict[str, ColumnEncoder] = {}
        self._shared: dict[str, ColumnEncoder] = {}

    @property
    def signature(self) -> str:
        """Name, version, reader, the columns' kinds."""
        return (
            f"table/4 {self._reader} {self._seed} {[kind.value for kind in self._kinds.values()]}"
        )

    def fit(self, table: Table) -> None:
        """Learn each column that no other view has learned."""
        for name, kind in self._kinds.items():
            if name not in self._shared:
                encoder = make_encoder(kind, self._seed)
                encoder.fit(table[name])
                self._shared[name] = encoder
            self._encoders[name] = self._shared[name]
        self._shared = {}

    def share(self, encoders: dict[str, ColumnEncoder]) -> None:
        """Share what is learned of the columns with other views of the same table."""
        self._shared = encoders

    def transform(self, table: Table, resources: Resources) -> Matrix:
        """Write the columns side by side, some rows at a time."""
        return _stacked((self._written(part) for part in table.parts(_ROWS_AT_ONCE)), table.n_rows)

    def _written(self, table: Table) -> Matrix:
        columns = [(encoder, table[name]) for name, encoder in self._encoders.items()]
        if self._reader is Reader.TREES:
            return np.hstack([encoder.for_trees(cells) for encoder, cells in columns])
        if self._reader is Reader.DISTANCES:
            return np.hstack([encoder.for_distances(cells) for encoder, cells in columns])
        blocks = [sparse.csr_array(encoder.for_linear(cells)) for encoder, cells in columns]
        if not blocks:
            return sparse.csr_array((table.n_rows, 0), dtype=np.float32)
        return sparse.csr_array(sparse.hstack(blocks, dtype=np.float32))


def _stacked(parts: Iterator[Matrix], n_rows: int) -> Matrix:
    """Return the parts below each other; dense ones are held once, as each is written to its place
    when it comes.
    """
    first = next(parts)
    if first.shape[0] == n_rows:
        return first
    if not isinstance(first, np.ndarray):
        return sparse.csr_array(sparse.vstack([first, *parts], format="csr"))
    result = np.empty((n_rows, first.shape[1]), dtype=np.float32)
    done = 0
    for part in itertools.chain([first], parts):
        result[done : done + part.shape[0]] = part
        done += part.shape[0]
    return result


class SentencesAndColumns(Featuriser):
    """Sentence embeddings of the columns of text, layer by layer, beside the other columns as
    linear models read them.

    Dense: the words themselves are left to the view of `TableFeatures` for linear models.
    Regressions do without (docs/decisions/text-columns.md).
    """

    def __init__(self, spec: CleansetSpec) -> None:
        phrases = [
            name for name in spec.feature_columns if spec.column_kinds[name] is ColumnKind.TEXT
        ]
        others = [name for name in spec.feature_columns if name not in phrases]
        self._columns = TableFeatures(
            others, spec.column_kinds, reader=Reader.LINEAR, seed=spec.seed
        )
        self._sentences = [
            SentenceFeatures(name, spec.encoder_folder, spec.arithmetic, is_deep=True)
            for name in phrases
        ]

    @property
    def signature(self) -> str:
        """Those of both parts."""
        return f"both/2 {self._columns.signature} {[one.signature for one in self._sentences]}"

    def fit(self, table: Table) -> None:
        """Learn the other columns."""
        self._columns.fit(table)

    def share(self, encoders: dict[str, ColumnEncoder]) -> None:
        """Share what is learned of the other columns."""
        self._columns.share(encoders)

    def transform(self, table: Table, resources: Resources) -> Matrix:
        """Encode the text and write everything side by side."""
        encoded = [
            np.asarray(one.transform(table, resources)) * _SENTENCE_SCALE for one in self._sentences
        ]
        columns = self._columns.transform(table, resources)
        return np.hstack(
            [columns if isinstance(columns, np.ndarray) else columns.toarray(), *encoded]
        )
