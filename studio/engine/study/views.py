"""The views of one table, each computed on first use and kept in the cache."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy import sparse

from studio.engine.features.base import Featuriser, Matrix
from studio.engine.features.catalogue import ENCODED, VIEWS
from studio.engine.features.column_encoders import ColumnEncoder, Phrases
from studio.engine.features.tabular import SentencesAndColumns, TableFeatures
from studio.engine.runtime import cache
from studio.engine.runtime.memory import give_back
from studio.engine.runtime.resources import Resources
from studio.engine.schema import CleansetSpec
from studio.engine.stages import ENCODING_TEXT, READING_FEATURES
from studio.engine.table.cells import Table
from studio.engine.table.rows import digest


class Views:
    """Feature matrices by view.

    Parameters
    ----------
    table
        Rows in canonical order.
    content
        Hash of each row's cells, shape (n,). Together with a view's signature it is the cache key
        of the matrix.
    spec
        The choice of columns, with its conventions settled.
    resources
        The cache, processes and progress of this run.
    """

    def __init__(
        self,
        table: Table,
        content: npt.NDArray[np.uint64],
        spec: CleansetSpec,
        resources: Resources,
    ) -> None:
        self._table = table
        # The same cells have other features where their numbers or dates are read otherwise.
        conventions = [spec.conventions.get(name) for name in spec.feature_columns]
        self._content = digest(content, str(conventions))
        self._spec = spec
        self._resources = resources
        self._matrices: dict[str, Matrix] = {}
        self._fitted: dict[str, Featuriser] = {}
        self._encoders: dict[str, ColumnEncoder] = {}

    def key(self, view: str) -> str:
        """Return the cache key of a view's matrix."""
        return digest("features", self._content, VIEWS[view](self._spec).signature)

    def matrix(self, view: str) -> Matrix:
        """Return a view's matrix, shape (n, d)."""
        if view not in self._matrices:
            stored = self._resources.cache.get(self.key(view))
            if stored is None:
                self._matrices[view] = self._computed(view)
            else:
                self._matrices[view] = _from_arrays(stored)
        return self._matrices[view]

    def release(self) -> None:
        """Drop the matrices from memory if there is a cache from which to read them again."""
        if self._resources.cache.folder is not None:
            self._matrices.clear()

    def release_columns(self) -> None:
        """Drop the embeddings of text columns, which only further views would have needed."""
        for encoder in self._encoders.values():
            if isinstance(encoder, Phrases):
                encoder.release()

    def fitted(self, view: str) -> Featuriser:
        """Return the view's featuriser, fitted on the table."""
        if view not in self._fitted:
            featuriser = self._unfitted(view)
            featuriser.fit(self._table)
            self._fitted[view] = featuriser
        return self._fitted[view]

    def _computed(self, view: str) -> Matrix:
        if view in self._fitted:
            matrix = self._fitted[view].transform(self._table, self._resources)
        else:
            featuriser = self._unfitted(view)
            matrix = featuriser.fit_transform(self._table, self._resources)
            self._fitted[view] = featuriser
        self._resources.cache.put(self.key(view), _as_arrays(matrix))
        give_back()
        return matrix

    def _unfitted(self, view: str) -> Featuriser:
        self._resources.progress(ENCODING_TEXT if view in ENCODED else READING_FEATURES)
        featuriser = VIEWS[view](self._spec)
        if isinstance(featuriser, TableFeatures | SentencesAndColumns):
            featuriser.share(self._encoders)
        return featuriser


def _as_arrays(matrix: Matrix) -> cache.Arrays:
    if isinstance(matrix, np.ndarray):
        return {"dense": matrix}
    shape = np.array(matrix.shape, dtype=np.int64)
    return {"data": matrix.data, "indices": matrix.indices, "indptr": matrix.indptr, "shape": shape}


def _from_arrays(arrays: Mapping[str, npt.NDArray[np.generic]]) -> Matrix:
    if "dense" in arrays:
        return np.asarray(arrays["dense"], dtype=np.float32)
    parts = (arrays["data"], arrays["indices"], arrays["indptr"])
    return sparse.csr_array(parts, shape=tuple(int(n) for n in arrays["shape"]))
