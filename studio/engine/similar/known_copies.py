"""Finds, among any number of known rows, those that may be near duplicates of some new ones.

Known rows are looked at in blocks, so that memory is that of the new rows and of one block.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine.features.base import Featuriser
from studio.engine.runtime.resources import Resources
from studio.engine.schema import CleansetSpec
from studio.engine.similar.near_duplicates import (
    N_BANDS,
    N_PER_BAND,
    grid_cells,
    reach_of,
    usual_distance,
)
from studio.engine.similar.shingles import MinHash, words_of
from studio.engine.table.cells import LEARNED_CHARACTERS, Cells, Table
from studio.engine.table.rows import copy_hashes, word_hashes

# Estimated from 64 hashes; a pair of similarity 0.8 is below it once in a thousand times.
MIN_ESTIMATE = 0.65
MAX_PER_BUCKET = 8  # new texts that a known one is compared with, for each band

# Tells which rows of a block may be near duplicates of new rows.
Search: TypeAlias = Callable[[Table], npt.NDArray[np.bool_]]


class TextSearch:
    """Texts of a block that share a band with a new one, and enough of their hashes."""

    def __init__(self, new: Table, spec: CleansetSpec) -> None:
        self._column = spec.feature_columns[0]
        self._hash = MinHash(n_bands=N_BANDS, n_per_band=N_PER_BAND, seed=spec.seed)
        words, _ = _distinct_words(new[self._column])
        minima = self._hash.minima(words)
        self._bytes = _last_bytes(minima)
        self._bands = []
        for keys in self._hash.bands(minima):
            order = np.argsort(keys, kind="stable")
            self._bands.append((keys[order], order))

    def __call__(self, known: Table) -> npt.NDArray[np.bool_]:
        words, codes = _distinct_words(known[self._column])
        minima = self._hash.minima(words)
        own_bytes = _last_bytes(minima)
        is_like = np.zeros(len(words) + 1, dtype=bool)  # the last one stands for blank texts
        for keys, (new_keys, order) in zip(self._hash.bands(minima), self._bands, strict=True):
            first = np.searchsorted(new_keys, keys, side="left")
            n_same = np.searchsorted(new_keys, keys, side="right") - first
            n_same = np.minimum(np.where(is_like[:-1], 0, n_same), MAX_PER_BUCKET)
            known_places = np.repeat(np.arange(len(words)), n_same)
            within = np.arange(len(known_places)) - np.repeat(np.cumsum(n_same) - n_same, n_same)
            new_places = order[first[known_places] + within]
            is_equal = own_bytes[known_places] == self._bytes[new_places]
            is_like[known_places[is_equal.mean(axis=1) >= MIN_ESTIMATE]] = True
        return is_like[codes]


def _distinct_words(cells: Cells) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Return the different texts, normalised, and the place of each row's; -1 if it is blank."""
    used, codes = np.unique(cells.codes, return_inverse=True)
    texts = [words_of(cells.distinct[code][:LEARNED_CHARACTERS]) or None for code in used]
    places, words = pd.factorize(np.array(texts, dtype=object))
    return list(words), places[codes]


def _last_bytes(minima: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    """Return the last byte of each hash, shape (n_texts, n_functions)."""
    return np.ascontiguousarray(minima.T.astype(np.uint8))


class RowSearch:
    """Rows of a table that are in a cell of the grid with a new one, with equal other columns.

    Parameters
    ----------
    table
        The new rows, beside known ones that are a fair sample of all.
    copies
        Hash per row, equal for exact copies, shape (n,).
    is_new
        Whether each row is a new one, shape (n,).
    features, points
        Of the distance view, fitted to the table, and what it makes of it, shape (n, d).
    spec
        With its conventions settled; those of the blocks must be the same.
    """

    def __init__(  # noqa: PLR0913  (all by name)
        self,
        *,
        table: Table,
        copies: npt.NDArray[np.uint64],
        is_new: npt.NDArray[np.bool_],
        features: Featuriser,
        points: npt.NDArray[np.float32],
        spec: CleansetSpec,
        resources: Resources,
    ) -> None:
        self._spec = spec
        self._resources = resources
        self._features = features
        distinct = np.unique(copies, return_index=True)[1]
        usual = usual_distance(points, distinct, spec.seed, resources.n_jobs)
        self._reach = reach_of(usual, spec)
        self._copies = np.unique(copies[is_new])
        words = word_hashes(table, spec.column_kinds)[is_new]
        self._words = np.unique(words)
        self._cells = []
        if self._reach:
            cells = grid_cells(points[is_new], self._reach, spec.seed)
            self._cells = [np.unique(one ^ words) for one in cells]

    def __call__(self, known: Table) -> npt.NDArray[np.bool_]:
        if not self._reach:
            return np.isin(copy_hashes(known, self._spec.column_kinds), self._copies)
        words = word_hashes(known, self._spec.column_kinds)
        rows = np.flatnonzero(np.isin(words, self._words))
        is_like = np.zeros(known.n_rows, dtype=bool)
        if len(rows):
            features = self._features.transform(known.reordered(rows), self._resources)
            points = np.asarray(features, dtype=np.float32)
            cells = grid_cells(points, self._reach, self._spec.seed)
            for one, new_cells in zip(cells, self._cells, strict=True):
                is_like[rows] |= np.isin(one ^ words[rows], new_cells)
        return is_like
