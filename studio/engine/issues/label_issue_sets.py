"""Rows of a multi-label task whose given set of classes is probably wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from cleanlab.filter import find_label_issues

from studio.engine.issues.base import Columns, Evidence
from studio.engine.metrics import Probabilities
from studio.engine.tasks.multi_label import MultiLabel, given_set_probabilities, with_likeliest, written_sets

_SHARE_OF_USUAL = 0.5


def find_label_issue_sets(evidence: Evidence) -> Columns:
    """Find rows whose given set of classes is probably wrong, and suggest another set.

    Notes
    -----
    Each class is a question of its own: does it apply? `label_issue_score` is 1 − the out-of-sample probability of
    the answer that is least likely. A class is judged wrong in a row as a label of a multi-class task is: confident
    learning counts how many of its answers are wrong, and the least likely ones are; never one that is more likely
    than not, nor a given class that is at least half as likely here as it is frequent. `is_label_issue` are the rows
    with a wrong answer.

    `suggested_label` is the given set with the wrong answers turned round, a full set; empty where no class applies,
    unless hardly any row is given an empty set: then it has the likeliest class, and the row is no issue if that is
    what was given. Missing where there is no issue. `suggested_label_confidence_score` is the probability of the
    least sure answer of the suggested set, or of the given one where there is no issue.

    References
    ----------
    Thyagarajan et al., Identifying Incorrect Annotations in Multi-Label Classification Data (2022); Northcutt,
    Jiang and Chuang, Confident Learning (JAIR 2021).
    """
    members = np.asarray(evidence.study.labels.targets, dtype=bool)
    given = given_set_probabilities(evidence.pred_probs, members)
    labels = MultiLabel().label_format(evidence.pred_probs, evidence.study.labels)
    suggested = members ^ wrong_answers(members, evidence.pred_probs, applies_from=labels.applies_from)
    if not labels.has_empty_sets:
        with_likeliest(suggested, evidence.pred_probs)
    flags: npt.NDArray[np.bool_] = np.asarray((suggested != members).any(axis=1))
    confidence = given_set_probabilities(evidence.pred_probs, suggested).min(axis=1)
    written = np.full(len(flags), None)
    written[flags] = written_sets(suggested[flags], evidence.study.labels.classes)
    return {
        "is_label_issue": flags,
        "label_issue_score": np.clip(1 - given.min(axis=1), 0, 1).astype(np.float32),
        "suggested_label": written,
        "suggested_label_confidence_score": np.clip(confidence, 0, 1).astype(np.float32),
    }


def wrong_answers(
    members: npt.NDArray[np.bool_], pred_probs: Probabilities, *, applies_from: float
) -> npt.NDArray[np.bool_]:
    """Return where a class is probably given wrongly or missing wrongly, shape (n, K)."""
    wrong = np.zeros(members.shape, dtype=bool)
    for column in range(members.shape[1]):
        applies = members[:, column]
        if applies.all() or not applies.any():
            continue
        # cleanlab wants probabilities above 0 that sum to 1.
        yes = np.clip(pred_probs[:, column].astype(np.float64), 1e-9, 1 - 1e-9)
        both = np.column_stack([1 - yes, yes])
        wrong[:, column] = find_label_issues(applies.astype(int), both, filter_by="low_self_confidence", n_jobs=1)
    # A class that cannot be learned has its frequency as probability everywhere; only less speaks against it.
    too_little = _SHARE_OF_USUAL * np.minimum(members.mean(axis=0), applies_from)
    return wrong & np.where(members, pred_probs < too_little, pred_probs > 0.5)
