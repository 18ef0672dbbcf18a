"""Metrics of how scores rank positive rows before negative ones, and what each row adds to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.engine.evaluation.uncertainty.resampling import Floats

MAX_EXACT_ROWS = 100_000  # more are ranked by levels
_SHIFT = 12  # of a number of single precision, whose last 12 bits are not looked at
_HALF = 0x3F000000  # the bits of 1/2
_N_LOW = (_HALF >> _SHIFT) + 1  # levels below 1/2
N_LEVELS = _N_LOW + (24 << (23 - _SHIFT)) + 2  # 1 - p has at most 24 powers of 2


@dataclass(frozen=True, slots=True)
class Ranked:
    """Positive and negative rows at each different score, from the highest down.

    Attributes
    ----------
    scores
        The different scores, shape (g,), descending.
    positives, negatives
        Rows with a score at least as high, shape (g,).
    group
        The index of each row's score, shape (n,).
    """

    scores: Floats
    positives: Floats
    negatives: Floats
    group: npt.NDArray[np.int64]
    is_positive: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls, probabilities: npt.NDArray[np.floating], is_positive: npt.NDArray[np.bool_]
    ) -> Ranked:
        """Rank the rows; more than 100,000 of them by levels, which takes no sorting.

        A level is as wide as 1/2,048 of the probability, or of what it lacks to 1, so that AUC and
        average precision stay the same to three decimals.
        """
        if len(probabilities) > MAX_EXACT_ROWS:
            return cls._of_levels(probabilities, is_positive)
        scores, group = np.unique(-probabilities.astype(np.float64), return_inverse=True)
        of_group = np.bincount(group, minlength=len(scores))
        positives = np.bincount(group[is_positive], minlength=len(scores))
        return cls(
            scores=-scores,
            positives=np.cumsum(positives, dtype=np.float64),
            negatives=np.cumsum(of_group - positives, dtype=np.float64),
            group=group,
            is_positive=is_positive,
        )

    @classmethod
    def _of_levels(
        cls, probabilities: npt.NDArray[np.floating], is_positive: npt.NDArray[np.bool_]
    ) -> Ranked:
        level = _levels(probabilities)
        of_level = np.bincount(level, minlength=N_LEVELS)
        used = np.flatnonzero(of_level)[::-1]  # the highest first
        place = np.zeros(N_LEVELS, dtype=np.int64)
        place[used] = np.arange(len(used))
        scores = np.zeros(N_LEVELS)
        scores[level] = probabilities
        positives = np.bincount(level[is_positive], minlength=N_LEVELS)
        return cls(
            scores=scores[used],
            positives=np.cumsum(positives[used], dtype=np.float64),
            negatives=np.cumsum((of_level - positives)[used], dtype=np.float64),
            group=place[level],
            is_positive=is_positive,
        )

    @property
    def n_positive(self) -> float:
        return float(self.positives[-1])

    @property
    def n_negative(self) -> float:
        return float(self.negatives[-1])

    @property
    def has_both(self) -> bool:
        """Whether there is anything to tell apart."""
        return len(self.scores) > 0 and self.n_positive > 0 and self.n_negative > 0

    @property
    def precisions(self) -> Floats:
        """Precision if every row down to this score is predicted."""
        return self.positives / (self.positives + self.negatives)


@dataclass(frozen=True, slots=True)
class RankMetric:
    """A metric and each row's influence: what the metric gains per unit of the row's weight.

    Influences add up to 0; the variance of their sum is that of the metric.
    """

    value: float
    influence: Floats


def roc_auc(ranked: Ranked) -> RankMetric:
    """Return the area under the ROC curve; ties count half.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson, Comparing the Areas under Two or More Correlated Receiver
    Operating Characteristic Curves (1988), for the placement values that are its influences.
    """
    n_positive = ranked.n_positive
    n_negative = ranked.n_negative
    positives_here = np.diff(ranked.positives, prepend=0.0)
    negatives_here = np.diff(ranked.negatives, prepend=0.0)
    negatives_below = (n_negative - ranked.negatives + negatives_here / 2) / n_negative
    positives_above = (ranked.positives - positives_here / 2) / n_positive
    value = float(positives_here @ negatives_below) / n_positive
    if_positive = (negatives_below - value) / n_positive
    if_negative = (positives_above - value) / n_negative
    influence = np.where(ranked.is_positive, if_positive[ranked.group], if_negative[ranked.group])
    return RankMetric(value, influence)


def average_precision(ranked: Ranked) -> RankMetric:
    """Return the mean precision over positive rows, as scikit-learn defines it.

    Notes
    -----
    A row changes the precision at its own score and at every lower one; the influence adds up the
    derivatives.
    """
    n_positive = ranked.n_positive
    positives_here = np.diff(ranked.positives, prepend=0.0)
    precisions = ranked.precisions
    value = float(positives_here @ precisions) / n_positive
    predicted = ranked.positives + ranked.negatives
    gain = positives_here * (1 - precisions) / predicted
    loss = positives_here * precisions / predicted
    gain_below = np.cumsum(gain[::-1])[::-1]
    loss_below = np.cumsum(loss[::-1])[::-1]
    if_positive = (precisions - value + gain_below) / n_positive
    if_negative = -loss_below / n_positive
    influence = np.where(ranked.is_positive, if_positive[ranked.group], if_negative[ranked.group])
    return RankMetric(value, influence)


def _levels(probabilities: npt.NDArray[np.floating]) -> npt.NDArray[np.int64]:
    """Return the level of each probability, in ascending order, shape (n,)."""
    values = np.clip(probabilities.astype(np.float32), 0, 1)
    is_high = values >= 0.5
    distance = np.where(is_high, 1 - values, values)
    bits = distance.view(np.int32)
    above = np.minimum((_HALF - bits) >> _SHIFT, N_LEVELS - 1 - _N_LOW)
    return np.where(is_high, _N_LOW + above, bits >> _SHIFT).astype(np.int64)
