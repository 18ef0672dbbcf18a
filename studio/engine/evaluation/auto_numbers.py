"""How far off the predicted numbers of unlabeled rows are, up to thresholds of their expected
error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from studio.engine.evaluation.auto_labels import (
    N_DRAWS,
    TAIL,
    Predictions,
    cell_weights,
    differ,
    weights_by_class,
)
from studio.engine.evaluation.label_shift import ClassWeights

# Quantiles of the given numbers; the ranges between them take the place of classes
RANGES = (0.2, 0.4, 0.6, 0.8)
MIN_ERRORS = 10  # labeled rows, for an interval


@dataclass(frozen=True, slots=True)
class NumberPredictions:
    """Predicted numbers of n rows, by models that did not see their labels, and the absolute error
    that is expected of each, shape (n,).
    """

    numbers: npt.NDArray[np.float64]
    expected: npt.NDArray[np.float64]

    def of_rows(self, rows: npt.NDArray[np.bool_]) -> NumberPredictions:
        """Return those of some rows."""
        return NumberPredictions(self.numbers[rows], self.expected[rows])


@dataclass(frozen=True, slots=True)
class ThresholdError:
    """What labeling all rows up to an expected error would do.

    `error` is the estimated mean absolute error of the `n_rows` unlabeled rows, in the unit of the
    labels, `low` and `high` the ends of its prediction interval, and `n_evidence` the number of
    labeled rows that it rests on. All three are None without enough evidence.
    """

    threshold: float
    n_rows: int
    n_evidence: int
    error: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class AutoNumberEstimate:
    """The mean error by threshold; `is_reweighted` tells whether unlabeled rows differ from labeled
    ones, so that the estimates weigh these.
    """

    thresholds: tuple[ThresholdError, ...]
    is_reweighted: bool


def error_by_threshold(
    labeled: NumberPredictions,
    given: npt.NDArray[np.float64],
    unlabeled: NumberPredictions,
    thresholds: Sequence[float],
) -> AutoNumberEstimate:
    """Estimate how far off numbers are if all unlabeled rows up to an expected error get theirs.

    Parameters
    ----------
    labeled, unlabeled
        Of the labeled rows, and of the rows to label.
    given
        The number of each labeled row, shape (n,).
    thresholds
        Expected errors, in the unit of the labels.

    Notes
    -----
    As in `accuracy_by_threshold`, with ranges of numbers in place of classes, and the rank of the
    expected error in place of the confidence. The interval always reaches over both ways of
    weighting, as a difference is often not detected. It is that of a mean of positive numbers: its
    logarithm has a t distribution with Kish's effective number of rows, and the errors of the rows
    to label scatter around their mean by chance. Rows that no labeled row stands for are taken to
    be right at the low end, and to have the largest error that was seen at the high end. Its
    coverage: docs/decisions/auto-label-tasks.md.
    """
    if not len(given) or not len(unlabeled.numbers):
        unknown = [
            ThresholdError(threshold, int((unlabeled.expected <= threshold).sum()), 0, *[None] * 3)
            for threshold in thresholds
        ]
        return AutoNumberEstimate(tuple(unknown), is_reweighted=False)
    edges = np.quantile(given, RANGES)
    ordered = np.sort(labeled.expected)
    ranked = [
        Predictions(_ranges(rows.numbers, edges), _surer_than(rows.expected, ordered))
        for rows in (labeled, unlabeled)
    ]
    codes = _ranges(given, edges)
    weights = weights_by_class(ranked[0], codes, ranked[1])
    is_different = differ(ranked[0], ranked[1])
    found = []
    for threshold in thresholds:
        is_evidence = labeled.expected <= threshold
        is_target = unlabeled.expected <= threshold
        evidence = _Evidence(
            _of_rows(ranked[0], is_evidence),
            codes[is_evidence],
            np.abs(labeled.numbers - given)[is_evidence],
            _of_rows(ranked[1], is_target),
        )
        found.append(_at_threshold(threshold, evidence, weights, is_weighted=is_different))
    return AutoNumberEstimate(tuple(found), is_different)


def _ranges(
    numbers: npt.NDArray[np.float64], edges: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    return np.searchsorted(edges, numbers, side="right")


def _surer_than(
    expected: npt.NDArray[np.float64], ordered: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the share of labeled rows of which at least as large an error is expected."""
    n_smaller = np.searchsorted(ordered, expected, side="left")
    return np.asarray(1 - n_smaller / len(ordered))


def _of_rows(predictions: Predictions, rows: npt.NDArray[np.bool_]) -> Predictions:
    return Predictions(predictions.codes[rows], predictions.confidence[rows])


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Labeled rows up to a threshold, with the range of their number and their absolute error, and
    the rows to label.
    """

    labeled: Predictions
    given: npt.NDArray[np.int64]
    errors: npt.NDArray[np.float64]
    target: Predictions


def _at_threshold(
    threshold: float, evidence: _Evidence, weights: ClassWeights, *, is_weighted: bool
) -> ThresholdError:
    n_rows = len(evidence.target.codes)
    errors = evidence.errors
    unknown = ThresholdError(threshold, n_rows, len(errors), None, None, None)
    if len(errors) < MIN_ERRORS or not n_rows or not errors.any():
        return unknown
    each = np.ones(len(errors))
    by_cell, covered = cell_weights(evidence.labeled, evidence.target)
    n_classes = len(weights.weights)
    counts, sums, squares = (
        np.bincount(evidence.given, values, n_classes).astype(np.float64)
        for values in (each, errors, errors**2)
    )
    total = float(weights.weights @ counts)
    if not by_cell.any() or not total:
        return unknown
    low, high = _interval(each, errors, errors**2, by_cell[None], n_rows)
    low *= covered
    high = high * covered + float(errors.max()) * (1 - covered)
    low_by_range, high_by_range = _interval(counts, sums, squares, weights.drawn, n_rows)
    error = float(errors.mean())
    if is_weighted:
        error = float(weights.weights @ sums) / total
    return replace(
        unknown,
        error=error,
        low=min(low, low_by_range),
        high=max(high, high_by_range),
    )


def _interval(
    counts: npt.NDArray[np.float64],
    sums: npt.NDArray[np.float64],
    squares: npt.NDArray[np.float64],
    weights: npt.NDArray[np.float64],
    n_rows: int,
) -> tuple[float, float]:
    """Return the ends of the interval of the mean error of `n_rows` rows.

    Parameters
    ----------
    counts, sums, squares
        Number of labeled rows in each of g groups, and the sums of their errors and of the squares,
        shape (g,).
    weights
        Of a row of each group, as they are uncertain, shape (n_draws, g).
    """
    tiny = np.finfo(np.float64).tiny
    totals = np.maximum(weights @ counts, tiny)
    means = np.maximum(weights @ sums / totals, tiny)
    variances = np.maximum(weights @ squares / totals - means**2, 0.0)
    n_effective = np.maximum(totals**2 / np.maximum(weights**2 @ counts, tiny), 2.0)
    spreads = np.sqrt(variances * (1 / (n_effective - 1) + 1 / n_rows)) / means
    n_each = N_DRAWS // len(weights)
    rng = np.random.default_rng(0)
    drawn = rng.standard_t(np.repeat(n_effective - 1, n_each)) * np.repeat(spreads, n_each)
    low, high = np.quantile(np.repeat(means, n_each) * np.exp(drawn), [TAIL, 1 - TAIL])
    return float(low), float(high)
