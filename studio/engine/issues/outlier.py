"""Rows unlike the rest of the data."""

from __future__ import annotations

import numpy as np

from studio.engine.issues.base import Columns, Evidence
from studio.engine.neighbours import nearest_distances

N_NEIGHBOURS = 10  # as in cleanlab's outlier detection
N_DEVIATIONS = 3.5  # robust standard deviations above the median: Iglewicz and Hoaglin's rule
_SD_PER_MAD = 1.4826  # of a normal distribution


def find_outlier(evidence: Evidence) -> Columns:
    """Find rows that lie far from their nearest rows.

    Notes
    -----
    d is the mean distance to the 10 nearest rows, in sentence embeddings (regular mode), topics (fast mode) or the
    scaled columns of a table. The threshold t is 3.5 robust standard deviations above the median of d;
    `outlier_score` is d² / (d² + t²), so `is_outlier` from 0.5 on. Labels play no part.

    References
    ----------
    Kuan and Mueller, Back to the Basics: Revisiting Out-of-Distribution Detection Baselines (2022), for the mean
    distance; Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993), for the threshold.
    """
    space = np.asarray(evidence.space, dtype=np.float32)
    if len(space) < 3:
        return {"is_outlier": np.zeros(len(space), dtype=bool), "outlier_score": np.zeros(len(space), dtype=np.float32)}
    distances = nearest_distances(space, N_NEIGHBOURS, seed=evidence.study.spec.seed).mean(axis=1, dtype=np.float64)
    median = float(np.median(distances))
    deviation = _SD_PER_MAD * float(np.median(np.abs(distances - median)))
    # Where most rows have exact copies the deviation is 0: then far is further than the mean row by as much.
    threshold = median + N_DEVIATIONS * (deviation or float(distances.std()) or 1.0)
    scores = (distances**2 / (distances**2 + threshold**2)).astype(np.float32)
    return {"is_outlier": scores > 0.5, "outlier_score": scores}
