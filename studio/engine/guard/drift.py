"""Whether new rows are distributed as the training data, tested column by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import chi2_contingency, fisher_exact, ks_2samp, mannwhitneyu

from studio.engine.guard.class_scores import MAX_DIMENSIONS
from studio.engine.guard.distributions import Distribution
from studio.engine.guard.space import Vectors
from studio.engine.guard.words import SIGNIFICANCE

MAX_ROWS_OF_FEATURES = 2_000
_MIN_EXPECTED = 5.0  # rows in each cell of a contingency table
_MIN_ROWS_OF_FEATURES = 20
_RIDGE = 0.1  # in units of the mean variance of a feature


@dataclass(frozen=True, slots=True)
class Drift:
    """How one measure of new rows differs from the training data.

    Attributes
    ----------
    name
        A column, or what else is measured.
    size
        The largest difference of the cumulative shares of numbers, or half the sum of the
        differences of shares of levels, from 0 to 1; of features, twice the area under the ROC
        curve of what tells new rows apart, less 1.
    p_value
        Of a difference as large by chance; after `corrected`, for all measures together.
    """

    name: str
    size: float
    p_value: float

    @property
    def is_significant(self) -> bool:
        return self.p_value < SIGNIFICANCE


def corrected(drifts: Sequence[Drift]) -> list[Drift]:
    """Return the drifts with p-values for all tests together, by Holm's method."""
    order = sorted(range(len(drifts)), key=lambda place: drifts[place].p_value)
    found = list(drifts)
    largest = 0.0
    for rank, place in enumerate(order):
        p_value = min(1.0, drifts[place].p_value * (len(drifts) - rank))
        largest = max(largest, p_value)
        found[place] = replace(drifts[place], p_value=largest)
    return found


def distribution_drift(name: str, trained: Distribution, new: Distribution) -> Drift:
    """Compare values by a test of Kolmogorov and Smirnov or of chi-squared, and how many are
    missing; the smaller of the two p-values counts twice.
    """
    missing = _contingency(
        {"": trained.n_missing, " ": trained.n_rows - trained.n_missing},
        {"": new.n_missing, " ": new.n_rows - new.n_missing},
    )
    if trained.numbers is not None and new.numbers is not None:
        values = (0.0, 1.0)
        if len(trained.numbers) and len(new.numbers):
            found = ks_2samp(trained.numbers, new.numbers, method="asymp")
            values = (float(found.statistic), float(found.pvalue))
    else:
        values = _contingency(trained.levels or {}, new.levels or {})
    if not trained.n_missing and not new.n_missing:
        return Drift(name, *values)
    size = max(values[0], missing[0])
    return Drift(name, size, min(1.0, 2 * min(values[1], missing[1])))


def _contingency(trained: Mapping[str, int], new: Mapping[str, int]) -> tuple[float, float]:
    """Return the distance between two distributions of levels, and the p-value of it.

    Levels that are too rare for the test count as one; of two levels the test is exact.
    """
    names = sorted(trained.keys() | new.keys())
    counts = np.array([[side.get(name, 0) for name in names] for side in (trained, new)], float)
    if not counts.size or (counts.sum(axis=1) == 0).any():
        return 0.0, 1.0
    shares = counts / counts.sum(axis=1, keepdims=True)
    distance = float(np.abs(shares[0] - shares[1]).sum() / 2)
    expected = counts.sum(axis=0) * counts.sum(axis=1).min() / counts.sum()
    is_rare = expected < _MIN_EXPECTED
    pooled = counts[:, ~is_rare]
    if is_rare.any():
        pooled = np.column_stack([pooled, counts[:, is_rare].sum(axis=1)])
    pooled = pooled[:, pooled.sum(axis=0) > 0]
    if pooled.shape[1] < 2:
        return distance, 1.0
    if pooled.shape[1] == 2:  # of which one may still be rare
        return distance, float(fisher_exact(pooled.astype(np.int64)).pvalue)
    return distance, float(chi2_contingency(pooled, correction=False).pvalue)


def feature_drift(name: str, trained: Vectors, new: Vectors, *, seed: int) -> Drift | None:
    """Test whether new rows can be told from the training data by their features.

    None if there are too few rows or too many features.

    Notes
    -----
    A linear discriminant is fitted to one half of both, and must tell the other halves apart. Its
    p-value holds whatever the features are, as it was not fitted to the rows that it is judged by.

    References
    ----------
    Lopez-Paz and Oquab, Revisiting Classifier Two-Sample Tests (2017).
    """
    generator = np.random.default_rng(seed)
    halves = []
    for vectors in (trained, new):
        n_rows = min(len(vectors), MAX_ROWS_OF_FEATURES)
        if n_rows < _MIN_ROWS_OF_FEATURES or vectors.shape[1] > MAX_DIMENSIONS:
            return None
        drawn = vectors[generator.permutation(len(vectors))[:n_rows]].astype(np.float64)
        halves.append((drawn[: n_rows // 2], drawn[n_rows // 2 :]))
    (trained_fit, trained_rest), (new_fit, new_rest) = halves
    trained_mean = trained_fit.mean(axis=0)
    new_mean = new_fit.mean(axis=0)
    centred = np.concatenate([trained_fit - trained_mean, new_fit - new_mean])
    covariance = centred.T @ centred / len(centred)
    penalty = _RIDGE * float(np.trace(covariance)) / len(covariance) or 1.0
    covariance[np.diag_indices(len(covariance))] += penalty
    direction = np.linalg.solve(covariance, new_mean - trained_mean)
    found = mannwhitneyu(new_rest @ direction, trained_rest @ direction, alternative="greater")
    area = float(found.statistic) / (len(new_rest) * len(trained_rest))
    return Drift(name, max(0.0, 2 * area - 1), float(found.pvalue))
