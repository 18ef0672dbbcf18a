"""Rows of a multi-label task whose given set of classes is probably wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from cleanlab.count import num_label_issues

from studio.engine.fitting.metrics import PROBABILITY_FLOOR, Probabilities
from studio.engine.issues.base import Columns, Evidence
from studio.engine.tasks.multi_label import (
    MultiLabel,
    given_set_probabilities,
    likely_sets,
    with_likeliest,
    written_sets,
)

_SHARE_OF_USUAL = 0.5
_MORE_LIKELY_THAN_NOT = 0.5


def find_label_issue_sets(evidence: Evidence) -> Columns:
    """Find rows whose given set of classes is probably wrong, and suggest another set.

    Notes
    -----
    Each class is a question of its own: does it apply? `label_issue_score` is that of the worst
    answer: of a class that is not given its out-of-sample probability p; of a given one u / (u +
    p), where u is how frequent the class is, though no more than the probability from which classes
    are suggested. So a rare class is not held against a row in which it is as likely as anywhere
    (docs/decisions/label-score.md).

    A class is judged wrong in a row as a label of a multi-class task is: confident learning counts
    how many of its answers are wrong, and the least likely ones are; never one that is more likely
    than not, nor a given class that is at least half as likely here as u. `is_label_issue` are the
    rows with a wrong answer.

    `suggested_label` is the given set with the wrong answers turned round, a full set; where a
    class is added, given ones that the models would not suggest make room for it. It is empty where
    no class applies, unless hardly any row is given an empty set: then it has the likeliest class,
    and the row is no issue if that is what was given. It is offered only where some answer is more
    likely wrong than not, in view of the models and of how noisy answers are at the low end of the
    interval: what the data do not bear out is left to a person. For an unlabeled row, whose score
    is 0, the classes that are likely enough are suggested.

    `suggested_label_confidence_score` is the probability that the suggested set is right as a
    whole, or the given one where none is suggested, if answers are wrong independently.

    References
    ----------
    Thyagarajan et al., Identifying Incorrect Annotations in Multi-Label Classification Data (2022);
    Northcutt, Jiang and Chuang, Confident Learning (JAIR 2021).
    """
    members = np.asarray(evidence.study.labels.targets, dtype=bool)
    is_labeled = evidence.study.labels.is_labeled
    labels = MultiLabel().label_format(evidence.pred_probs, evidence.study.labels)
    usual = np.minimum(members[is_labeled].mean(axis=0), labels.applies_from)
    wrong = np.zeros_like(members)
    wrong[is_labeled] = wrong_answers(members[is_labeled], evidence.pred_probs[is_labeled], usual)
    has_wrong = wrong.any(axis=1)
    suggested = members ^ wrong
    # In a row with a wrong answer, what would count as wrong beside it is not suggested either.
    suggested[has_wrong] &= ~_is_unlikely(members[has_wrong], evidence.pred_probs[has_wrong], usual)
    has_new = (suggested & ~members).any(axis=1)
    suggested[has_new] &= ~members[has_new] | (evidence.pred_probs[has_new] >= labels.applies_from)
    if not labels.has_empty_sets:
        with_likeliest(suggested, evidence.pred_probs)
    flags: npt.NDArray[np.bool_] = np.asarray((suggested != members).any(axis=1)) & is_labeled
    applies = _in_view_of_given(evidence, members)
    is_doubted = (members != (applies > _MORE_LIKELY_THAN_NOT)).any(axis=1)
    suggested[~is_labeled] = likely_sets(evidence.pred_probs[~is_labeled], labels)
    is_told = (flags & is_doubted) | ~is_labeled
    told = np.where(is_told[:, None], suggested, members)
    confidence = given_set_probabilities(applies, told).prod(axis=1)
    written = np.full(len(flags), None)
    written[is_told] = written_sets(suggested[is_told], evidence.study.labels.classes)
    return {
        "is_label_issue": flags,
        "label_issue_score": np.where(
            is_labeled, _scores(members, evidence.pred_probs, usual), np.float32(0)
        ),
        "suggested_label": written,
        "suggested_label_confidence_score": np.clip(confidence, 0, 1).astype(np.float32),
    }


def _in_view_of_given(
    evidence: Evidence, members: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return the probability that each class truly applies, in view of what is given where a row
    has a label, shape (n, K).
    """
    applies = evidence.pred_probs.astype(np.float64)
    answers = evidence.calibration.answers
    is_labeled = evidence.study.labels.is_labeled
    if answers is not None:
        applies[is_labeled] = answers.at_least.if_given(
            evidence.pred_probs[is_labeled], members[is_labeled]
        )
    return np.clip(applies, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)


def _scores(
    members: npt.NDArray[np.bool_], pred_probs: Probabilities, usual: npt.NDArray[np.float64]
) -> npt.NDArray[np.float32]:
    against = usual / np.maximum(usual + pred_probs, np.finfo(np.float32).tiny)
    return np.asarray(
        np.where(members, against, pred_probs).max(axis=1).clip(0, 1), dtype=np.float32
    )


def wrong_answers(
    members: npt.NDArray[np.bool_], pred_probs: Probabilities, usual: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Return where a class is probably given wrongly or missing wrongly, shape (n, K).

    `usual`, shape (K,), is the probability that speaks neither for nor against a given class: one
    that cannot be learned has its frequency everywhere.
    """
    wrong = np.zeros(members.shape, dtype=bool)
    for column in range(members.shape[1]):
        applies = members[:, column]
        if applies.all() or not applies.any():
            continue
        # cleanlab wants probabilities above 0 that sum to 1.
        yes = np.clip(pred_probs[:, column].astype(np.float64), 1e-9, 1 - 1e-9)
        both = np.column_stack([1 - yes, yes])
        n_wrong = int(num_label_issues(applies.astype(int), both))
        wrong[np.argsort(np.where(applies, yes, 1 - yes))[:n_wrong], column] = True
    return wrong & np.where(members, _is_unlikely(members, pred_probs, usual), pred_probs > 0.5)


def _is_unlikely(
    members: npt.NDArray[np.bool_], pred_probs: Probabilities, usual: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Return which given classes are less than half as likely as usual, shape (n, K)."""
    return members & (pred_probs < _SHARE_OF_USUAL * usual)
