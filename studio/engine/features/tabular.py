"""Featurisers of tables: the encodings of all columns side by side."""

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
    """What the matrix is for."""

    TREES = "trees"
    LINEAR = "linear"
    DISTANCES = "distances"


# Encoded at a time, as each column is a copy until all stand side by side.
_ROWS_PER_BLOCK = 100_000
# Models of tables are more regularised than those of embeddings; this makes up for it.
_SENTENCE_SCALE = np.float32(3.5)


class TableFeatures(Featuriser):
    """The columns of a table, encoded for one kind of reader.

    Trees get a dense matrix with NaN for missing values; linear models a sparse one with a column
    per category and word; distances a dense one in which 1 is a usual difference in any column.
    """

    def __init__(
        self, columns: Sequence[str], kinds: Mapping[str, ColumnKind], *, reader: Reader, seed: int
    ) -> None:
        self._kinds = {name: kinds[name] for name in columns}
        self._reader = reader
        self._seed = seed
        self.encoders: dict[str, ColumnEncoder] = {}
        self._shared: dict[str, ColumnEncoder] = {}

    @property
    def signature(self) -> str:
        kinds = [kind.value for kind in self._kinds.values()]
        return f"table/4 {self._reader} {self._seed} {kinds}"

    def fit(self, table: Table) -> None:
        """Fit the encoder of each column, unless another view of the table has."""
        for name, kind in self._kinds.items():
            if name not in self._shared:
                encoder = make_encoder(kind, self._seed)
                encoder.fit(table[name])
                self._shared[name] = encoder
            self.encoders[name] = self._shared[name]
        self._shared = {}

    def share(self, encoders: dict[str, ColumnEncoder]) -> None:
        """Use, and add to, the fitted encoders of other views of the same table."""
        self._shared = encoders

    def transform(self, table: Table, resources: Resources) -> Matrix:
        blocks = (self._encoded(part) for part in table.parts(_ROWS_PER_BLOCK))
        return _stacked(blocks, table.n_rows)

    def _encoded(self, table: Table) -> Matrix:
        columns = [(encoder, table[name]) for name, encoder in self.encoders.items()]
        if self._reader is Reader.TREES:
            return np.hstack([encoder.for_trees(cells) for encoder, cells in columns])
        if self._reader is Reader.DISTANCES:
            return np.hstack([encoder.for_distances(cells) for encoder, cells in columns])
        blocks = [sparse.csr_array(encoder.for_linear(cells)) for encoder, cells in columns]
        if not blocks:
            return sparse.csr_array((table.n_rows, 0), dtype=np.float32)
        return sparse.csr_array(sparse.hstack(blocks, dtype=np.float32))


def _stacked(parts: Iterator[Matrix], n_rows: int) -> Matrix:
    """Return the parts stacked; dense ones are copied one by one, which saves memory."""
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
    """Sentence embeddings of the text columns, beside the other columns as for linear models.

    Dense: the words themselves are left to the view of `TableFeatures` for linear models.
    Regressions do without (docs/decisions/text-columns.md).
    """

    def __init__(self, spec: CleansetSpec) -> None:
        others = []
        self._sentences = []
        for name in spec.feature_columns:
            if spec.column_kinds[name] is ColumnKind.TEXT:
                self._sentences.append(
                    SentenceFeatures(name, spec.encoder_folder, spec.arithmetic, is_deep=True)
                )
            else:
                others.append(name)
        self._columns = TableFeatures(
            others, spec.column_kinds, reader=Reader.LINEAR, seed=spec.seed
        )

    @property
    def signature(self) -> str:
        return f"both/2 {self._columns.signature} {[one.signature for one in self._sentences]}"

    def fit(self, table: Table) -> None:
        self._columns.fit(table)

    def share(self, encoders: dict[str, ColumnEncoder]) -> None:
        self._columns.share(encoders)

    def transform(self, table: Table, resources: Resources) -> Matrix:
        encoded = []
        for sentences in self._sentences:
            vectors = np.asarray(sentences.transform(table, resources))
            encoded.append(vectors * _SENTENCE_SCALE)
        columns = self._columns.transform(table, resources)
        if not isinstance(columns, np.ndarray):
            columns = columns.toarray()
        return np.hstack([columns, *encoded])
