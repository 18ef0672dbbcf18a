"""How accurate the predicted labels of unlabeled rows are, from confidence thresholds on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from studio.engine.evaluation.label_shift import ClassWeights, class_weights, observations

TAIL = 0.025  # on either side of the interval, whose confidence is 95%
# Rows of one bin and predicted class are taken to be equally often right, labeled or not.
BIN_EDGES = (0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
# Standard deviations from which unlabeled rows differ: at 1% in class and confidence, and at 5% in
# the predicted classes, as classes that are labeled more often than others mislead most
DIFFERS_FROM = 2.326
CLASSES_DIFFER_FROM = 1.645
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
class ClassShift:
    """A class that is more or less frequent among unlabeled rows than among labeled ones.

    `code` is the class, `labeled` its share there, `unlabeled` the estimated one here, and `low`
    and `high` the ends of its interval.
    """

    code: int
    labeled: float
    unlabeled: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class AutoLabelEstimate:
    """The accuracy by threshold; `is_reweighted` tells whether unlabeled rows differ from labeled
    ones, so that these were weighted, and `shifts` which classes are then missing more or less
    often than others, the largest difference first.
    """

    thresholds: tuple[ThresholdAccuracy, ...]
    is_reweighted: bool
    shifts: tuple[ClassShift, ...] = ()


def accuracy_by_threshold(
    labeled: Predictions,
    given: npt.NDArray[np.int64],
    unlabeled: Predictions,
    thresholds: Sequence[float],
    is_right: npt.NDArray[np.bool_] | None = None,
    *,
    is_always_wide: bool = False,
) -> AutoLabelEstimate:
    """Estimate how many labels are right if all unlabeled rows from a confidence on get theirs.

    Parameters
    ----------
    labeled
        Out-of-sample predictions of the labeled rows.
    given
        The class of each labeled row, shape (n,); one that is never predicted may have any code.
    unlabeled
        Predictions of the rows to label.
    thresholds
        Confidences.
    is_right
        Whether each labeled row is predicted right, shape (n,), where the codes do not tell: they
        may be groups of classes. None where they do.
    is_always_wide
        Whether the interval reaches over both ways of weighting even if no difference is detected,
        as differences of such predictions often are not.

    Notes
    -----
    The share of right predictions among labeled rows above a threshold is an estimate for unlabeled
    ones if both are alike. If predicted classes and confidences of the two differ significantly,
    labeled rows are weighted in two ways. By cells of predicted class and confidence, so that they
    are distributed as the unlabeled rows are (post-stratification): right if rows of the same
    predicted class and confidence are equally often right. And by their given class
    (`class_weights`): right if rows of the same class look alike, so that labels are missing by
    class. Nothing in the data tells which of the two holds, so that the interval reaches over both.
    Unlabeled rows in cells without labeled ones, and less sure than all of these, are counted as
    wrong at the low end, and as right at the high end.

    The intervals are those of the beta-binomial prediction with Jeffreys' prior: they contain the
    uncertainty of the estimate, with Kish's effective number of labeled rows, that of the weights
    of the classes, and the chance in a finite number of unlabeled rows. Their coverage:
    docs/decisions/auto-labels.md.
    """
    if is_right is None:
        is_right = labeled.codes == given
    weights = None
    is_different = differ(labeled, unlabeled)
    if is_different or (is_always_wide and len(given) and len(unlabeled.codes)):
        weights = weights_by_class(labeled, given, unlabeled)
    found = []
    for threshold in thresholds:
        evidence = _Evidence(
            labeled.above(threshold),
            given[labeled.confidence >= threshold],
            is_right[labeled.confidence >= threshold].astype(np.float64),
            unlabeled.above(threshold),
        )
        one = _at_threshold(threshold, evidence, weights)
        if one.accuracy is not None and not is_different:
            one = replace(one, accuracy=float(evidence.is_right.mean()))
        found.append(one)
    shifts = tuple(_shifts(weights)) if weights is not None and is_different else ()
    return AutoLabelEstimate(tuple(found), is_different, shifts)


def weights_by_class(
    labeled: Predictions, given: npt.NDArray[np.int64], unlabeled: Predictions
) -> ClassWeights:
    """Return how much more often each given class occurs among unlabeled rows."""
    n_classes = int(max(labeled.codes.max(), unlabeled.codes.max(), given.max())) + 1
    return class_weights(
        observations(labeled.codes, labeled.confidence, n_classes),
        given,
        observations(unlabeled.codes, unlabeled.confidence, n_classes),
        n_classes=n_classes,
    )


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Labeled rows above a threshold, with their class and whether it was predicted, and the rows
    to label.
    """

    labeled: Predictions
    given: npt.NDArray[np.int64]
    is_right: npt.NDArray[np.float64]
    target: Predictions


def _at_threshold(
    threshold: float, evidence: _Evidence, weights: ClassWeights | None
) -> ThresholdAccuracy:
    n_rows = len(evidence.target.codes)
    n_evidence = len(evidence.given)
    unknown = ThresholdAccuracy(threshold, n_rows, n_evidence, None, None, None)
    if not n_evidence or not n_rows:
        return unknown
    is_right = evidence.is_right
    if weights is None:
        n_right_of_all = np.array([is_right.sum()])
        accuracy, low, high = _interval(
            np.array([float(n_evidence)]), n_right_of_all, np.ones((1, 1)), n_rows
        )
        return replace(unknown, accuracy=accuracy, low=low, high=high)
    by_cell, covered = cell_weights(evidence.labeled, evidence.target)
    n_classes = len(weights.weights)
    n_of_class = np.bincount(evidence.given, minlength=n_classes).astype(np.float64)
    n_right = np.bincount(evidence.given, is_right, n_classes).astype(np.float64)
    total = float(weights.weights @ n_of_class)
    if not by_cell.any() or not total:
        return unknown
    _, low, high = _interval(np.ones(n_evidence), is_right, by_cell[None], n_rows)
    low *= covered
    high = high * covered + 1 - covered
    _, low_by_class, high_by_class = _interval(n_of_class, n_right, weights.drawn, n_rows)
    return replace(
        unknown,
        accuracy=float(weights.weights @ n_right) / total,
        low=min(low, low_by_class),
        high=max(high, high_by_class),
    )


def _interval(
    counts: npt.NDArray[np.float64],
    right: npt.NDArray[np.float64],
    weights: npt.NDArray[np.float64],
    n_rows: int,
) -> tuple[float, float, float]:
    """Return the share of right labels among `n_rows` rows and the ends of its interval.

    Parameters
    ----------
    counts, right
        Number of labeled rows in each of g groups, and of those that are right, shape (g,).
    weights
        Of a row of each group, as they are uncertain, shape (n_draws, g).
    """
    tiny = np.finfo(np.float64).tiny
    totals = np.maximum(weights @ counts, tiny)
    accuracy = np.minimum(weights @ right / totals, 1.0)
    n_effective = totals**2 / np.maximum(weights**2 @ counts, tiny)
    n_right = accuracy * n_effective
    n_each = N_DRAWS // len(weights)
    rng = np.random.default_rng(0)
    chances = rng.beta(
        np.repeat(n_right, n_each) + 0.5, np.repeat(n_effective - n_right, n_each) + 0.5
    )
    low, high = np.quantile(rng.binomial(n_rows, chances), [TAIL, 1 - TAIL]) / n_rows
    return float(accuracy.mean()), float(low), float(high)


def _shifts(weights: ClassWeights) -> list[ClassShift]:
    """Return the classes whose share among labeled rows is outside the interval of that among
    unlabeled ones.
    """
    shares = weights.labeled * weights.weights
    low, high = np.quantile(weights.labeled * weights.drawn, [TAIL, 1 - TAIL], axis=0)
    outside = np.flatnonzero((weights.labeled < low) | (weights.labeled > high))
    outside = outside[np.argsort(-np.abs(shares - weights.labeled)[outside], kind="stable")]
    return [
        ClassShift(
            code,
            float(weights.labeled[code]),
            float(shares[code]),
            float(low[code]),
            float(high[code]),
        )
        for code in outside.tolist()
    ]


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


def cell_weights(
    evidence: Predictions, target: Predictions
) -> tuple[npt.NDArray[np.float64], float]:
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


def differ(labeled: Predictions, unlabeled: Predictions) -> bool:
    """Return whether predicted classes, or classes and confidences, of the two are distributed in
    different ways.
    """
    if not len(labeled.codes) or not len(unlabeled.codes):
        return False
    by_cell = _deviation(_cells(labeled, by_class=True), _cells(unlabeled, by_class=True))
    return by_cell > DIFFERS_FROM or (
        _deviation(labeled.codes, unlabeled.codes) > CLASSES_DIFFER_FROM
    )


def _deviation(first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> float:
    """Return by how many standard deviations the frequencies of codes differ."""
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
    n_free = pooled.shape[1] - 1
    if n_free < 1 or not pooled.sum(axis=1).all():
        return 0.0
    expected = np.outer(pooled.sum(axis=1), pooled.sum(axis=0)) / pooled.sum()
    chi_squared = float(((pooled - expected) ** 2 / expected).sum())
    spread = 2 / (9 * n_free)
    # Wilson and Hilferty: the cube root is nearly normal
    return float(((chi_squared / n_free) ** (1 / 3) - (1 - spread)) / spread**0.5)
