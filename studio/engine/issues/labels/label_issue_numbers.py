"""Rows of a regression whose given number is probably wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.engine.fitting.gross_errors import GrossErrors, fit_gross_errors
from studio.engine.issues.base import Columns, Evidence
from studio.engine.tasks.regression import written_number

THRESHOLD = 3.5  # expected errors; of normal errors one in 190 is larger than 3.5 times its mean
_LEAST_THRESHOLD = 2.0  # where the farther end is nearer still, models know too little to tell
_SHARE_OF_REACH = 0.8  # of the way to the farther end of the given numbers, where that is nearer
_MORE_LIKELY_THAN_NOT = 0.5
_USUAL_MEDIAN = 0.845  # of |error| / mean |error|, for normal errors


def find_label_issue_numbers(evidence: Evidence) -> Columns:
    """Find rows whose given number is probably wrong, and suggest the predicted one
    where that is likely to be nearer to the truth.

    Notes
    -----
    z is how far the given number is from the out-of-sample prediction, in expected absolute errors
    of that very row: an error that is large where models are usually sure counts more than the same
    error where they are not. Positive numbers with a long upper tail are compared by their ratios,
    see `studio.engine.labels.scale`. The bars trust their model as far as the data support it,
    see `studio.engine.model_selection.error_bars`. z is scaled so that its median is that of normal
    errors. `label_issue_score` is z² / (z² + t²) with t = 3.5, and `is_label_issue` above 0.5. On a
    scale that ends, numbers cannot be as far off: t is at most four fifths of the way from a usual
    prediction to the farther end, though no less than 2. `suggested_label` is the prediction
    written as the given labels are, for flagged and for unlabeled rows. Unlabeled rows have no
    number that could be wrong: score 0. What was compared: docs/decisions/error-bars.md.

    A prediction is suggested in a flagged row only where it is more likely than not nearer to the
    true number than the given one; `suggested_label_confidence_score` is that probability, see
    `studio.engine.fitting.gross_errors`.

    References
    ----------
    Zhou et al., Detecting Errors in a Numerical Response via any Regression Model (2023), for
    scaling by what the model does not know.
    """
    labels = evidence.study.labels
    assert evidence.predictions is not None
    predicted = evidence.predictions[:, 0]
    distance, threshold = distances_and_threshold(evidence)
    scores = (distance**2 / (distance**2 + threshold**2)).astype(np.float32)
    flags = scores > 0.5
    confidence = np.full(len(flags), np.nan, dtype=np.float32)
    is_offered = ~labels.is_labeled
    if labels.is_labeled.any():
        is_nearer = gross_errors(evidence).prediction_is_nearer(distance[labels.is_labeled])
        confidence[labels.is_labeled] = is_nearer
        is_offered |= flags & (confidence > _MORE_LIKELY_THAN_NOT)
    suggested = np.full(len(flags), None)
    for row in np.flatnonzero(is_offered):
        suggested[row] = labels.style.styled(
            written_number(float(predicted[row]), labels.n_decimals)
        )
    return {
        "is_label_issue": flags,
        "label_issue_score": scores,
        "suggested_label": suggested,
        "suggested_label_confidence_score": confidence,
    }


def distances_and_threshold(evidence: Evidence) -> tuple[npt.NDArray[np.float64], float]:
    """Return how far each given number is from the predicted one, shape (n,), and from where on
    numbers are flagged.
    """
    given = np.asarray(evidence.study.labels.targets, dtype=np.float64)
    ends = np.full_like(given, np.nanmin(given)), np.full_like(given, np.nanmax(given))
    distance, *reach = scaled_distances(evidence, given, *ends)
    farther_end = np.median(np.maximum(*reach))
    threshold = float(np.clip(_SHARE_OF_REACH * farther_end, _LEAST_THRESHOLD, THRESHOLD))
    return distance, threshold


def gross_errors(evidence: Evidence) -> GrossErrors:
    """Return how the labeled rows' distances divide into usual and gross errors.

    The number of another row is that half-way around: rows are in the order of a hash.
    """
    labels = evidence.study.labels
    assert evidence.predictions is not None
    given = np.asarray(labels.targets, dtype=np.float64)
    known = labels.scale.scaled(given[labels.is_labeled])
    predicted = labels.scale.scaled(evidence.predictions[labels.is_labeled, 0])
    of_others = given.copy()
    of_others[labels.is_labeled] = np.roll(given[labels.is_labeled], len(known) // 2)
    (distance_of_others,) = scaled_distances(evidence, of_others)
    distance, threshold = distances_and_threshold(evidence)
    variance = float(known.var())
    skill = 1 - float(((known - predicted) ** 2).mean()) / variance if variance else 0.0
    return fit_gross_errors(
        distance[labels.is_labeled], distance_of_others[labels.is_labeled], threshold, skill
    )


def scaled_distances(
    evidence: Evidence, *numbers: npt.NDArray[np.float64]
) -> list[npt.NDArray[np.float64]]:
    """Return how many expected errors numbers are away from the predicted ones, each of shape (n,);
    0 where NaN.

    Scaled so that the given ones' median is that of normal errors.
    """
    labels = evidence.study.labels
    assert evidence.predictions is not None
    predicted, expected = evidence.predictions.T.astype(np.float64)
    given = labels.scale.distances(
        np.asarray(labels.targets, dtype=np.float64), predicted, expected
    )
    usual = float(np.median(given[labels.is_labeled]))
    factor = _USUAL_MEDIAN / usual if usual > 0 else 1.0
    return [
        np.nan_to_num(factor * labels.scale.distances(one, predicted, expected)) for one in numbers
    ]
