"""Rows whose given label is almost certainly right."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.engine.issues.ambiguous import THRESHOLD, find_ambiguous
from studio.engine.issues.base import Columns, Evidence
from studio.engine.issues.label_issue import class_thresholds
from studio.engine.issues.label_issue_numbers import scaled_distance
from studio.engine.ml_task import MLTask
from studio.engine.tasks.multi_label import given_set_probabilities

_MIN_PROBABILITY = 0.5
_MIN_PROBABILITY_OF_ANSWER = 0.7
_SURE = 0.95  # enough, even if the class's rows are surer still


def find_well_labeled(evidence: Evidence) -> Columns:
    """Find rows whose given label the models confirm.

    Notes
    -----
    `is_well_labeled` where the given label is the likeliest, is more likely than all others together, is as likely
    as in its class's rows on average or has a probability of at least 0.95, and the row is not ambiguous. In a
    multi-label task where each answer, that a class applies or that it does not, has a probability of at least 0.7.
    In a regression where the given number is no further from the prediction than is to be expected of that row.

    References
    ----------
    The class threshold is that of confident learning (Northcutt et al., 2021).
    """
    return {"is_well_labeled": _CONFIRMED[evidence.study.spec.task](evidence)}


def _confirmed_classes(evidence: Evidence) -> npt.NDArray[np.bool_]:
    labels, pred_probs = evidence.study.labels, evidence.judged_probs
    is_seen = evidence.study.is_class_seen
    thresholds = np.clip(class_thresholds(labels.codes, pred_probs, is_seen), _MIN_PROBABILITY, _SURE)
    likeliest = np.argmax(pred_probs, axis=1)
    is_confirmed = (likeliest == labels.codes) & (pred_probs.max(axis=1) >= thresholds[likeliest])
    ambiguous_scores = np.asarray(find_ambiguous(evidence)["ambiguous_score"])
    return np.asarray(is_seen & is_confirmed & (ambiguous_scores < THRESHOLD))


def _confirmed_sets(evidence: Evidence) -> npt.NDArray[np.bool_]:
    members = np.asarray(evidence.study.labels.targets, dtype=bool)
    return np.asarray(given_set_probabilities(evidence.pred_probs, members).min(axis=1) >= _MIN_PROBABILITY_OF_ANSWER)


def _confirmed_numbers(evidence: Evidence) -> npt.NDArray[np.bool_]:
    return evidence.study.labels.is_labeled & (scaled_distance(evidence) <= 1.0)


_CONFIRMED = {
    MLTask.MULTI_CLASS: _confirmed_classes,
    MLTask.MULTI_LABEL: _confirmed_sets,
    MLTask.REGRESSION: _confirmed_numbers,
}
