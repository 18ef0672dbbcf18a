"""Rows of classes that have too few rows to be learned well."""

from __future__ import annotations

import numpy as np

from studio.engine.choices.class_sizes import MIN_FRACTION_OF_EVEN_SHARE, MIN_ROWS, fewest_rows
from studio.engine.issues.base import Columns, Evidence
from studio.engine.ml_task import MLTask

# The manifest reads the thresholds from here.
__all__ = ["MIN_FRACTION_OF_EVEN_SHARE", "MIN_ROWS", "find_rare_class"]


def find_rare_class(evidence: Evidence) -> Columns:
    """Mark rows of rare classes.

    Notes
    -----
    A class is rare with fewer than 5 rows, or with less than a tenth of the rows that it would have
    if all classes were equally frequent. In a multi-label task a row is marked when one of its
    classes is rare.

    References
    ----------
    The second rule is the class imbalance issue of cleanlab's Datalab.
    """
    labels = evidence.study.labels
    counts = labels.class_counts
    is_rare = counts < fewest_rows(counts.tolist())
    if evidence.study.spec.task is MLTask.MULTI_LABEL:
        members = np.asarray(labels.targets, dtype=bool)
        return {"has_rare_class": np.asarray(members[:, is_rare].any(axis=1))}
    flags = np.zeros(len(labels.strata), dtype=bool)
    flags[labels.is_labeled] = is_rare[labels.codes[labels.is_labeled]]
    return {"has_rare_class": flags}
