"""Rows of a multi-label task whose given set of classes is probably wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from cleanlab.count import num_label_issues

from studio.engine.fitting.metrics import PROBABILITY_FLOOR, Probabilities
from studio.engine.issues.base import Columns, Evidence
from studio.engine.labels.likely_sets import likely_sets, with_likeliest
from studio.engine.tasks.multi_label import (
    MultiLabel,
    given_set_probabilities,
    written_sets,
)

_SHARE_OF_USUAL = 0.5
_MORE_LIKELY_THAN_NOT = 0.5


def find_label_issue_sets(evidence: Evidence) -> Columns:
    """Find rows whose given set of classes is probably wrong, and suggest another set.

    Notes
    -----
    Each class of a row is a binary answer: it applies or it does not. `label_issue_score` is the
    score of the row's worst answer. For a class that is not given, the score is its out-of-sample
    probability p; for a given class it is u / (u + p), where u is the frequency of the class, at
    most the probability from which classes are suggested. A given rare class is therefore not
    penalised in a row in which it is as likely as anywhere else (docs/decisions/label-score.md).

    Wrong answers are found class by class, as in a multi-class task: confident learning estimates
    how many answers are wrong, and the least likely ones are taken. An answer that is more likely
    than not is never wrong, nor is a given class whose probability is at least half of u.
    `is_label_issue` marks the rows with a wrong answer.

    `suggested_label` is the complete set, with the wrong answers of the given one inverted; where a
    class is added, given classes that the models would not suggest are removed. It is empty where
    no class applies, unless hardly any row is given an empty set: then it holds the likeliest
    class, and the row is no issue if that is the given set. It is offered only where some answer is
    more likely wrong than not, given the models and the lower end of the interval for the noise of
    answers: changes that the data do not support are left to a person. For an unlabeled row, whose
    score is 0, the suggestion is the classes that are likely enough.

    `suggested_label_confidence_score` is the probability that the whole suggested set is right, or
    the given set where none is suggested, if answers are wrong independently.

    References
    ----------
    Thyagarajan et al., Identifying Incorrect Annotations in Multi-Label Classification Data (2022);
    Northcutt, Jiang and Chuang, Confident Learning (JAIR 2021).
    """
    members = np.asarray(evidence.study.labels.targets, dtype=bool)
    is_labeled = evidence.study.labels.is_labeled
    is_learned = evidence.study.is_learned
    labels = MultiLabel().label_format(
        evidence.pred_probs[is_learned], evidence.study.labels.of_rows(np.flatnonzero(is_learned))
    )
    usual = np.minimum(members[is_learned].mean(axis=0), labels.applies_from)
    wrong = np.zeros_like(members)
    wrong[is_labeled] = wrong_answers(
        members[is_labeled], evidence.pred_probs[is_labeled], usual, is_learned[is_labeled]
    )
    has_wrong = wrong.any(axis=1)
    suggested = members ^ wrong
    # In a row with a wrong answer, all unlikely given classes are dropped, even those beyond the
    # number that confident learning counted.
    suggested[has_wrong] &= ~_is_unlikely(members[has_wrong], evidence.pred_probs[has_wrong], usual)
    has_new = (suggested & ~members).any(axis=1)
    suggested[has_new] &= ~members[has_new] | (evidence.pred_probs[has_new] >= labels.applies_from)
    if not labels.has_empty_sets:
        with_likeliest(suggested, evidence.pred_probs)
    flags: npt.NDArray[np.bool_] = np.asarray((suggested != members).any(axis=1)) & is_labeled
    applies = _posterior_given_labels(evidence, members)
    is_doubted = (members != (applies > _MORE_LIKELY_THAN_NOT)).any(axis=1)
    suggested[~is_labeled] = likely_sets(
        evidence.pred_probs[~is_labeled],
        labels.applies_from,
        has_empty_sets=labels.has_empty_sets,
    )
    has_suggestion = (flags & is_doubted) | ~is_labeled
    scored = np.where(has_suggestion[:, None], suggested, members)
    confidence = given_set_probabilities(applies, scored).prod(axis=1)
    written = np.full(len(flags), None)
    written[has_suggestion] = written_sets(suggested[has_suggestion], evidence.study.labels.classes)
    scores = _scores(members, evidence.pred_probs, usual)
    return {
        "is_label_issue": flags,
        "label_issue_score": np.where(is_labeled, scores, np.float32(0)),
        "suggested_label": written,
        "suggested_label_confidence_score": np.clip(confidence, 0, 1).astype(np.float32),
    }


def _posterior_given_labels(
    evidence: Evidence, members: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return the probability that each class truly applies, shape (n, K); for labeled rows it is
    conditional on the given answer.
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
    scores_if_given = usual / np.maximum(usual + pred_probs, np.finfo(np.float32).tiny)
    scores = np.where(members, scores_if_given, pred_probs)
    return np.asarray(scores.max(axis=1).clip(0, 1), dtype=np.float32)


def wrong_answers(
    members: npt.NDArray[np.bool_],
    pred_probs: Probabilities,
    usual: npt.NDArray[np.float64],
    is_learned: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.bool_]:
    """Return where a class is probably given or omitted in error, shape (n, K).

    `usual`, shape (K,), is the probability that is evidence neither for nor against a given class.
    It is based on the frequency because a class that cannot be learned has its frequency as
    probability in every row. The wrong answers of each class are counted among the rows of
    `is_learned`, all if None; the least likely of them decides about other rows.
    """
    wrong = np.zeros(members.shape, dtype=bool)
    counted = np.arange(len(members)) if is_learned is None else np.flatnonzero(is_learned)
    others = np.setdiff1d(np.arange(len(members)), counted)
    for column in range(members.shape[1]):
        applies = members[counted, column]
        if applies.all() or not applies.any():
            continue
        # cleanlab requires positive probabilities that sum to 1.
        yes = np.clip(pred_probs[:, column].astype(np.float64), 1e-9, 1 - 1e-9)
        both = np.column_stack([1 - yes, yes])[counted]
        n_wrong = int(num_label_issues(applies.astype(int), both))
        given_probability = np.where(members[:, column], yes, 1 - yes)
        least_likely = counted[np.argsort(given_probability[counted])[:n_wrong]]
        wrong[least_likely, column] = True
        highest = given_probability[least_likely].max(initial=0.0)
        wrong[others, column] = given_probability[others] <= highest
    return wrong & np.where(members, _is_unlikely(members, pred_probs, usual), pred_probs > 0.5)


def _is_unlikely(
    members: npt.NDArray[np.bool_], pred_probs: Probabilities, usual: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Return which given classes have less than half of their usual probability, shape (n, K)."""
    return members & (pred_probs < _SHARE_OF_USUAL * usual)
