"""Rows of a regression whose given number is probably wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.engine.issues.base import Columns, Evidence
from studio.engine.tasks.regression import written_number

THRESHOLD = 3.5  # expected errors; of normal errors one in 190 is larger than 3.5 times its mean
_LEAST_THRESHOLD = 2.0  # where the farther end is nearer still, models know too little to tell
_SHARE_OF_REACH = 0.8  # of the way to the farther end of the given numbers, where that is nearer
_USUAL_MEDIAN = 0.845  # of |error| / mean |error|, for normal errors


def find_label_issue_numbers(evidence: Evidence) -> Columns:
    """Find rows whose given number is probably wrong, and suggest the predicted one.

    Notes
    -----
    z is how far the given number is from the out-of-sample prediction, in expected absolute errors
    of that very row: an error that is large where models are usually sure counts more than the same
    error where they are not. Positive numbers with a long upper tail are compared by their ratios,
    see `studio.engine.labels.scale`. The bars believe their model as far as the data bear it out,
    see `studio.engine.model_selection.spread`. Average precision with bars that are all the same,
    that believe half, all, and as much as is borne out: 0.568, 0.654, 0.681 and 0.677 on planted
    errors; 0.295, 0.297, 0.257 and 0.302, 0.162, 0.141, 0.124 and 0.137, 0.983, 0.985, 0.984 and
    0.985 on real ones. z is scaled so that its median is that of normal errors. `label_issue_score`
    is z² / (z² + t²) with t = 3.5, and `is_label_issue` above 0.5. On a scale that ends, numbers
    cannot be as far off: t is at most four fifths of the way from a usual prediction to the farther
    end, though no less than 2. Of 6,603 ratings of politeness none was flagged before, then 231, of
    which 0.49 were wrong. `suggested_label` is the prediction written as the given labels are, for
    flagged and for unlabeled rows. Unlabeled rows have no number that could be wrong: score 0.

    References
    ----------
    Zhou et al., Detecting Errors in a Numerical Response via any Regression Model (2023), for
    scaling by what the model does not know.
    """
    labels = evidence.study.labels
    assert evidence.predictions is not None
    predicted = evidence.predictions[:, 0]
    given = np.asarray(labels.targets, dtype=np.float64)
    ends = np.full_like(given, np.nanmin(given)), np.full_like(given, np.nanmax(given))
    distance, *reach = scaled_distances(evidence, given, *ends)
    threshold = float(
        np.clip(_SHARE_OF_REACH * np.median(np.maximum(*reach)), _LEAST_THRESHOLD, THRESHOLD)
    )
    scores = (distance**2 / (distance**2 + threshold**2)).astype(np.float32)
    flags = scores > 0.5
    suggested = np.full(len(flags), None)
    for row in np.flatnonzero(flags | ~labels.is_labeled):
        suggested[row] = labels.style.styled(
            written_number(float(predicted[row]), labels.n_decimals)
        )
    return {"is_label_issue": flags, "label_issue_score": scores, "suggested_label": suggested}


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
