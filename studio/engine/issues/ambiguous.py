"""Rows on the border between classes."""

from __future__ import annotations

import numpy as np

from studio.engine.issues.base import Columns, Evidence

THRESHOLD = 0.9  # the two likeliest classes differ by less than 10 points


def find_ambiguous(evidence: Evidence) -> Columns:
    """Find rows that could well be either of two classes.

    Notes
    -----
    `ambiguous_score` is 1 − (probability of the likeliest class − probability of the second): 1 is a tie.
    `is_ambiguous` from 0.9 on. The given label plays no part.

    References
    ----------
    The margin of active learning: Scheffer et al., Active Hidden Markov Models (2001).
    """
    highest = np.partition(evidence.pred_probs, -2, axis=1)[:, -2:]
    scores = np.clip(1.0 - (highest[:, 1] - highest[:, 0]), 0, 1).astype(np.float32)
    return {"is_ambiguous": scores >= THRESHOLD, "ambiguous_score": scores}
