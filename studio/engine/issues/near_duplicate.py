"""Rows that are copies, or nearly copies, of other rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from studio.engine import cell_values
from studio.engine.issues.base import Columns, Evidence
from studio.engine.issues.row_pairs import Pairs, pairs_in_buckets
from studio.engine.issues.shingles import shingle_sets, signatures
from studio.engine.ml_task import Modality
from studio.engine.neighbours import nearest_distances
from studio.engine.rows import word_hashes

MIN_TEXT_SIMILARITY = 0.8  # shared share of three-character sequences: about one changed word in ten
MIN_ROW_SIMILARITY = 0.98  # about a fiftieth of the usual distance between neighbours
N_BANDS, N_PER_BAND = 16, 4  # pairs of similarity 0.8 are met with a chance of 99.98 %
N_TABLES, N_PROJECTIONS = 8, 6
_MAX_ROWS_FOR_USUAL = 10_000


def find_near_duplicate(evidence: Evidence) -> Columns:
    """Find rows that repeat others.

    Notes
    -----
    Exact copies, white space and case apart and numbers by value, have `near_duplicate_score` 1. Between other
    texts it is the Jaccard similarity of their three-character sequences, flagged from 0.8. Between other rows of a
    table, equal in all columns but numbers and dates, it is 1 / (1 + d / m), with d their distance in scaled columns
    and m the median distance of a row to its nearest, flagged from 0.98. A row's score is that of the most
    similar row that was met; 0 where none was.

    Pairs are met by locality-sensitive hashing, so that the cost is linear. `near_duplicate_cluster_id` numbers the
    sets that flagged pairs join, from 0; missing for rows without. Blank texts are no duplicates: they are empty.

    References
    ----------
    Broder, On the Resemblance and Containment of Documents (1997); Datar et al., Locality-Sensitive Hashing Scheme
    Based on p-Stable Distributions (2004).
    """
    if evidence.study.spec.modality is Modality.TEXT:
        found, threshold = _similar_texts(evidence), MIN_TEXT_SIMILARITY
    else:
        found, threshold = _similar_rows(evidence), MIN_ROW_SIMILARITY
    n_rows = len(evidence.pred_probs)
    scores = np.zeros(n_rows, dtype=np.float32)
    np.maximum.at(scores, found.pairs.left, found.similarity)
    np.maximum.at(scores, found.pairs.right, found.similarity)
    flags = scores >= threshold
    return {
        "is_near_duplicate": flags,
        "near_duplicate_score": scores,
        "near_duplicate_cluster_id": _cluster_ids(found, threshold, flags),
    }


@dataclass(frozen=True, slots=True)
class _Similar:
    """Pairs of rows with their similarity in [0, 1], shape (n_pairs,)."""

    pairs: Pairs
    similarity: npt.NDArray[np.float32]


def _similar_texts(evidence: Evidence) -> _Similar:
    study = evidence.study
    cells = cell_values.texts(study.frame, study.spec.feature_columns[0])
    rows = np.flatnonzero(~cell_values.is_blank(cells))
    copies = pairs_in_buckets(study.copies[rows])
    first_of_each = rows[np.unique(study.copies[rows], return_index=True)[1]]
    kind = study.spec.column_kinds[study.spec.feature_columns[0]]
    words = cell_values.normalised([cells[row] for row in first_of_each], kind)
    bands = signatures(words, n_bands=N_BANDS, n_per_band=N_PER_BAND, seed=study.spec.seed)
    pairs = Pairs.union(map(pairs_in_buckets, bands)).distinct()
    similarity = _jaccard(words, pairs)
    return _joined(copies.at(rows), pairs.at(first_of_each), similarity)


def _jaccard(words: list[str], pairs: Pairs) -> npt.NDArray[np.float32]:
    sets = shingle_sets(words, np.union1d(pairs.left, pairs.right))
    similarity = np.empty(len(pairs.left), dtype=np.float32)
    for position, (left, right) in enumerate(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)):
        n_shared = len(sets[left] & sets[right])
        similarity[position] = n_shared / (len(sets[left]) + len(sets[right]) - n_shared)
    return similarity


def _similar_rows(evidence: Evidence) -> _Similar:
    study = evidence.study
    copies = pairs_in_buckets(study.copies)
    distinct = np.unique(study.copies, return_index=True)[1]
    space = np.asarray(evidence.space, dtype=np.float32)[distinct]
    usual = _usual_distance(space, study.spec.seed)
    if usual == 0.0:
        return _joined(copies, Pairs.none(), np.empty(0, dtype=np.float32))
    reach = usual * (1 / MIN_ROW_SIMILARITY - 1)
    # Rows must agree in their words, so only those that do can share a cell of the grid.
    words = word_hashes(study.frame.iloc[distinct], study.spec)
    cells = (cell ^ words for cell in _grid_cells(space, 4 * reach, study.spec.seed))
    pairs = Pairs.union(map(pairs_in_buckets, cells)).distinct()
    distances = np.linalg.norm(space[pairs.left] - space[pairs.right], axis=1)
    return _joined(copies, pairs.at(distinct), (1 / (1 + distances / usual)).astype(np.float32))


def _usual_distance(space: npt.NDArray[np.float32], seed: int) -> float:
    if len(space) < 3:
        return 0.0
    few = space
    if len(space) > _MAX_ROWS_FOR_USUAL:
        few = space[np.random.default_rng(seed).choice(len(space), _MAX_ROWS_FOR_USUAL, replace=False)]
    return float(np.median(nearest_distances(few, 1, seed=seed)))


def _grid_cells(space: npt.NDArray[np.float32], width: float, seed: int) -> list[npt.NDArray[np.uint64]]:
    """Return per table the grid cell of each row: random projections, cut into pieces of the width."""
    rng = np.random.default_rng(seed)
    cells = []
    for _ in range(N_TABLES):
        directions = rng.normal(size=(space.shape[1], N_PROJECTIONS)).astype(np.float32)
        offsets = rng.uniform(0, width, N_PROJECTIONS)
        cells.append(np.floor((space @ directions + offsets) / width).astype(np.int64))
    hashes = (pd.util.hash_pandas_object(pd.DataFrame(cell), index=False) for cell in cells)
    return [np.asarray(hashed, dtype=np.uint64) for hashed in hashes]


def _joined(copies: Pairs, others: Pairs, similarity: npt.NDArray[np.float32]) -> _Similar:
    ones = np.ones(len(copies.left), dtype=np.float32)
    # Only exact copies reach 1: distinct texts can share all their sequences, distinct rows all scaled values.
    below_one = np.minimum(similarity, np.float32(0.999))
    return _Similar(Pairs.union([copies, others]), np.concatenate([ones, below_one]))


def _cluster_ids(found: _Similar, threshold: float, flags: npt.NDArray[np.bool_]) -> pd.Series[int]:
    near = found.similarity >= threshold
    n_rows = len(flags)
    edges = (np.ones(int(near.sum()), dtype=np.int8), (found.pairs.left[near], found.pairs.right[near]))
    _, component = connected_components(sparse.coo_array(edges, shape=(n_rows, n_rows)), directed=False)
    ids = np.full(n_rows, -1, dtype=np.int64)
    ids[flags] = pd.factorize(component[flags])[0]
    return pd.Series(ids, dtype="Int64").mask(~pd.Series(flags))
