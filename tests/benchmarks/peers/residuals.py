"""How wrong given numbers look by their distance from predicted ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from cleanlab.regression.rank import get_label_quality_scores

from tests.benchmarks.peers.job import Found


def residual_scores(labels: pd.Series, predictions: npt.ArrayLike) -> Found:
    """Score numbers by cleanlab's residual method, in standard deviations of the labels, or all
    scores would be 0.

    Its default method takes a minute and a half for 16,640 rows, and found less.
    """
    scale = float(labels.std())
    quality = get_label_quality_scores(
        labels.to_numpy() / scale, np.asarray(predictions) / scale, method="residual"
    )
    return Found(1 - quality, quality < 0.5)
