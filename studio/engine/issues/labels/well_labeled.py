"""Rows whose given label is almost certainly right."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.engine.issues.base import Columns, Evidence
from studio.engine.issues.labels.ambiguous import THRESHOLD, find_ambiguous
from studio.engine.issues.labels.label_issue import class_thresholds
from studio.engine.issues.labels.label_issue_numbers import scaled_distances
from studio.engine.ml_task import MLTask
from studio.engine.table.cell_values import is_blank
from studio.engine.tasks.multi_label import given_set_probabilities

_MIN_PROBABILITY = 0.5
_MIN_PROBABILITY_OF_ANSWER = 0.7
_SURE = 0.95  # enough, even if the mean of the class is higher


def find_well_labeled(evidence: Evidence) -> Columns:
    """Find rows whose given label the models confirm.

    Notes
    -----
    In a multi-class task, `is_well_labeled` requires that

    - the given label is the likeliest class, with a probability of at least 0.5;
    - that probability reaches the mean of the class's own rows, or 0.95;
    - the row is not ambiguous;
    - no near duplicate is given another class.

    In a multi-label task each answer, that a class applies or that it does not, must have a
    probability of at least 0.7. In a regression the distance of the given number from the
    prediction must not exceed the expected error of that row, and the expected error must be below
    the median distance of the given numbers from their median, as a model that is no better than
    the median confirms nothing. A row whose cells are all empty is never well labeled.

    References
    ----------
    The class threshold is that of confident learning (Northcutt et al., 2021).
    """
    is_confirmed = _CONFIRMED[evidence.study.spec.task](evidence)
    return {"is_well_labeled": is_confirmed & ~_is_empty(evidence)}


def _is_empty(evidence: Evidence) -> npt.NDArray[np.bool_]:
    """Return whether every cell of a row is empty, shape (n,)."""
    is_empty = np.ones(len(evidence.study.order), dtype=bool)
    for cells in evidence.study.table.values():
        is_empty &= is_blank(cells.distinct.tolist())[cells.codes]
    return is_empty


def _confirmed_classes(evidence: Evidence) -> npt.NDArray[np.bool_]:
    labels = evidence.study.labels
    pred_probs = evidence.judged_probs
    is_learnable = evidence.study.is_class_learnable
    is_counted = is_learnable & evidence.study.is_learned
    thresholds = np.clip(
        class_thresholds(labels.codes, pred_probs, is_counted), _MIN_PROBABILITY, _SURE
    )
    likeliest = np.argmax(pred_probs, axis=1)
    is_confirmed = (likeliest == labels.codes) & (pred_probs.max(axis=1) >= thresholds[likeliest])
    ambiguous_scores = np.asarray(find_ambiguous(evidence)["ambiguous_score"])
    return np.asarray(
        is_learnable & is_confirmed & (ambiguous_scores < THRESHOLD) & ~_is_contradicted(evidence)
    )


def _is_contradicted(evidence: Evidence) -> npt.NDArray[np.bool_]:
    """Return whether a near duplicate is given another class, shape (n,)."""
    groups = evidence.study.similar.groups()
    labels = evidence.study.labels
    lowest = np.full(int(groups.max()) + 1, len(labels.classes))
    highest = np.full(len(lowest), -1)
    np.minimum.at(lowest, groups[labels.is_labeled], labels.codes[labels.is_labeled])
    np.maximum.at(highest, groups[labels.is_labeled], labels.codes[labels.is_labeled])
    return np.asarray(lowest[groups] < highest[groups])


def _confirmed_sets(evidence: Evidence) -> npt.NDArray[np.bool_]:
    labels = evidence.study.labels
    answers = given_set_probabilities(evidence.pred_probs, np.asarray(labels.targets, dtype=bool))
    return np.asarray(labels.is_labeled & (answers.min(axis=1) >= _MIN_PROBABILITY_OF_ANSWER))


def _confirmed_numbers(evidence: Evidence) -> npt.NDArray[np.bool_]:
    labels = evidence.study.labels
    assert evidence.predictions is not None
    given = np.asarray(labels.targets, dtype=np.float64)
    (distance,) = scaled_distances(evidence, given)
    known = labels.scale.scaled(given[evidence.study.is_learned])
    median_deviation = float(np.median(np.abs(known - np.median(known))))
    is_sure = labels.scale.scaled_bars(*evidence.predictions.T) < median_deviation
    return labels.is_labeled & (distance <= 1.0) & is_sure


_CONFIRMED = {
    MLTask.MULTI_CLASS: _confirmed_classes,
    MLTask.MULTI_LABEL: _confirmed_sets,
    MLTask.REGRESSION: _confirmed_numbers,
}
