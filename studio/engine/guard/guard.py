"""The guard of a trained model, and what it says of new rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.engine.conventions.label_sets import join_labels, split_labels
from studio.engine.guard.distributions import (
    Distribution,
)
from studio.engine.guard.near_rows import NearRows
from studio.engine.guard.outcomes import Outcomes, set_confidence
from studio.engine.guard.space import GuardSpace, Vectors
from studio.engine.guard.strangeness import Strangeness
from studio.engine.ml_task import MLTask

DEFAULT_COVERAGE = 0.9
OUT_OF_DISTRIBUTION = 0.5  # the score beyond which a row is


@dataclass(frozen=True, slots=True)
class Guard:
    """What a trained model knows of its training data.

    Attributes
    ----------
    space
        The features in which rows are compared.
    near_rows
        Training rows.
    strangeness
        How unlike these a row is.
    outcomes
        How good out-of-sample predictions were.
    columns
        Distributions of the feature columns.
    predictions
        Distribution of the out-of-sample predictions.
    """

    space: GuardSpace
    near_rows: NearRows
    strangeness: Strangeness
    outcomes: Outcomes
    columns: Mapping[str, Distribution]
    predictions: Distribution


@dataclass(frozen=True, slots=True)
class GuardInput:
    """Predictions of n rows that a guard learns from or speaks about.

    Attributes
    ----------
    classes
        Names of the columns of `values`; none for numbers.
    values
        Probabilities, shape (n, K), or numbers, shape (n, 1).
    suggested
        The labels that are suggested, as written in a cell.
    bars
        The error bars of numbers, else None.
    """

    classes: Sequence[str]
    values: npt.NDArray[np.floating]
    suggested: Sequence[str]
    bars: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class GuardedRows:
    """What a guard says of n rows.

    Attributes
    ----------
    score
        Out-of-distribution score from 0 to 1, shape (n,); the worst is 1.
    confidence
        How likely the suggested label is right, shape (n,); None for numbers.
    abstains
        Whether the row should be left to a person, shape (n,).
    nearest_row_ids, nearest_labels
        The training row most like each.
    prediction_sets
        The classes among which the right one is, written as in a cell; None for numbers.
    n_in_sets
        How many classes each of these has, shape (n,).
    interval
        Ends of the interval in which the right number is, shape (n, 2); None for classes.
    """

    score: npt.NDArray[np.float64]
    confidence: npt.NDArray[np.float64] | None
    abstains: npt.NDArray[np.bool_]
    nearest_row_ids: npt.NDArray[np.int64]
    nearest_labels: list[str]
    prediction_sets: list[str] | None = None
    n_in_sets: npt.NDArray[np.int64] | None = None
    interval: npt.NDArray[np.float64] | None = None

    @property
    def is_out_of_distribution(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.score > OUT_OF_DISTRIBUTION)


def prediction_distribution(task: MLTask, predictions: GuardInput) -> Distribution:
    """Return how suggested numbers, classes or sets of classes are distributed."""
    if task is MLTask.REGRESSION:
        return Distribution.of_numbers(predictions.values[:, 0].astype(np.float64))
    return Distribution.of_levels(Counter(predictions.suggested), 0)


def guarded_rows(
    guard: Guard, vectors: Vectors, predictions: GuardInput, *, coverage: float
) -> GuardedRows:
    """Return what a guard says of new rows.

    Parameters
    ----------
    vectors
        In the guard's space, shape (n, d).
    predictions
        Of these rows.
    coverage
        The fraction of rows whose right label is in the set or interval, and the fraction of right
        ones among the predictions that do not abstain.
    """
    distances, places = guard.near_rows.search(vectors)
    score = guard.strangeness.scores(vectors, distances)
    nearest = places[:, 0]
    outcomes = guard.outcomes
    misfit = outcomes.largest_misfit(coverage)
    confidence = None
    prediction_sets = None
    n_in_sets = None
    interval = None
    values = predictions.values.astype(np.float64)
    if predictions.bars is not None:
        half = misfit * predictions.bars.astype(np.float64)
        interval = np.column_stack([values[:, 0] - half, values[:, 0] + half])
        is_unsure = predictions.bars > outcomes.widest_bar
    else:
        is_suggested = set_members(predictions.suggested, predictions.classes)
        is_within = is_suggested | (values >= 1 - misfit)
        prediction_sets = _written_sets(values, is_within, predictions.classes)
        n_in_sets = is_within.sum(axis=1)
        if outcomes.task is MLTask.MULTI_LABEL:
            confidence = outcomes.calibrated(set_confidence(values, is_suggested))
        else:
            confidence = np.where(is_suggested, values, 0).max(axis=1)
        is_unsure = confidence < outcomes.least_confidence(coverage)
    return GuardedRows(
        score=score,
        confidence=confidence,
        abstains=is_unsure | (score > OUT_OF_DISTRIBUTION),
        nearest_row_ids=guard.near_rows.row_ids[nearest],
        nearest_labels=[guard.near_rows.labels[place] for place in nearest.tolist()],
        prediction_sets=prediction_sets,
        n_in_sets=n_in_sets,
        interval=interval,
    )


def set_members(labels: Sequence[str], classes: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return whether each class is in each label, shape (n, K)."""
    code_of = {name: code for code, name in enumerate(classes)}
    place_of = {label: place for place, label in enumerate(dict.fromkeys(labels))}
    of_distinct = np.zeros((len(place_of), len(classes)), dtype=bool)
    for label, place in place_of.items():
        names = (label,) if label in code_of else split_labels(label)
        of_distinct[place, [code_of[name] for name in names]] = True
    return of_distinct[[place_of[label] for label in labels]]


def _written_sets(
    pred_probs: npt.NDArray[np.float64],
    is_within: npt.NDArray[np.bool_],
    classes: Sequence[str],
) -> list[str]:
    """Return sets of classes as written in a cell, the likeliest class first."""
    by_probability = np.argsort(-pred_probs, axis=1, kind="stable")
    is_within = np.take_along_axis(is_within, by_probability, axis=1)
    written: dict[tuple[int, ...], str] = {}
    sets = []
    for codes, within in zip(by_probability, is_within, strict=True):
        members = tuple(codes[within].tolist())
        if members not in written:
            written[members] = join_labels(classes[code] for code in members)
        sets.append(written[members])
    return sets
