"""Distances to the nearest rows, in bounded memory."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

MAX_REFERENCES, MIN_REFERENCES = 10_000, 2_000
_MAX_DISTANCES = 2_000_000_000  # half a minute on one core
_CELLS_PER_BLOCK = 10_000_000  # distances at a time: 40 MB of float32


def nearest_distances(space: npt.NDArray[np.float32], n_neighbours: int, *, seed: int) -> npt.NDArray[np.float32]:
    """Return the Euclidean distances from each row to its nearest other rows.

    Parameters
    ----------
    space
        Features, shape (n, d).
    n_neighbours
        How many; fewer where there are not so many rows.
    seed
        Chooses the reference rows of large data.

    Returns
    -------
    ndarray of shape (n, n_neighbours)
        Ascending.

    Notes
    -----
    Exact up to 10,000 rows. Beyond, the neighbours are sought among 2,000 to 10,000 rows drawn at random, so that
    the cost grows linearly; the distances are then those in a thinner sample, the same for all rows. Memory is one
    block.

    References
    ----------
    Sugiyama and Borgwardt, Rapid Distance-Based Outlier Detection via Sampling (NeurIPS 2013).
    """
    n_rows = len(space)
    drawn = np.arange(n_rows)
    if n_rows > MAX_REFERENCES:
        n_references = int(np.clip(_MAX_DISTANCES // n_rows, MIN_REFERENCES, MAX_REFERENCES))
        drawn = np.sort(np.random.default_rng(seed).choice(n_rows, n_references, replace=False))
    references = space[drawn]
    own_column = np.full(n_rows, -1)
    own_column[drawn] = np.arange(len(drawn))
    n_neighbours = min(n_neighbours, len(drawn) - 1)
    reference_norms = np.einsum("ij,ij->i", references, references)
    result = np.empty((n_rows, n_neighbours), dtype=np.float32)
    n_block = max(1, _CELLS_PER_BLOCK // len(drawn))
    for first in range(0, n_rows, n_block):
        block = space[first : first + n_block]
        squares = reference_norms - 2.0 * (block @ references.T) + np.einsum("ij,ij->i", block, block)[:, None]
        own = own_column[first : first + n_block]
        squares[np.flatnonzero(own >= 0), own[own >= 0]] = np.inf
        nearest = np.partition(squares, n_neighbours - 1, axis=1)[:, :n_neighbours]
        result[first : first + n_block] = np.sqrt(np.maximum(np.sort(nearest, axis=1), 0.0))
    return result
