"""How many errors are left, and what reviewing more rows is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.engine.stopping.calibration import (
    N_DRAWS,
    Bins,
    Calibration,
    Counts,
    Floats,
    calibrated,
    calibrated_suggestions,
)
from studio.engine.stopping.interval import HIGH, LOW, Interval
from studio.engine.stopping.review import Review, Verdict

NEXT_ROWS = (50, 200, 1_000)
N_CURVE_POINTS = 24
MAX_GROUPS = 60  # of rows with about the same score


@dataclass(frozen=True, slots=True)
class NextRows:
    """What reviewing the next `n_rows` undecided flagged rows is worth, highest scores first.

    `accuracy` is the gain in held-out accuracy of the present models, measured against the labels
    as they then are; what models learn from cleaner labels comes on top.
    """

    n_rows: int
    errors: Interval
    accuracy: Interval


@dataclass(frozen=True, slots=True)
class ScorePrecision:
    """How likely labels of about this score are wrong."""

    score: float
    n_rows: int
    n_wrong: int
    n_right: int
    precision: Interval


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the decisions so far say, each figure with its 90% interval.

    Attributes
    ----------
    n_flagged, n_open, n_wrong, n_right
        Flagged rows: all of them, the undecided ones, and those that were found wrong and right.
    flagged_wrong
        How many of all flagged labels are wrong, decided ones included.
    left_flagged
        How many of the undecided ones are.
    left_unflagged
        How many undecided labels are wrong that are not flagged, by the reviewed random rows; None
        if there are none of those.
    assumed_unflagged
        What the models assume instead; None if they do not say.
    n_random, n_random_wrong
        The reviewed random rows.
    next_rows
        The value of the next rows.
    curve
        Errors found by the number of further rows that are reviewed.
    precision
        By score, highest first; never rising on the way down.
    """

    n_flagged: int
    n_open: int
    n_wrong: int
    n_right: int
    flagged_wrong: Interval
    left_flagged: Interval
    left_unflagged: Interval | None
    assumed_unflagged: Interval | None
    n_random: int
    n_random_wrong: int
    next_rows: tuple[NextRows, ...]
    curve: tuple[NextRows, ...]
    precision: tuple[ScorePrecision, ...]


def estimate(review: Review) -> Estimate:
    """Estimate what is left to find, by simulation from the posterior."""
    calibration, bins = calibrated(review)
    rng = np.random.default_rng(1)
    wrong = calibration.probabilities(bins.scores)
    errors = rng.binomial(bins.n_open, wrong)
    suggestions = calibrated_suggestions(bins, calibration.scale)
    agreed = rng.binomial(errors, suggestions.probabilities(bins.scores))
    found = np.cumsum(errors, axis=1)
    n_wrong = int(bins.n_wrong.sum())
    n_open = int(bins.n_open.sum())
    worth = _Worth(bins, found, np.cumsum(agreed, axis=1), max(review.n_labeled, 1))
    curve_rows = np.unique(np.linspace(0, n_open, N_CURVE_POINTS).round().astype(np.int64))
    return Estimate(
        n_flagged=len(review.scores),
        n_open=n_open,
        n_wrong=n_wrong,
        n_right=int(bins.n_right.sum()),
        flagged_wrong=Interval.of(n_wrong + found[:, -1] + _settled(review, calibration, rng)),
        left_flagged=Interval.of(found[:, -1].astype(np.float64)),
        left_unflagged=_left_unflagged(review, rng),
        assumed_unflagged=_assumed_unflagged(review),
        n_random=review.random_rows.n_reviewed,
        n_random_wrong=review.random_rows.n_wrong,
        next_rows=tuple(worth.of(min(n, n_open)) for n in _steps(n_open)),
        curve=tuple(worth.of(int(n)) for n in curve_rows),
        precision=_precision(bins, wrong),
    )


def errors_among(review: Review, scores: Floats) -> Interval:
    """Estimate how many of some undecided rows are wrong, by their scores."""
    if not len(scores):
        return Interval(0.0, 0.0, 0.0)
    calibration, _ = calibrated(review)
    means, counts = _grouped(scores)
    found = np.random.default_rng(1).binomial(counts, calibration.probabilities(means)).sum(axis=1)
    return Interval.of(found.astype(np.float64))


@dataclass(frozen=True, slots=True)
class _Worth:
    """Errors up to each group of rows, and how many of them become the suggested label, by draw."""

    bins: Bins
    found: Counts
    agreed: Counts
    n_labeled: int

    def of(self, n_rows: int) -> NextRows:
        """Return what the next rows are worth."""
        errors = self._among_first(self.found, n_rows).astype(np.float64)
        gain = self._among_first(self.agreed, n_rows) / self.n_labeled
        return NextRows(n_rows, Interval.of(errors), Interval.of(gain))

    def _among_first(self, counts: Counts, n_rows: int) -> Counts:
        ends = np.append(0, np.cumsum(self.bins.n_open))
        padded = np.concatenate([np.zeros((len(counts), 1), dtype=np.int64), counts], axis=1)
        last = int(np.searchsorted(ends, n_rows))
        if ends[last] == n_rows:
            return np.asarray(padded[:, last])
        # A part of a group has its share of the errors, and the chance of a draw without
        # replacement.
        size = int(ends[last] - ends[last - 1])
        n_drawn = int(n_rows - ends[last - 1])
        n_hits = padded[:, last] - padded[:, last - 1]
        drawn = np.random.default_rng(2).hypergeometric(n_hits, size - n_hits, n_drawn)
        return np.asarray(padded[:, last - 1] + drawn)


def _steps(n_open: int) -> Sequence[int]:
    """Return the numbers of rows to ask about: none that is larger than what is left."""
    steps = [n for n in NEXT_ROWS if n < n_open]
    if n_open and len(steps) < len(NEXT_ROWS):
        steps.append(n_open)
    return steps


def _settled(review: Review, calibration: Calibration, rng: np.random.Generator) -> Floats:
    """Draw how many rows were wrong that were decided without anybody looking."""
    settled = review.scores[review.verdicts == Verdict.SETTLED]
    if not len(settled):
        return np.zeros(N_DRAWS)
    means, counts = _grouped(settled)
    n_wrong = rng.binomial(counts, calibration.probabilities(means)).sum(axis=1)
    return np.asarray(n_wrong, dtype=np.float64)


def _grouped(scores: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return groups of rows with about the same score: its mean, and how many they are."""
    parts = np.array_split(np.sort(scores), min(len(scores), MAX_GROUPS))
    means = np.array([part.mean() for part in parts])
    return means, np.array([len(part) for part in parts], dtype=np.int64)


def _left_unflagged(review: Review, rng: np.random.Generator) -> Interval | None:
    """Estimate the missed errors from the random rows, with the prior of Jeffreys."""
    seen = review.random_rows
    if not seen.n_reviewed:
        return None
    rate = rng.beta(0.5 + seen.n_wrong, 0.5 + seen.n_right, N_DRAWS)
    return Interval.of(rng.binomial(review.n_unflagged_open, rate).astype(np.float64))


def _assumed_unflagged(review: Review) -> Interval | None:
    models = review.models
    if models.n_wrong is None or models.low is None or models.high is None:
        return None
    ends = [max(0.0, n - models.n_flagged_wrong) for n in (models.n_wrong, models.low, models.high)]
    return Interval(*ends)


def _precision(bins: Bins, wrong: Floats) -> tuple[ScorePrecision, ...]:
    # Where rows were not reviewed, drift may lift a group above those of higher scores.
    mean = np.minimum.accumulate(wrong.mean(axis=0))
    low, high = np.minimum.accumulate(np.quantile(wrong, (LOW, HIGH), axis=0), axis=1)
    return tuple(
        ScorePrecision(
            score=float(bins.scores[i]),
            n_rows=int(bins.n_rows[i]),
            n_wrong=int(bins.n_wrong[i]),
            n_right=int(bins.n_right[i]),
            precision=Interval(float(mean[i]), float(low[i]), float(high[i])),
        )
        for i in range(len(bins.scores))
    )
