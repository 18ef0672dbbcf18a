"""How accurate the predicted labels of unlabeled rows are, from confidence thresholds on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

CONFIDENCE = 0.95
# Rows of one bin and predicted class are taken to be equally often right, labeled or not.
BIN_EDGES = (0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
DIFFERS_FROM = 2.326  # standard deviations: unlabeled rows clearly differ, at 1%
N_DRAWS = 20_000  # of the number of right labels
MIN_EVIDENCE = 5  # labeled rows in a cell that can stand for its unlabeled rows


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predictions of n rows by models that did not see their labels.

    Attributes
    ----------
    codes
        The likeliest class, shape (n,).
    confidence
        Its probability, shape (n,).
    """

    codes: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float64]

    def above(self, threshold: float) -> Predictions:
        """Return the rows with at least this confidence."""
        kept = self.confidence >= threshold
        return Predictions(self.codes[kept], self.confidence[kept])


@dataclass(frozen=True, slots=True)
class ThresholdAccuracy:
    """What labeling all rows from a confidence on would do.

    `accuracy` is the estimated share of right labels among the `n_rows` unlabeled rows, `low` and
    `high` the ends of its prediction interval, and `n_evidence` the number of labeled rows that it
    rests on. All three are None without evidence.
    """

    threshold: float
    n_rows: int
    n_evidence: int
    accuracy: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class AutoLabelEstimate:
    """The accuracy by threshold; `is_reweighted` tells whether unlabeled rows clearly differ from
    labeled ones, so that these were weighted.
    """

    thresholds: tuple[ThresholdAccuracy, ...]
    is_reweighted: bool


def accuracy_by_threshold(
    labeled: Predictions,
    is_right: npt.NDArray[np.bool_],
    unlabeled: Predictions,
    thresholds: Sequence[float],
) -> AutoLabelEstimate:
    """Estimate how many labels are right if all unlabeled rows from a confidence on get theirs.

    Parameters
    ----------
    labeled
        Out-of-sample predictions of the labeled rows.
    is_right
        Whether the label of a labeled row is the predicted one, shape (n,).
    unlabeled
        Predictions of the rows to label.
    thresholds
        Confidences.

    Notes
    -----
    The share of right predictions among labeled rows above a threshold is an estimate for unlabeled
    ones if both are alike. If predicted classes and confidences of the two differ significantly
    (chi-squared test at 1%), labeled rows are weighted by cells of predicted class and confidence,
    so that they are distributed as the unlabeled rows are (post-stratification). Then it is enough
    that rows of the same predicted class and confidence are equally often right. Unlabeled rows in
    cells without labeled ones, and less sure than all of these, are counted as wrong at the low
    end, and as right at the high end.

    The interval is that of the beta-binomial prediction with Jeffreys' prior: it contains the
    uncertainty of the estimate, with Kish's effective number of labeled rows, and the chance in a
    finite number of unlabeled rows. Its coverage: docs/decisions/auto-labels.md.
    """
    is_reweighted = _differ(labeled, unlabeled)
    found = [
        _at_threshold(labeled, is_right, unlabeled, threshold, is_reweighted=is_reweighted)
        for threshold in thresholds
    ]
    return AutoLabelEstimate(tuple(found), is_reweighted)


def _at_threshold(
    labeled: Predictions,
    is_right: npt.NDArray[np.bool_],
    unlabeled: Predictions,
    threshold: float,
    *,
    is_reweighted: bool,
) -> ThresholdAccuracy:
    kept = labeled.confidence >= threshold
    evidence = labeled.above(threshold)
    right = is_right[kept].astype(np.float64)
    target = unlabeled.above(threshold)
    n_rows = len(target.codes)
    n_evidence = len(right)
    if not n_evidence or not n_rows:
        return ThresholdAccuracy(threshold, n_rows, n_evidence, None, None, None)
    weights = np.ones(n_evidence)
    covered = 1.0
    if is_reweighted:
        weights, covered = _weights(evidence, target)
    if not weights.any():
        return ThresholdAccuracy(threshold, n_rows, n_evidence, None, None, None)
    accuracy = float(np.average(right, weights=weights))
    n_effective = float(weights.sum() ** 2 / (weights**2).sum())
    n_right = accuracy * n_effective
    tail = (1 - CONFIDENCE) / 2
    rng = np.random.default_rng(0)
    chances = rng.beta(n_right + 0.5, n_effective - n_right + 0.5, N_DRAWS)
    low, high = np.quantile(rng.binomial(n_rows, chances), [tail, 1 - tail]) / n_rows
    return ThresholdAccuracy(
        threshold,
        n_rows,
        n_evidence,
        accuracy,
        float(low * covered),
        float(high * covered + 1 - covered),
    )


def _bins(confidence: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    return np.searchsorted(BIN_EDGES, confidence, side="right")


def _nearest_below(bins: npt.NDArray[np.int64], wanted: np.int64) -> int:
    """Return the highest bin up to a wanted one that has rows; -1 if none has."""
    return int(bins[bins <= wanted].max(initial=-1))


def _cells(rows: Predictions, *, by_class: bool) -> npt.NDArray[np.int64]:
    bins = _bins(rows.confidence)
    if not by_class:
        return bins
    return rows.codes * (len(BIN_EDGES) + 1) + bins


def _weights(evidence: Predictions, target: Predictions) -> tuple[npt.NDArray[np.float64], float]:
    """Return a weight for each labeled row, and the share of the unlabeled rows that they stand
    for.

    Of a cell with few labeled rows, all rows of its confidence stand for it, or of the nearest
    lower one that has any.
    """
    weights = np.zeros(len(evidence.codes))
    n_covered = 0
    wide = _cells(evidence, by_class=False)
    narrow = _cells(evidence, by_class=True)
    cells, places, counts = np.unique(
        _cells(target, by_class=True), return_index=True, return_counts=True
    )
    for cell, place, n_rows in zip(cells, places, counts, strict=True):
        standing = narrow == cell
        if np.count_nonzero(standing) < MIN_EVIDENCE:
            one = target.confidence[place : place + 1]
            standing = wide == _nearest_below(wide, _bins(one)[0])
        n_standing = np.count_nonzero(standing)
        if n_standing:
            weights[standing] += n_rows / n_standing
            n_covered += n_rows
    return weights, n_covered / len(target.codes)


def _differ(labeled: Predictions, unlabeled: Predictions) -> bool:
    """Return whether predicted classes and confidences of the two are clearly distributed in
    different ways.
    """
    first = _cells(labeled, by_class=True)
    second = _cells(unlabeled, by_class=True)
    names, codes = np.unique(np.concatenate([first, second]), return_inverse=True)
    counts = np.stack(
        [
            np.bincount(codes[: len(first)], minlength=len(names)),
            np.bincount(codes[len(first) :], minlength=len(names)),
        ]
    )
    # Cells of few rows together, as the test is not valid for them
    rare = counts.sum(axis=0) < 2 * MIN_EVIDENCE
    pooled = np.column_stack([counts[:, ~rare], counts[:, rare].sum(axis=1)])
    pooled = pooled[:, pooled.sum(axis=0) > 0]
    if pooled.shape[1] < 2 or not pooled.sum(axis=1).all():
        return False
    expected = np.outer(pooled.sum(axis=1), pooled.sum(axis=0)) / pooled.sum()
    chi_squared = float(((pooled - expected) ** 2 / expected).sum())
    spread = 2 / (9 * (pooled.shape[1] - 1))
    # Wilson and Hilferty: the cube root is nearly normal
    critical = (1 - spread + DIFFERS_FROM * spread**0.5) ** 3 * (pooled.shape[1] - 1)
    return bool(chi_squared > critical)
