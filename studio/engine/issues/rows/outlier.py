"""Rows unlike the rest of the data."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from studio.engine.features.catalogue import distance_view
from studio.engine.issues.base import Columns, Evidence
from studio.engine.schema import CleansetSpec
from studio.engine.similar.neighbours import nearest_distances
from studio.engine.table.columns import MEASURED

N_NEIGHBOURS = 20  # measured better than cleanlab's 10 where a few odd texts resemble each other
# Robust standard deviations above the median, by view. Distances in tables have long tails, those
# between unit vectors short ones, and the unexplained part of a text is at most 1; each value flags
# about one in a hundred ordinary rows.
DEVIATIONS = {"distances": 3.5, "sentences": 2.5, "topics": 2.1}
MAX_FRACTION_IN_TABLES = 0.03
# With many tight topics distances vary so much that no row would reach the threshold
MIN_FRACTION_IN_TEXTS = 0.005
_ORDINARY_FRACTION = 0.001  # of rows of normal numbers that may be flagged
_SD_PER_MAD = 1.4826  # of a normal distribution


def find_outlier(evidence: Evidence) -> Columns:
    """Find rows that are unlike the rest.

    Notes
    -----
    d measures how unusual a row is. For tables, and for texts in the regular mode, it is the mean
    distance to the 20 nearest rows in scaled columns or sentence embeddings; for texts in the fast
    mode, the norm of the part of a text that the main topics do not explain. The threshold t is a
    number of robust standard deviations above the median of d (see `DEVIATIONS`). In tables with
    few columns, all of them numbers or dates, distances have long tails, so t is at least what one
    in a thousand rows of normal numbers exceeds. In tables with categories distances come in steps
    (a level with no more rows than there are neighbours is far from all others), so at most 3% of
    a table's rows are flagged; among sentence embeddings at least the remotest 0.5% are.
    `outlier_score` is d² / (d² + t²), and `is_outlier` is a score above 0.5. Labels play no part.

    References
    ----------
    Kuan and Mueller, Back to the Basics: Revisiting Out-of-Distribution Detection Baselines (2022),
    for the mean distance; Shyu et al., A Novel Anomaly Detection Scheme Based on Principal
    Component Classifier (2003), for the unexplained part; Iglewicz and Hoaglin, How to Detect and
    Handle Outliers (1993), for the threshold.
    """
    view = distance_view(evidence.study.spec)
    strangeness = _strangeness(evidence)
    median = float(np.median(strangeness))
    deviation = _SD_PER_MAD * float(np.median(np.abs(strangeness - median)))
    # If most rows have exact copies the robust deviation is 0; the standard deviation is used then.
    threshold = median + DEVIATIONS[view] * (deviation or float(strangeness.std()) or 1.0)
    threshold = max(threshold, median * _usual_ratio(evidence.study.spec))
    if view == "distances":
        threshold = max(threshold, float(np.quantile(strangeness, 1 - MAX_FRACTION_IN_TABLES)))
    if view == "sentences":
        threshold = min(threshold, float(np.quantile(strangeness, 1 - MIN_FRACTION_IN_TEXTS)))
    scores = (strangeness**2 / (strangeness**2 + threshold**2)).astype(np.float32)
    return {"is_outlier": scores > 0.5, "outlier_score": scores}


def _usual_ratio(spec: CleansetSpec) -> float:
    """Return the ratio of the 99.9% quantile of d to its median for rows of normal numbers; 0 if
    other columns are present.

    The distance to the nearest rows grows with exp(r² / 2d), where r² is chi-squared with d degrees
    of freedom, one per column.
    """
    n_columns = len(spec.feature_columns)
    if any(spec.column_kinds[name] not in MEASURED for name in spec.feature_columns):
        return 0.0
    median, remote = chi2.ppf([0.5, 1 - _ORDINARY_FRACTION], n_columns)
    return float(np.exp((remote - median) / (2 * n_columns)))


def _strangeness(evidence: Evidence) -> npt.NDArray[np.float64]:
    """Return d of `find_outlier`, shape (n,)."""
    space = np.asarray(evidence.space, dtype=np.float32)
    spec = evidence.study.spec
    if distance_view(spec) == "topics":
        # All texts have length 1 in the space of terms; rounding may make a part longer than that.
        explained = np.einsum("ij,ij->i", space, space, dtype=np.float64)
        return np.asarray(np.sqrt(np.maximum(1.0 - explained, 0.0)), dtype=np.float64)
    distances = nearest_distances(space, N_NEIGHBOURS, seed=spec.seed, n_jobs=evidence.n_jobs)
    return np.asarray(distances.mean(axis=1), dtype=np.float64)
