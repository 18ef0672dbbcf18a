"""Rows of a regression whose given number is probably wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.engine.fitting.gross_errors import GrossErrors, fit_gross_errors
from studio.engine.issues.base import Columns, Evidence
from studio.engine.tasks.regression import written_number

THRESHOLD = 3.5  # expected errors; of normal errors one in 190 is larger than 3.5 times its mean
_LEAST_THRESHOLD = 2.0  # with a lower one, ordinary errors of weak models would be flagged
_SHARE_OF_REACH = 0.8  # of the distance to the farther end of the given numbers
_MORE_LIKELY_THAN_NOT = 0.5
_USUAL_MEDIAN = 0.845  # of |error| / mean |error|, for normal errors


def find_label_issue_numbers(evidence: Evidence) -> Columns:
    """Find rows whose given number is probably wrong, and suggest the predicted one where that is
    likely to be nearer to the truth.

    Notes
    -----
    z is the distance of the given number from the out-of-sample prediction, divided by the expected
    absolute error of that row: the same error counts more where the models are usually accurate.
    Positive numbers with a long upper tail are compared by their ratios, see
    `studio.engine.labels.scale`. The expected errors vary between rows only as far as the data
    support it, see `studio.engine.model_selection.error_bars`. z is scaled so that its median is
    that of normal errors. `label_issue_score` is z² / (z² + t²) with t = 3.5, and `is_label_issue`
    is a score above 0.5. On a bounded scale numbers cannot be that far off: t is at most four
    fifths of the median distance from the prediction to the farther end, but at least 2. Unlabeled
    rows have no number that could be wrong; their score is 0. The alternatives that were compared
    are in docs/decisions/error-bars.md.

    `suggested_label` is the prediction, written in the style of the given labels, for unlabeled
    rows and for flagged rows where the prediction is more likely than not nearer to the true number
    than the given one. `suggested_label_confidence_score` is that probability, see
    `studio.engine.fitting.gross_errors`.

    References
    ----------
    Zhou et al., Detecting Errors in a Numerical Response via any Regression Model (2023), for
    scaling by the uncertainty of the model.
    """
    labels = evidence.study.labels
    assert evidence.predictions is not None
    predicted = evidence.predictions[:, 0]
    distance, threshold = distances_and_threshold(evidence)
    scores = (distance**2 / (distance**2 + threshold**2)).astype(np.float32)
    flags = scores > 0.5
    confidence = np.full(len(flags), np.nan, dtype=np.float32)
    has_suggestion = ~labels.is_labeled
    # A likely mistake is not yet a better number: the prediction has to be nearer to the truth.
    if labels.is_labeled.any():
        is_nearer = gross_errors(evidence).prediction_is_nearer(distance[labels.is_labeled])
        confidence[labels.is_labeled] = is_nearer
        has_suggestion |= flags & (confidence > _MORE_LIKELY_THAN_NOT)
    suggested = np.full(len(flags), None)
    for row in np.flatnonzero(has_suggestion):
        number = written_number(float(predicted[row]), labels.n_decimals)
        suggested[row] = labels.style.styled(number)
    return {
        "is_label_issue": flags,
        "label_issue_score": scores,
        "suggested_label": suggested,
        "suggested_label_confidence_score": confidence,
    }


def distances_and_threshold(evidence: Evidence) -> tuple[npt.NDArray[np.float64], float]:
    """Return the distance of each given number from the predicted one, shape (n,), and the distance
    above which numbers are flagged; both in expected errors.
    """
    given = np.asarray(evidence.study.labels.targets, dtype=np.float64)
    is_counted = ~evidence.study.is_test
    lowest = np.full_like(given, np.nanmin(given[is_counted]))
    highest = np.full_like(given, np.nanmax(given[is_counted]))
    distance, to_lowest, to_highest = scaled_distances(evidence, given, lowest, highest)
    farther_end = np.median(np.maximum(to_lowest, to_highest)[is_counted])
    threshold = float(np.clip(_SHARE_OF_REACH * farther_end, _LEAST_THRESHOLD, THRESHOLD))
    return distance, threshold


def gross_errors(evidence: Evidence) -> GrossErrors:
    """Fit the mixture of ordinary and gross errors to the distances of the rows that are learned.

    A gross error is modelled by the number of another row. Rows are in the order of a hash, so
    rotating them by half their number pairs each with an arbitrary other row.
    """
    labels = evidence.study.labels
    is_learned = evidence.study.is_learned
    assert evidence.predictions is not None
    given = np.asarray(labels.targets, dtype=np.float64)
    known = labels.scale.scaled(given[is_learned])
    predicted = labels.scale.scaled(evidence.predictions[is_learned, 0])
    of_others = given.copy()
    of_others[is_learned] = np.roll(given[is_learned], len(known) // 2)
    (distance_of_others,) = scaled_distances(evidence, of_others)
    distance, threshold = distances_and_threshold(evidence)
    variance = float(known.var())
    skill = 0.0
    if variance:
        skill = 1 - float(((known - predicted) ** 2).mean()) / variance
    return fit_gross_errors(distance[is_learned], distance_of_others[is_learned], threshold, skill)


def scaled_distances(
    evidence: Evidence, *numbers: npt.NDArray[np.float64]
) -> list[npt.NDArray[np.float64]]:
    """Return the distances of numbers from the predicted ones in expected errors, each of shape
    (n,); 0 where the number is NaN.

    They are scaled so that the median distance of the given numbers that are learned from is that
    of normal errors.
    """
    labels = evidence.study.labels
    assert evidence.predictions is not None
    predicted, expected = evidence.predictions.T.astype(np.float64)
    given = labels.scale.distances(
        np.asarray(labels.targets, dtype=np.float64), predicted, expected
    )
    usual = float(np.median(given[evidence.study.is_learned]))
    factor = 1.0
    if usual > 0:
        factor = _USUAL_MEDIAN / usual
    distances = (labels.scale.distances(values, predicted, expected) for values in numbers)
    return [np.nan_to_num(factor * distance) for distance in distances]
