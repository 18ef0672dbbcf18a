"""Whether rows that are alike lie close together in the file."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.engine.health.base import Analysis
from studio.engine.ml_task import MLTask
from studio.engine.schema.health import RowOrder

MAX_ROWS = 1_000  # a random sample of larger data: the cost of the search is quadratic
N_NEIGHBOURS = 10
N_PERMUTATIONS = 199  # the smallest possible p-value is 1/200
SIGNIFICANT = 0.01
MIN_CLOSENESS = 0.05  # in large data smaller effects are significant, but do not matter


def find_order(analysis: Analysis) -> RowOrder | None:
    """Test whether rows that are alike lie close together in the file.

    None if there are too few distinct rows.

    Notes
    -----
    A permutation test: for up to 1,000 rows, the mean distance in the file to the 10 nearest
    neighbours by content is compared with that after 199 random permutations. A file sorted by
    class, source or date fails it; splits of such a file by position are not comparable. Copies of
    a row count once.

    References
    ----------
    Cummings et al., Detecting Dataset Drift and Non-IID Sampling via k-Nearest Neighbors (2023),
    with the mean in place of their whole distribution.
    """
    study = analysis.evidence.study
    rng = np.random.default_rng(study.spec.seed)
    distinct = np.unique(study.copies, return_index=True)[1]
    if len(distinct) < 2 * N_NEIGHBOURS:
        return None
    drawn = distinct
    if len(distinct) > MAX_ROWS:
        drawn = np.sort(rng.choice(distinct, MAX_ROWS, replace=False))
    place = np.argsort(np.argsort(study.order[drawn]))  # rank among the drawn rows in the file
    nearest = _nearest(np.asarray(analysis.evidence.space, dtype=np.float32)[drawn])
    observed = _mean_distance(place, nearest)
    by_chance = np.array(
        [_mean_distance(rng.permutation(place), nearest) for _ in range(N_PERMUTATIONS)]
    )
    p_value = float((1 + (by_chance <= observed).sum()) / (1 + N_PERMUTATIONS))
    closeness = float(1 - observed / by_chance.mean())
    is_close = p_value <= SIGNIFICANT and closeness >= MIN_CLOSENESS
    same, expected = _same_labels(analysis)
    return RowOrder(p_value, closeness, same, expected, is_close)


def _nearest(space: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    norms = np.einsum("ij,ij->i", space, space)
    squares = norms[:, None] + norms[None, :] - 2.0 * (space @ space.T)
    np.fill_diagonal(squares, np.inf)  # no row is its own neighbour
    return np.argpartition(squares, N_NEIGHBOURS - 1, axis=1)[:, :N_NEIGHBOURS]


def _mean_distance(place: npt.NDArray[np.int64], nearest: npt.NDArray[np.int64]) -> float:
    return float(np.abs(place[:, None] - place[nearest]).mean())


def _same_labels(analysis: Analysis) -> tuple[float | None, float | None]:
    """Return how often adjacent rows have the same class, and how often they would by chance."""
    study = analysis.evidence.study
    if study.spec.task is not MLTask.MULTI_CLASS:
        return None, None
    codes = np.asarray(study.in_given_order(study.labels.codes))
    codes = codes[codes >= 0]
    if len(codes) < 2:
        return None, None
    shares = study.labels.class_counts / len(codes)
    return float((codes[1:] == codes[:-1]).mean()), float((shares**2).sum())
