"""Rows whose given label is probably wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from cleanlab.count import num_label_issues

from studio.engine.fitting.calibration import Calibration
from studio.engine.fitting.metrics import (
    PROBABILITY_FLOOR,
    Probabilities,
    at_temperature,
    fit_temperature,
    given_probabilities,
    kappa,
)
from studio.engine.issues.base import Columns, Evidence

_ENOUGH_KAPPA = 1 / 3  # with less, models take much that they cannot tell for errors
# For a class that could not be learned: more likely another class than not
_MIN_CONFIDENCE_IN_ANOTHER = 0.5


def find_label_issue(evidence: Evidence) -> Columns:
    """Find rows whose given label is probably wrong, and suggest another.

    Notes
    -----
    `label_issue_score` is q / (q + g), where g is the out-of-sample probability of the given label
    and q that of the likeliest other: above 0.5 where another class is likelier, and 1 − g
    (cleanlab's self-confidence) with two classes. `is_label_issue` are the rows with the worst
    scores, as many as confident learning counts errors in the joint distribution of given and true
    labels, or as are expected by the calibration's noise if those are more; never where the given
    label is also the likeliest. Where likeliest and given classes agree with a kappa below a third,
    the count is cut in proportion: most of it is what models cannot tell. For the alternatives see
    docs/decisions/label-score.md.

    A class that occurs in one fold only could not be learned where it was held out, so its
    probability says nothing. Such a row counts as an issue when it is more likely than not another
    class and as likely as that class's own rows are on average; its score is then the probability
    of that class.

    Where the labels of a group of rows look exchanged as a whole, they are judged by a linear
    model; see `studio.engine.groups.slices`.

    `suggested_label` is the likeliest class, for flagged and for unlabeled rows;
    `suggested_label_confidence_score` the probability of the likeliest class, for all rows.
    Unlabeled rows have no label that could be wrong: score 0.

    References
    ----------
    Northcutt, Jiang and Chuang, Confident Learning (JAIR 2021); Kuan and Mueller, Model-agnostic
    label quality scoring (2022).
    """
    labels, pred_probs = evidence.study.labels, evidence.judged_probs
    is_seen = evidence.study.is_class_learnable
    likeliest = np.argmax(pred_probs, axis=1)
    confidence = pred_probs.max(axis=1)
    scores = np.zeros(len(pred_probs), dtype=np.float32)
    flags = np.zeros(len(pred_probs), dtype=bool)
    if is_seen.any():
        flags[is_seen], scores[is_seen] = _judged(
            labels.codes[is_seen], pred_probs[is_seen], evidence.calibration
        )
    is_unlearned = labels.is_labeled & ~is_seen
    scores[is_unlearned] = confidence[is_unlearned]
    usual = class_thresholds(labels.codes, pred_probs, is_seen)
    flags |= (
        is_unlearned & (confidence > _MIN_CONFIDENCE_IN_ANOTHER) & (confidence >= usual[likeliest])
    )
    flags &= likeliest != labels.codes
    names = np.asarray(labels.classes, dtype=object)
    suggested = np.where(flags | ~labels.is_labeled, names[likeliest], None)
    return {
        "is_label_issue": flags,
        "label_issue_score": scores,
        "suggested_label": suggested,
        "suggested_label_confidence_score": np.clip(confidence, 0, 1).astype(np.float32),
    }


def _judged(
    codes: npt.NDArray[np.int32], pred_probs: Probabilities, calibration: Calibration
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float32]]:
    present = np.unique(codes)
    compact = np.searchsorted(present, codes).astype(np.int32)
    if len(present) == 1:
        return np.zeros(len(codes), dtype=bool), np.zeros(len(codes), dtype=np.float32)
    # cleanlab wants every class to have rows, and rows that sum to 1.
    probabilities = np.maximum(pred_probs[:, present], PROBABILITY_FLOOR)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    # As sure as given labels bear out, so that a score is not 1.00 wherever the models know the
    # true label well.
    hedged = at_temperature(probabilities, fit_temperature(probabilities, compact)).astype(
        np.float64
    )
    hedged /= hedged.sum(axis=1, keepdims=True)
    n_counted = int(num_label_issues(compact, hedged))
    n_expected = float(
        calibration.wrong_if_given(given_probabilities(probabilities, compact)).sum()
    )
    n_errors = round(
        max(n_counted, n_expected) * min(1.0, kappa(probabilities, compact) / _ENOUGH_KAPPA)
    )
    rows = np.arange(len(codes))
    given = hedged[rows, compact].copy()
    hedged[rows, compact] = 0.0
    likeliest_other = hedged.max(axis=1)
    scores = (likeliest_other / (likeliest_other + given)).astype(np.float32)
    if not n_errors:
        return np.zeros(len(codes), dtype=bool), scores
    # Rows as bad as the last one count as well, or the order of equal rows would decide.
    return scores >= np.partition(scores, len(scores) - n_errors)[len(scores) - n_errors], scores


def class_thresholds(
    codes: npt.NDArray[np.int32], pred_probs: Probabilities, is_seen: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return the mean probability of each class among the rows given it, shape (K,); 1 where there
    is none.
    """
    n_classes = pred_probs.shape[1]
    given = pred_probs[is_seen, codes[is_seen]]
    sums = np.bincount(codes[is_seen], weights=given, minlength=n_classes)
    counts = np.bincount(codes[is_seen], minlength=n_classes)
    return np.where(counts > 0, sums / np.maximum(counts, 1), 1.0)
