"""Rows of a multi-label task whose given set of classes is probably wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from cleanlab.filter import find_label_issues

from studio.engine.issues.base import Columns, Evidence
from studio.engine.metrics import Probabilities
from studio.engine.tasks.multi_label import given_set_probabilities, written_sets


def find_label_issue_sets(evidence: Evidence) -> Columns:
    """Find rows whose given set of classes is probably wrong, and suggest another set.

    Notes
    -----
    Each class is a question of its own: does it apply? `label_issue_score` is 1 − the out-of-sample probability of
    the answer that is least likely. A class is judged wrong in a row as a label of a multi-class task is: confident
    learning counts how many of its answers are wrong, and the least likely ones are; never one that is more likely
    than not. `is_label_issue` are the rows with a wrong answer.

    `suggested_label` is the given set with the wrong answers turned round, a full set, empty where no class applies;
    missing where there is no issue. `suggested_label_confidence_score` is the probability of the least sure answer
    of the suggested set, or of the given one where there is no issue.

    References
    ----------
    Thyagarajan et al., Identifying Incorrect Annotations in Multi-Label Classification Data (2022); Northcutt,
    Jiang and Chuang, Confident Learning (JAIR 2021).
    """
    members = np.asarray(evidence.study.labels.targets, dtype=bool)
    given = given_set_probabilities(evidence.pred_probs, members)
    wrong = wrong_answers(members, evidence.pred_probs)
    suggested = members ^ wrong
    flags: npt.NDArray[np.bool_] = np.asarray(wrong.any(axis=1))
    confidence = given_set_probabilities(evidence.pred_probs, suggested).min(axis=1)
    written = np.full(len(flags), None)
    written[flags] = written_sets(suggested[flags], evidence.study.labels.classes)
    return {
        "is_label_issue": flags,
        "label_issue_score": np.clip(1 - given.min(axis=1), 0, 1).astype(np.float32),
        "suggested_label": written,
        "suggested_label_confidence_score": np.clip(confidence, 0, 1).astype(np.float32),
    }


def wrong_answers(members: npt.NDArray[np.bool_], pred_probs: Probabilities) -> npt.NDArray[np.bool_]:
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
    return wrong & (given_set_probabilities(pred_probs, members) < 0.5)
