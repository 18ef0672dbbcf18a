"""How accurate the predicted sets of classes of unlabeled rows are, from confidences on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.engine.evaluation.auto_labels import (
    AutoLabelEstimate,
    Predictions,
    accuracy_by_threshold,
)
from studio.engine.labels.likely_sets import likely_sets, set_confidence

N_NAMED = 12  # sets with a code of their own, the most frequent ones
MIN_OF_SET = 10  # labeled rows of a set that has one
MAX_SIZE = 3  # of a set; larger ones have its code
APPLIES_FROM = np.linspace(0.05, 0.6, 23)  # among which an analysis chooses
MAX_ROWS_OF_RULE = 5_000  # from which the rule of the suggested sets is read

Members = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SetRule:
    """How sets follow from the probabilities of classes."""

    applies_from: float
    has_empty_sets: bool

    def sets(self, predicted: npt.NDArray[np.float32]) -> Members:
        """Return whether each class is in the set of each row, shape (n, K)."""
        return likely_sets(predicted, self.applies_from, has_empty_sets=self.has_empty_sets)

    def predictions(self, predicted: npt.NDArray[np.float32]) -> SetPredictions:
        """Return the sets with their confidence."""
        sets = self.sets(predicted)
        return SetPredictions(sets, set_confidence(predicted, sets))


@dataclass(frozen=True, slots=True)
class SetPredictions:
    """Predicted sets of n rows by models that did not see their labels.

    Attributes
    ----------
    sets
        Whether each class is in the set, shape (n, K).
    confidence
        The probability that the whole set is right, if classes are independent, shape (n,).
    """

    sets: Members
    confidence: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SetEstimate:
    """The share of right sets by threshold, and the share of right classes in them: of those that
    labeled rows with at least this confidence would get. None without evidence.
    """

    estimate: AutoLabelEstimate
    classes_right: tuple[float | None, ...]


def rule_behind(predicted: npt.NDArray[np.float32], suggested: Members) -> SetRule:
    """Return the rule that sets which an analysis suggested for n rows follow best, so that it can
    be applied to other rows of the same analysis. Both have the shape (n, K).
    """
    step = -(-len(predicted) // MAX_ROWS_OF_RULE)
    predicted = predicted[:: max(1, step)]
    suggested = suggested[:: max(1, step)]
    rules = [
        SetRule(float(applies_from), has_empty_sets)
        for applies_from in APPLIES_FROM
        for has_empty_sets in (False, True)
    ]
    return max(rules, key=lambda rule: int((rule.sets(predicted) == suggested).sum()))


def sets_by_threshold(
    labeled: SetPredictions,
    given: Members,
    unlabeled: SetPredictions,
    thresholds: Sequence[float],
) -> SetEstimate:
    """Estimate how many whole sets are right if all unlabeled rows from a confidence on get theirs.

    Parameters
    ----------
    labeled, unlabeled
        By the same rule.
    given
        Whether each class is given to a labeled row, shape (n, K).
    thresholds
        Confidences.

    Notes
    -----
    A set takes the place of a class in `accuracy_by_threshold`: frequent ones have a code of their
    own, the others that of their size. Its coverage: docs/decisions/auto-label-tasks.md.
    """
    sets = labeled.sets
    codes = _SetCodes(given)
    estimate = accuracy_by_threshold(
        Predictions(codes.of(sets), labeled.confidence),
        codes.of(given),
        Predictions(codes.of(unlabeled.sets), unlabeled.confidence),
        thresholds,
        (sets == given).all(axis=1),
        is_always_wide=True,
    )
    classes_right: list[float | None] = []
    for threshold in thresholds:
        kept = labeled.confidence >= threshold
        n_classes = int(sets[kept].sum())
        share = None
        if n_classes:
            share = int((sets[kept] & given[kept]).sum()) / n_classes
        classes_right.append(share)
    return SetEstimate(estimate, tuple(classes_right))


class _SetCodes:
    """A code for each set: its own if it is frequent, else that of its size."""

    def __init__(self, given: Members) -> None:
        packed = _packed(given)
        names, counts = np.unique(packed, return_counts=True)
        frequent = np.argsort(-counts, kind="stable")[:N_NAMED]
        self._names = np.sort(names[frequent[counts[frequent] >= MIN_OF_SET]])

    def of(self, sets: Members) -> npt.NDArray[np.int64]:
        packed = _packed(sets)
        codes = np.minimum(sets.sum(axis=1, dtype=np.int64), MAX_SIZE) + len(self._names)
        if len(self._names):
            places = np.minimum(np.searchsorted(self._names, packed), len(self._names) - 1)
            is_named = self._names[places] == packed
            codes[is_named] = places[is_named]
        return np.asarray(codes, dtype=np.int64)


def _packed(sets: Members) -> npt.NDArray[np.void]:
    """Return each set as one value that can be compared."""
    bits = np.ascontiguousarray(np.packbits(sets, axis=1))
    packed: npt.NDArray[np.void] = bits.view(f"V{bits.shape[1]}")[:, 0]
    return packed
