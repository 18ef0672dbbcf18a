"""How many of the given labels are right."""

from __future__ import annotations

from studio.engine.health.base import Analysis
from studio.engine.schema.health import LabelQuality


def find_label_quality(analysis: Analysis) -> LabelQuality:
    """Score the labels of the dataset.

    Notes
    -----
    `n_wrong` is the number of rows flagged as label issues. For classes, that is confident
    learning's count of wrong labels, less the labels that the models confirm. `score` is the
    fraction of labeled rows that are not flagged.
    """
    n_labeled = int(analysis.evidence.study.labels.is_labeled.sum())
    n_wrong = int(analysis.issues["is_label_issue"].sum())
    return LabelQuality(1 - n_wrong / max(1, n_labeled), n_wrong, n_labeled)
