"""Distances to the nearest rows, in bounded memory."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from sklearn.neighbors import NearestNeighbors

from studio.engine.runtime.one_thread import one_thread

MAX_REFERENCES = 5_000
MIN_REFERENCES = 1_000
_MAX_DISTANCES = 100_000_000  # a second on one core
_ROWS_PER_BLOCK = 5_000  # 100 MB of distances to 5,000 reference rows


def nearest_distances(
    space: npt.NDArray[np.float32], n_neighbours: int, *, seed: int, n_jobs: int = 1
) -> npt.NDArray[np.float32]:
    """Return the Euclidean distances from each row to its nearest other rows.

    Parameters
    ----------
    space
        Features, shape (n, d).
    n_neighbours
        Neighbours per row; fewer if there are not enough rows.
    seed
        Chooses the reference rows of large data.
    n_jobs
        Parallel blocks of rows; they do not change the result.

    Returns
    -------
    ndarray of shape (n, n_neighbours)
        Ascending.

    Notes
    -----
    Exact up to 5,000 rows. Beyond, neighbours are searched among 1,000 to 5,000 rows drawn at
    random, the same for all rows, so that the cost is linear; the distances are then larger, as in
    a smaller sample. Memory is that of a few blocks.

    References
    ----------
    Sugiyama and Borgwardt, Rapid Distance-Based Outlier Detection via Sampling (NeurIPS 2013).
    """
    n_rows = len(space)
    drawn = np.arange(n_rows)
    if n_rows > MAX_REFERENCES:
        n_references = int(np.clip(_MAX_DISTANCES // n_rows, MIN_REFERENCES, MAX_REFERENCES))
        drawn = np.sort(np.random.default_rng(seed).choice(n_rows, n_references, replace=False))
    n_neighbours = min(n_neighbours, len(drawn) - 1)
    # One more, as a reference row is its own nearest neighbour.
    search = NearestNeighbors(n_neighbors=n_neighbours + 1, algorithm="brute").fit(space[drawn])
    is_drawn = np.zeros(n_rows, dtype=bool)
    is_drawn[drawn] = True
    blocks = [slice(first, first + _ROWS_PER_BLOCK) for first in range(0, n_rows, _ROWS_PER_BLOCK)]
    jobs = (delayed(_distances_of_block)(search, space[block], is_drawn[block]) for block in blocks)
    parallel = Parallel(n_jobs=max(1, min(n_jobs, len(blocks))), prefer="threads")
    with one_thread():
        return np.concatenate(parallel(jobs))


def _distances_of_block(
    search: NearestNeighbors, rows: npt.NDArray[np.float32], is_drawn: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float32]:
    with one_thread():  # OpenMP's limit is set per thread
        distances, _ = search.kneighbors(rows)
    # A reference row found itself first; any other row found one neighbour too many.
    without_itself = np.where(is_drawn[:, None], distances[:, 1:], distances[:, :-1])
    return np.asarray(without_itself, dtype=np.float32)
