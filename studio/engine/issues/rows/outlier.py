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
# Robust standard deviations above the median. Tables have long tails; distances between unit
# vectors have short ones; the unexplained share of a text is at most 1. Each flags about one in a
# hundred of ordinary rows.
DEVIATIONS = {"distances": 3.5, "sentences": 2.5, "topics": 2.1}
MAX_FRACTION_IN_TABLES = 0.03
# Many tight topics make distances so uneven that none would be remote
MIN_FRACTION_IN_TEXTS = 0.005
_ORDINARY_FRACTION = 0.001  # of rows of normal numbers that are flagged
_SD_PER_MAD = 1.4826  # of a normal distribution


def find_outlier(evidence: Evidence) -> Columns:
    """Find rows that are unlike the rest.

    Notes
    -----
    d is how strange a row is: in the regular mode and in tables the mean distance to its 20 nearest
    rows, in sentence embeddings or scaled columns; in the fast mode the length of what the main
    topics leave unexplained of a text. The threshold t is a number of robust standard deviations
    above the median of d (see `DEVIATIONS`), and in tables of few numbers, whose distances have
    long tails, at least what one in a thousand rows of normal numbers exceeds. In tables of
    categories distances come in steps (a level with as few rows as there are neighbours is far from
    all others), so no more than 3 % of a table's rows are flagged; of sentence embeddings at least
    the remotest 0.5 % are. `outlier_score` is d² / (d² + t²), so `is_outlier` above 0.5. Labels
    play no part.

    References
    ----------
    Kuan and Mueller, Back to the Basics: Revisiting Out-of-Distribution Detection Baselines (2022),
    for the mean distance; Shyu et al., A Novel Anomaly Detection Scheme Based on Principal
    Component Classifier (2003), for the unexplained part; Iglewicz and Hoaglin, How to Detect and
    Handle Outliers (1993), for the threshold.
    """
    view = distance_view(evidence.study.spec)
    space = np.asarray(evidence.space, dtype=np.float32)
    strangeness = _unexplained(space) if view == "topics" else _remoteness(space, evidence)
    median = float(np.median(strangeness))
    deviation = _SD_PER_MAD * float(np.median(np.abs(strangeness - median)))
    # Where most rows have exact copies the robust deviation is 0, and the plain one has to do.
    threshold = median + DEVIATIONS[view] * (deviation or float(strangeness.std()) or 1.0)
    threshold = max(threshold, median * _usual_ratio(evidence.study.spec))
    if view == "distances":
        threshold = max(threshold, float(np.quantile(strangeness, 1 - MAX_FRACTION_IN_TABLES)))
    if view == "sentences":
        threshold = min(threshold, float(np.quantile(strangeness, 1 - MIN_FRACTION_IN_TEXTS)))
    scores = (strangeness**2 / (strangeness**2 + threshold**2)).astype(np.float32)
    return {"is_outlier": scores > 0.5, "outlier_score": scores}


def _usual_ratio(spec: CleansetSpec) -> float:
    """Return how many times the median distance the remotest thousandth of normal numbers has; 0
    with other columns.

    The distance to near rows grows with exp(r² / 2d), where r² is chi-squared with d degrees of
    freedom.
    """
    n_columns = len(spec.feature_columns)
    if any(spec.column_kinds[name] not in MEASURED for name in spec.feature_columns):
        return 0.0
    usual, remote = chi2.ppf([0.5, 1 - _ORDINARY_FRACTION], n_columns)
    return float(np.exp((remote - usual) / (2 * n_columns)))


def _unexplained(topics: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    explained = np.einsum("ij,ij->i", topics, topics, dtype=np.float64)
    unexplained: npt.NDArray[np.float64] = np.sqrt(np.maximum(1.0 - explained, 0.0))
    return unexplained


def _remoteness(space: npt.NDArray[np.float32], evidence: Evidence) -> npt.NDArray[np.float64]:
    distances = nearest_distances(
        space, N_NEIGHBOURS, seed=evidence.study.spec.seed, n_jobs=evidence.n_jobs
    )
    return np.asarray(distances.mean(axis=1), dtype=np.float64)
