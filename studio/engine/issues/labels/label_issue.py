"""Rows whose given label is probably wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from cleanlab.count import num_label_issues
from scipy.special import expit

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

_KAPPA_EXPONENT = 1 / 2  # for errors of the models among those that confident learning counts
_ENOUGH_KAPPA = 1 / 3  # below it, many disagreements are errors of the models, not of the labels
# For rows of a class that could not be learned: another class is more likely than not
_MIN_CONFIDENCE_IN_ANOTHER = 0.5


def find_label_issue(evidence: Evidence) -> Columns:
    """Find rows whose given label is probably wrong, and suggest another.

    Notes
    -----
    `label_issue_score` is q / (q + g), where g is the out-of-sample probability of the given label
    and q that of the likeliest other class: above 0.5 where another class is likelier, and 1 − g
    (one minus cleanlab's self-confidence) with two classes. `is_label_issue` marks the rows with
    the worst scores. Confident learning estimates the number of errors from the joint distribution
    of given and true labels. It counts errors of the models too, so the number is multiplied by the
    square root of kappa, the agreement of the likeliest and the given classes. The number expected
    from the calibrated noise is taken instead if it is larger. Where kappa is below a third, either
    is reduced in proportion. A row whose given label is also the likeliest is never marked. What
    was compared: docs/decisions/label-score.md and docs/decisions/number-of-flags.md.

    A class that occurs in one fold only could not be learned where it was held out, so its
    probability carries no information. A row of such a class is an issue if another class has a
    probability above 0.5 and at least the mean probability of that class's own rows; the score of
    a row of such a class is the probability of its likeliest class.

    Where the labels of a group of rows look exchanged as a whole, they are judged by a linear
    model; see `studio.engine.groups.slices`.

    Labels of test rows decide nothing here: the temperature and the number of errors are those of
    the rows that are learned from, and a test row is an issue if its score is at least that of the
    last issue among them.

    `suggested_label` is the likeliest class, for flagged and for unlabeled rows;
    `suggested_label_confidence_score` is the probability of the likeliest class, for all rows.
    Unlabeled rows have no label that could be wrong; their score is 0.

    References
    ----------
    Northcutt, Jiang and Chuang, Confident Learning (JAIR 2021); Kuan and Mueller, Model-agnostic
    label quality scoring (2022).
    """
    labels = evidence.study.labels
    pred_probs = evidence.judged_probs
    is_learnable = evidence.study.is_class_learnable
    is_learned = evidence.study.is_learned
    likeliest = np.argmax(pred_probs, axis=1)
    confidence = pred_probs.max(axis=1)
    scores = np.zeros(len(pred_probs), dtype=np.float32)
    flags = np.zeros(len(pred_probs), dtype=bool)
    if (is_learnable & is_learned).any():
        flags[is_learnable], scores[is_learnable] = _flags_and_scores(
            labels.codes[is_learnable],
            pred_probs[is_learnable],
            is_learned[is_learnable],
            evidence.calibration,
        )
    is_unlearned = labels.is_labeled & ~is_learnable
    scores[is_unlearned] = confidence[is_unlearned]
    thresholds = class_thresholds(labels.codes, pred_probs, is_learnable & is_learned)
    flags |= (
        is_unlearned
        & (confidence > _MIN_CONFIDENCE_IN_ANOTHER)
        & (confidence >= thresholds[likeliest])
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


def _flags_and_scores(
    codes: npt.NDArray[np.int32],
    pred_probs: Probabilities,
    is_learned: npt.NDArray[np.bool_],
    calibration: Calibration,
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float32]]:
    present = np.unique(codes[is_learned])
    compact = np.searchsorted(present, codes).astype(np.int32)
    if len(present) == 1:
        return np.zeros(len(codes), dtype=bool), np.zeros(len(codes), dtype=np.float32)
    # cleanlab requires that every class has rows and that probabilities sum to 1.
    probabilities = np.maximum(pred_probs[:, present], PROBABILITY_FLOOR)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    learned = probabilities[is_learned]
    learned_codes = compact[is_learned]
    # The temperature is fitted to the given labels, noise included. Without it, nearly all scores
    # would be 1.00 where the models are very confident.
    temperature = fit_temperature(learned, learned_codes)
    hedged = at_temperature(probabilities, temperature).astype(np.float64)
    hedged /= hedged.sum(axis=1, keepdims=True)
    n_counted = int(num_label_issues(learned_codes, hedged[is_learned]))
    wrong_probabilities = calibration.wrong_if_given(given_probabilities(learned, learned_codes))
    n_expected = float(wrong_probabilities.sum())
    agreement = kappa(learned, learned_codes)
    reduction = min(1.0, agreement / _ENOUGH_KAPPA)
    n_errors = round(max(n_counted * agreement**_KAPPA_EXPONENT, n_expected) * reduction)
    # Without the floor, at which all surely wrong rows would have the same score
    log_odds = _log_odds_of_another(pred_probs[:, present], compact) / temperature
    scores = np.asarray(expit(log_odds), dtype=np.float32)
    return scores >= _lowest_flagged(scores[is_learned], n_errors), scores


def _lowest_flagged(scores: npt.NDArray[np.float32], n_errors: int) -> float:
    """Return the score from which rows are flagged; ties are flagged too, as otherwise the order of
    the rows would decide.
    """
    if not n_errors:
        return float(np.nextafter(scores.max(), np.float32(np.inf)))
    last = len(scores) - n_errors
    return float(np.partition(scores, last)[last])


def _log_odds_of_another(
    pred_probs: Probabilities, codes: npt.NDArray[np.int32]
) -> npt.NDArray[np.float64]:
    """Return the log of the likeliest other class's probability over the given class's."""
    rows = np.arange(len(codes))
    logs = np.log(np.maximum(pred_probs, np.finfo(np.float32).tiny), dtype=np.float64)
    given = logs[rows, codes].copy()
    logs[rows, codes] = -np.inf
    return np.asarray(logs.max(axis=1) - given)


def class_thresholds(
    codes: npt.NDArray[np.int32], pred_probs: Probabilities, is_seen: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return the mean probability of each class in the rows labeled with it, shape (K,).

    A class without such rows has 1. `is_seen`, shape (n,), selects the rows that count.
    """
    n_classes = pred_probs.shape[1]
    given = pred_probs[is_seen, codes[is_seen]]
    sums = np.bincount(codes[is_seen], weights=given, minlength=n_classes)
    counts = np.bincount(codes[is_seen], minlength=n_classes)
    return np.where(counts > 0, sums / np.maximum(counts, 1), 1.0)
