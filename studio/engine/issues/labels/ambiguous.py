"""Rows on the border between classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.engine.issues.base import Columns, Evidence
from studio.engine.ml_task import MLTask

THRESHOLD = 0.9  # the two likeliest classes differ by less than 10 points


def find_ambiguous(evidence: Evidence) -> Columns:
    """Find rows that could well be of either of two classes or, in a multi-label task, rows with a
    class that may or may not apply.

    Notes
    -----
    `ambiguous_score` is 1 − (probability of the likeliest class − probability of the second): 1 is
    a tie. In a multi-label task the difference is that between applying and not, |2 p − 1|, for the
    class closest to a tie. It is multiplied by the mean number of uncertain classes per row (the
    sum of 4 p (1 − p), at least 1), as with many classes some class is nearly always uncertain.
    `is_ambiguous` is a score of at least 0.9. The given label plays no part.

    References
    ----------
    The margin of active learning: Scheffer et al., Active Hidden Markov Models (2001).
    """
    scores = np.clip(1.0 - _margins(evidence), 0, 1).astype(np.float32)
    return {"is_ambiguous": scores >= THRESHOLD, "ambiguous_score": scores}


def _margins(evidence: Evidence) -> npt.NDArray[np.float32]:
    if evidence.study.spec.task is MLTask.MULTI_LABEL:
        uncertainty = 4 * evidence.pred_probs * (1 - evidence.pred_probs)
        n_uncertain = float(uncertainty.sum(axis=1).mean())
        return np.asarray(max(1.0, n_uncertain) * np.abs(2 * evidence.pred_probs - 1).min(axis=1))
    highest = np.partition(evidence.pred_probs, -2, axis=1)[:, -2:]
    return np.asarray(highest[:, 1] - highest[:, 0])
