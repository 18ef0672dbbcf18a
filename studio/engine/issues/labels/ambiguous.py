"""Rows on the border between classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.engine.issues.base import Columns, Evidence
from studio.engine.ml_task import MLTask

THRESHOLD = 0.9  # the two likeliest classes differ by less than 10 points


def find_ambiguous(evidence: Evidence) -> Columns:
    """Find rows that could well be either of two classes, or of which it is open whether a class
    applies.

    Notes
    -----
    `ambiguous_score` is 1 − (probability of the likeliest class − probability of the second): 1 is
    a tie. In a multi-label task it is that of the most doubtful class, between applying and not,
    where the difference counts as many times as there are open questions per row (the mean sum of 4
    p (1 − p)): some class or other is nearly always in doubt. `is_ambiguous` from 0.9 on. The given
    label plays no part.

    References
    ----------
    The margin of active learning: Scheffer et al., Active Hidden Markov Models (2001).
    """
    scores = np.clip(1.0 - _margins(evidence), 0, 1).astype(np.float32)
    return {"is_ambiguous": scores >= THRESHOLD, "ambiguous_score": scores}


def _margins(evidence: Evidence) -> npt.NDArray[np.float32]:
    if evidence.study.spec.task is MLTask.MULTI_LABEL:
        n_open = float((4 * evidence.pred_probs * (1 - evidence.pred_probs)).sum(axis=1).mean())
        return np.asarray(max(1.0, n_open) * np.abs(2 * evidence.pred_probs - 1).min(axis=1))
    highest = np.partition(evidence.pred_probs, -2, axis=1)[:, -2:]
    return np.asarray(highest[:, 1] - highest[:, 0])
