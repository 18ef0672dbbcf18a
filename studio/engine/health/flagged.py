"""Counts flagged rows by given and suggested class."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine.conventions.label_sets import split_labels
from studio.engine.issues.base import Evidence
from studio.engine.ml_task import MLTask


def flagged_pairs(evidence: Evidence, issues: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Count the flagged rows of a multi-class task by given and suggested class.

    Returns
    -------
    ndarray of shape (K, K)
        Rows are given classes, columns suggested ones. The table estimates the off-diagonal counts
        of the joint distribution of given and true labels in confident learning; unlike it, each
        count is one of rows that the review page can list.
    """
    labels = evidence.study.labels
    flags = issues["is_label_issue"].to_numpy()
    code_of = {name: code for code, name in enumerate(labels.classes)}
    names = issues["suggested_label"][flags]
    suggested = np.array([code_of[name] for name in names], dtype=np.int64)
    pairs = np.zeros((len(labels.classes), len(labels.classes)), dtype=np.int64)
    np.add.at(pairs, (labels.codes[flags], suggested), 1)
    return pairs


def wrong_and_missed(
    evidence: Evidence, issues: pd.DataFrame
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Count, per class, the rows that probably have it wrongly and those that probably lack it.

    Flagged sets without a suggestion are not counted. Both arrays have shape (K,).
    """
    if evidence.study.spec.task is MLTask.MULTI_CLASS:
        pairs = flagged_pairs(evidence, issues)
        return pairs.sum(axis=1), pairs.sum(axis=0)
    flags = issues["is_label_issue"].to_numpy()
    has_suggestion = issues["suggested_label"].notna().to_numpy()
    is_counted = flags & has_suggestion
    given = np.asarray(evidence.study.labels.targets, dtype=bool)[is_counted]
    code_of = {name: code for code, name in enumerate(evidence.study.labels.classes)}
    suggested = np.zeros_like(given)
    for row, cell in enumerate(issues["suggested_label"][is_counted]):
        suggested[row, [code_of[name] for name in split_labels(cell)]] = True
    return (given & ~suggested).sum(axis=0), (suggested & ~given).sum(axis=0)
