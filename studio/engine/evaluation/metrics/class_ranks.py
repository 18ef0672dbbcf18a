"""How well the probability of each class tells its rows from the others, at every threshold."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.engine.evaluation.metrics.ranking import Ranked, average_precision, roc_auc
from studio.engine.evaluation.uncertainty.intervals import UNDEFINED, Estimate, Scale, from_error
from studio.engine.evaluation.uncertainty.resampling import Floats

_POINTS = 60  # of a curve: by rows found, by rows found wrongly, and by probability
_DIGITS = 6  # of thresholds: float32 has seven, and one is lost by rounding down


@dataclass(frozen=True, slots=True)
class ThresholdTable:
    """What is predicted right and wrong from each threshold on, the highest first.

    Attributes
    ----------
    thresholds
        A class is predicted where its probability is at least so high.
    true_positives, false_positives
        Rows that are predicted with the class, with and without it as their label.
    n_positive, n_negative
        Rows with and without the class.
    """

    thresholds: list[float]
    true_positives: list[int]
    false_positives: list[int]
    n_positive: int
    n_negative: int

    @classmethod
    def of(cls, ranked: Ranked) -> ThresholdTable:
        """Keep enough thresholds to draw a curve and to choose from."""
        steps = np.linspace(0, 1, _POINTS)
        # Even steps of recall, of the false positive rate and of the threshold: each has stretches
        # in which another one hardly moves.
        found = np.searchsorted(ranked.positives, steps * ranked.n_positive)
        wrong = np.searchsorted(ranked.negatives, steps * ranked.n_negative)
        likely = np.searchsorted(-ranked.scores, -steps)
        last = len(ranked.scores) - 1
        places = np.unique(np.minimum(np.concatenate([found, wrong, likely]), last))
        return cls(
            thresholds=[_rounded_down(score) for score in ranked.scores[places].tolist()],
            true_positives=ranked.positives[places].astype(int).tolist(),
            false_positives=ranked.negatives[places].astype(int).tolist(),
            n_positive=int(ranked.n_positive),
            n_negative=int(ranked.n_negative),
        )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ThresholdTable:
        """Take back what `to_dict` gave."""
        return cls(**values)

    def to_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {
            "thresholds": self.thresholds,
            "true_positives": self.true_positives,
            "false_positives": self.false_positives,
            "n_positive": self.n_positive,
            "n_negative": self.n_negative,
        }


@dataclass(frozen=True, slots=True)
class ClassRank:
    """One class's ranking; undefined where all rows have it or none has."""

    roc_auc: Estimate = UNDEFINED
    average_precision: float | None = None
    table: ThresholdTable | None = None


@dataclass(slots=True)
class Ranking:
    """The ranking of every class, and what each row adds to the means over classes."""

    n_rows: int
    classes: list[ClassRank] = field(default_factory=list)
    n_defined: int = 0
    auc_column: Floats = field(init=False)
    precision_column: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.auc_column = np.zeros(self.n_rows)
        self.precision_column = np.zeros(self.n_rows)

    def columns(self) -> dict[str, Floats]:
        """Return the columns whose means are the metrics; none where there is nothing to rank."""
        if not self.n_defined:
            return {}
        return {
            "roc_auc": self.auc_column / self.n_defined,
            "average_precision": self.precision_column / self.n_defined,
        }


def rank_classes(
    probabilities: npt.NDArray[np.floating], has_class: Callable[[int], npt.NDArray[np.bool_]]
) -> Ranking:
    """Rank the rows by the probability of each class; `has_class` tells whose label it is."""
    n_rows, n_classes = probabilities.shape
    ranking = Ranking(n_rows)
    for code in range(n_classes):
        ranked = Ranked.of(probabilities[:, code], has_class(code))
        if not ranked.has_both:
            ranking.classes.append(ClassRank())
            continue
        auc = roc_auc(ranked)
        precision = average_precision(ranked)
        error = math.sqrt(float(auc.influence @ auc.influence))
        # An area of exactly 1 is as uncertain as its rarer side has few rows.
        smaller = int(min(ranked.n_positive, ranked.n_negative))
        area = from_error(auc.value, error, Scale.FRACTION, smaller)
        table = ThresholdTable.of(ranked)
        ranking.classes.append(ClassRank(area, precision.value, table))
        ranking.n_defined += 1
        ranking.auc_column += auc.value + auc.influence * n_rows
        ranking.precision_column += precision.value + precision.influence * n_rows
    return ranking


def _rounded_down(score: float) -> float:
    """Return a score of few digits that is no higher, so that the row with the score is reached."""
    return float(math.floor(score * 10**_DIGITS) / 10**_DIGITS)
