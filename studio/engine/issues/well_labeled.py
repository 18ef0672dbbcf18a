"""Rows whose given label is almost certainly right."""

from __future__ import annotations

import numpy as np

from studio.engine.issues.ambiguous import THRESHOLD, find_ambiguous
from studio.engine.issues.base import Columns, Evidence
from studio.engine.issues.label_issue import class_thresholds

_MIN_PROBABILITY = 0.5
_SURE = 0.95  # enough, even if the class's rows are surer still


def find_well_labeled(evidence: Evidence) -> Columns:
    """Find rows whose given label the models confirm.

    Notes
    -----
    `is_well_labeled` where the given label is the likeliest, is more likely than all others together, is as likely
    as in its class's rows on average or has a probability of at least 0.95, and the row is not ambiguous.

    References
    ----------
    The class threshold is that of confident learning (Northcutt et al., 2021).
    """
    labels, pred_probs = evidence.study.labels, evidence.pred_probs
    is_seen = evidence.study.is_class_seen
    thresholds = np.clip(class_thresholds(labels.codes, pred_probs, is_seen), _MIN_PROBABILITY, _SURE)
    likeliest = np.argmax(pred_probs, axis=1)
    is_confirmed = (likeliest == labels.codes) & (pred_probs.max(axis=1) >= thresholds[likeliest])
    ambiguous_scores = np.asarray(find_ambiguous(evidence)["ambiguous_score"])
    return {"is_well_labeled": is_seen & is_confirmed & (ambiguous_scores < THRESHOLD)}
