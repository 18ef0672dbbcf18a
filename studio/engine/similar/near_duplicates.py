"""Finds pairs of exact and near copies by locality-sensitive hashing, at linear cost.

Why not a library: docs/decisions/near-duplicates.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from studio.engine.features.base import Matrix
from studio.engine.schema import CleansetSpec
from studio.engine.similar.neighbours import nearest_distances
from studio.engine.similar.row_pairs import Pairs, pairs_in_buckets
from studio.engine.similar.shingles import LONG_LENGTH, MinHash, shingle_sets, words_of
from studio.engine.table.cells import LEARNED_CHARACTERS, Cells, Table
from studio.engine.table.columns import MEASURED
from studio.engine.table.rows import value_hashes, word_hashes

# Jaccard similarity of three-character sequences: about one changed word in ten
MIN_TEXT_SIMILARITY = 0.8
# In so many words, three-character sequences recur so often that texts of the same words have most
# of them in common, in whatever order. Such texts have to share sequences of two words, too.
LONG_WORDS = 400
MIN_LONG_SIMILARITY = 0.5  # Jaccard similarity; about one changed word in eight
MIN_ROW_SIMILARITY = 0.98  # about a fiftieth of the usual distance between neighbours
SIMILAR_VERSION = "5"  # of the cached pairs; raised when a change of the code finds other pairs
# With 16 bands of 4, a pair of similarity 0.8 shares a band with probability 99.98%.
N_BANDS = 16
N_PER_BAND = 4
N_TABLES = 8
N_PROJECTIONS = 6
# In a single column of numbers one row in seventy has a neighbour within the threshold by chance
_MIN_MEASURED = 2
_MAX_ROWS_FOR_USUAL = 5_000  # a median needs no more
# Expected fraction of chance pairs among the pairs that count with one column that differs
_MAX_BY_CHANCE = 0.05
_N_DRAWN = 100_000  # random pairs of rows, for the distribution of gaps by chance
# Gaps below the 100th smallest of them: the fraction is interpolated linearly to 0
_MIN_DRAWN = 100


@dataclass(frozen=True, slots=True)
class Similar:
    """Pairs of similar rows.

    Attributes
    ----------
    similarity
        Of each pair, in [0, 1], shape (n_pairs,).
    threshold
        Least similarity of a pair of near duplicates.
    """

    n_rows: int
    pairs: Pairs
    similarity: npt.NDArray[np.float32]
    threshold: float

    def scores(self) -> npt.NDArray[np.float32]:
        """Return each row's similarity to the most similar row found, shape (n,); 0 without one."""
        scores = np.zeros(self.n_rows, dtype=np.float32)
        np.maximum.at(scores, self.pairs.left, self.similarity)
        np.maximum.at(scores, self.pairs.right, self.similarity)
        return scores

    def to_arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {
            "n_rows": np.array(self.n_rows),
            "left": self.pairs.left,
            "right": self.pairs.right,
            "similarity": self.similarity,
            "threshold": np.array(self.threshold),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> Similar:
        """Invert `to_arrays`."""
        pairs = Pairs(np.asarray(arrays["left"]), np.asarray(arrays["right"]))
        similarity = np.asarray(arrays["similarity"], dtype=np.float32)
        return cls(
            int(arrays["n_rows"].item()), pairs, similarity, float(arrays["threshold"].item())
        )

    def groups(self) -> npt.NDArray[np.int32]:
        """Return each row's connected component in the graph of near duplicates, shape (n,)."""
        near = self.pairs.where(self.similarity >= self.threshold)
        ones = np.ones(len(near.left), dtype=np.int8)
        graph = sparse.coo_array((ones, (near.left, near.right)), shape=(self.n_rows, self.n_rows))
        _, component = connected_components(graph, directed=False)
        return np.asarray(component, dtype=np.int32)


def similar_texts(cells: Cells, copies: npt.NDArray[np.uint64], seed: int) -> Similar:
    """Find texts with a high Jaccard similarity of their three-character sequences.

    Parameters
    ----------
    cells
        n texts.
    copies
        Hash per row, equal for exact copies, shape (n,). Blank texts are never paired.

    Notes
    -----
    A long text and its near duplicate also have most of their sequences of twelve characters in
    common, as estimated from 64 hashes.

    References
    ----------
    Broder, On the Resemblance and Containment of Documents (1997).
    """
    rows = np.flatnonzero(~cells.is_blank)
    exact = pairs_in_buckets(copies[rows])
    first_of_each = rows[np.unique(copies[rows], return_index=True)[1]]
    words = [words_of(cells[row][:LEARNED_CHARACTERS]) for row in first_of_each]
    hashes = MinHash(n_bands=N_BANDS, n_per_band=N_PER_BAND, seed=seed)
    bands = hashes.bands(hashes.minima(words))
    pairs = Pairs.union(map(pairs_in_buckets, bands)).distinct()
    pairs = _with_long_texts(words, pairs, seed)
    similarity = _jaccard(words, pairs)
    return _joined(
        len(cells), exact.at(rows), pairs.at(first_of_each), similarity, MIN_TEXT_SIMILARITY
    )


def _with_long_texts(words: list[str], pairs: Pairs, seed: int) -> Pairs:
    """Return the pairs, those with a long text chosen by their long sequences."""
    n_words = np.array([text.count(" ") + 1 for text in words])
    is_long = n_words >= LONG_WORDS
    # A near duplicate of a long text has at least half its words, so that these are enough.
    compared = np.flatnonzero(n_words >= LONG_WORDS / 2)
    if not is_long.any():
        return pairs
    hashes = MinHash(n_bands=N_BANDS, n_per_band=N_PER_BAND, seed=seed, length=LONG_LENGTH)
    minima = hashes.minima([words[row] for row in compared])
    found = Pairs.union(map(pairs_in_buckets, hashes.bands(minima))).distinct()
    is_shared = minima[:, found.left] == minima[:, found.right]
    near = found.where(is_shared.mean(axis=0) >= MIN_LONG_SIMILARITY).at(compared)
    return Pairs.union(
        [
            pairs.where(~(is_long[pairs.left] | is_long[pairs.right])),
            near.where(is_long[near.left] | is_long[near.right]),
        ]
    ).distinct()


def similar_rows(
    table: Table,
    copies: npt.NDArray[np.uint64],
    space: Matrix,
    spec: CleansetSpec,
    *,
    usual_among: npt.NDArray[np.int64] | None = None,
    n_jobs: int = 1,
) -> Similar:
    """Find rows with almost equal numbers and dates, and equal other columns.

    Parameters
    ----------
    table
        n rows with the spec's feature columns.
    copies
        Hash per row, equal for exact copies, shape (n,).
    space
        Scaled columns, shape (n, n_features). The similarity of two rows is 1 / (1 + d / m), where
        d is their distance and m the median distance of a row to its nearest neighbour.
    usual_among
        Positions of rows that are a fair sample, for the median distance; None if all are.
    n_jobs
        Parallel jobs; they do not change the result.

    Notes
    -----
    Where many rows agree in all columns except one number, some of these numbers are close by
    chance. A pair that differs in one column only therefore counts only if at most a twentieth of
    the pairs that are as close are expected by chance. The expected number is the number of pairs
    that agree in all other columns, times the fraction of random pairs of rows that are as close in
    this column.

    References
    ----------
    Datar et al., Locality-Sensitive Hashing Scheme Based on p-Stable Distributions (2004).
    Benjamini and Hochberg, Controlling the False Discovery Rate (1995), for pairs that are close by
    chance.
    """
    exact = pairs_in_buckets(copies)
    distinct = np.unique(copies, return_index=True)[1]
    points = np.asarray(space, dtype=np.float32)
    sampled = distinct
    if usual_among is not None:
        sampled = usual_among[np.unique(copies[usual_among], return_index=True)[1]]
    usual = usual_distance(points, sampled, spec.seed, n_jobs)
    reach = reach_of(usual, spec)
    if not reach:
        no_similarity = np.empty(0, dtype=np.float32)
        return _joined(table.n_rows, exact, Pairs.none(), no_similarity, MIN_ROW_SIMILARITY)
    # Near duplicates agree in all columns that are not measured, so these are part of the bucket.
    words = word_hashes(table, spec.column_kinds)[distinct]
    buckets = (cell[distinct] ^ words for cell in grid_cells(points, reach, spec.seed))
    candidates = Pairs.union(map(pairs_in_buckets, buckets)).distinct()
    are_by_chance = _are_by_chance(table, points, spec, distinct, words, candidates)
    pairs = candidates.where(~are_by_chance).at(distinct)
    distances = np.linalg.norm(points[pairs.left] - points[pairs.right], axis=1)
    similarity = (1 / (1 + distances / usual)).astype(np.float32)
    return _joined(table.n_rows, exact, pairs, similarity, MIN_ROW_SIMILARITY)


def _jaccard(words: list[str], pairs: Pairs) -> npt.NDArray[np.float32]:
    sets = shingle_sets(words, np.union1d(pairs.left, pairs.right))
    similarity = []
    for left, right in zip(pairs.left.tolist(), pairs.right.tolist(), strict=True):
        n_shared = len(sets[left] & sets[right])
        n_either = len(sets[left]) + len(sets[right]) - n_shared
        similarity.append(n_shared / n_either)
    return np.array(similarity, dtype=np.float32)


def usual_distance(
    space: npt.NDArray[np.float32], distinct: npt.NDArray[np.int64], seed: int, n_jobs: int
) -> float:
    """Return the median distance of a row to its nearest neighbour; 0 for fewer than three rows."""
    if len(distinct) < 3:
        return 0.0
    sampled = distinct
    if len(distinct) > _MAX_ROWS_FOR_USUAL:
        rng = np.random.default_rng(seed)
        sampled = distinct[rng.choice(len(distinct), _MAX_ROWS_FOR_USUAL, replace=False)]
    return float(np.median(nearest_distances(space[sampled], 1, seed=seed, n_jobs=n_jobs)))


def reach_of(usual: float, spec: CleansetSpec) -> float:
    """Return the distance up to which rows are near, given the usual one; 0 if only copies are."""
    n_measured = sum(spec.column_kinds[name] in MEASURED for name in spec.feature_columns)
    if n_measured < _MIN_MEASURED:
        return 0.0
    return usual * (1 / MIN_ROW_SIMILARITY - 1)


def grid_cells(
    space: npt.NDArray[np.float32], reach: float, seed: int
) -> Iterator[npt.NDArray[np.uint64]]:
    """Yield per hash table a hash of each row's grid cell, by random projections.

    Cells are four times as wide as the reach, so that a near pair is rarely separated.
    """
    rng = np.random.default_rng(seed)
    width = 4 * reach
    for _ in range(N_TABLES):
        directions = rng.normal(size=(space.shape[1], N_PROJECTIONS)).astype(np.float32)
        offsets = rng.uniform(0, width, N_PROJECTIONS)
        cell = pd.DataFrame(np.floor((space @ directions + offsets) / width).astype(np.int64))
        yield np.asarray(pd.util.hash_pandas_object(cell, index=False), dtype=np.uint64)


def _are_by_chance(
    table: Table,
    points: npt.NDArray[np.float32],
    spec: CleansetSpec,
    rows: npt.NDArray[np.int64],
    words: npt.NDArray[np.uint64],
    candidates: Pairs,
) -> npt.NDArray[np.bool_]:
    """Return which candidate pairs of distinct `rows` differ in a single number or date, by a gap
    that chance explains, shape (n_pairs,).
    """
    are_by_chance = np.zeros(len(candidates.left), dtype=bool)
    if not len(candidates.left):
        return are_by_chance
    measured = [name for name in spec.feature_columns if spec.column_kinds[name] in MEASURED]
    # Multiplied by different odd numbers, so that swapped values do not give the same sum.
    values = [
        value_hashes(table[name], spec.column_kinds[name])[rows] * np.uint64(2 * place + 1)
        for place, name in enumerate(measured)
    ]
    whole = sum(values, words)
    differs = np.array([value[candidates.left] != value[candidates.right] for value in values])
    is_single = differs.sum(axis=0) == 1
    for value, differs_here in zip(values, differs, strict=True):
        single = np.flatnonzero(is_single & differs_here)
        if len(single):
            # Without this column the hashes are equal for rows that agree in all others.
            _, n_equal = np.unique(whole - value, return_counts=True)
            n_pairs = float(np.sum(n_equal * (n_equal - 1) // 2))
            pairs = candidates.where(single).at(rows)
            shares = _shares_as_close(points, rows, pairs, spec.seed)
            are_by_chance[single] = _are_explained(n_pairs * shares)
    return are_by_chance


def _shares_as_close(
    points: npt.NDArray[np.float32], rows: npt.NDArray[np.int64], pairs: Pairs, seed: int
) -> npt.NDArray[np.float64]:
    """Return, for each pair, the fraction of random pairs that are as close in the column that
    differs, shape (n_pairs,).

    All given pairs differ in the same single column; it is recognised by their points.
    """
    sample = pairs.where(slice(1_000))
    axis = int(np.count_nonzero(points[sample.left] != points[sample.right], axis=0).argmax())
    left, right = rows[np.random.default_rng(seed).integers(len(rows), size=(2, _N_DRAWN))]
    drawn = np.sort(np.abs(points[left, axis] - points[right, axis]))
    drawn = drawn[drawn > 0]
    shares = np.arange(1, len(drawn) + 1) / max(1, len(drawn))
    known = slice(_MIN_DRAWN - 1, None)
    # The tolerance keeps gaps that are equal up to rounding together.
    gaps = np.abs(points[pairs.left, axis] - points[pairs.right, axis]) * 1.01
    return np.asarray(np.interp(gaps, np.r_[0.0, drawn[known]], np.r_[0.0, shares[known]]))


def _are_explained(expected: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return which pairs chance explains, by the procedure of Benjamini and Hochberg.

    `expected`, shape (n_pairs,), is the number of pairs expected to be as close by chance.
    """
    ordered = np.sort(expected)
    is_rare = ordered <= _MAX_BY_CHANCE * np.arange(1, len(ordered) + 1)
    return np.asarray(expected > ordered[is_rare].max(initial=-1.0))


def _joined(
    n_rows: int, exact: Pairs, others: Pairs, similarity: npt.NDArray[np.float32], threshold: float
) -> Similar:
    ones = np.ones(len(exact.left), dtype=np.float32)
    # Only exact copies have similarity 1, but different texts can share all their sequences, and
    # different rows all their scaled values.
    below_one = np.minimum(similarity, np.float32(0.999))
    return Similar(
        n_rows, Pairs.union([exact, others]), np.concatenate([ones, below_one]), threshold
    )
