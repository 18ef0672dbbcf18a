"""How many rows of each given class truly are of each class: the confident joint, in rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from cleanlab.count import compute_confident_joint

from studio.engine.issues.base import Evidence


def class_joint(evidence: Evidence) -> npt.NDArray[np.float64]:
    """Estimate the joint counts of given and true classes of a multi-class task.

    Returns
    -------
    ndarray of shape (K, K)
        Entry (i, j): rows given class i that truly are of class j. The sum of row i is the number of rows given i.
        Rows whose class was not seen in training count as right.

    References
    ----------
    Northcutt, Jiang and Chuang, Confident Learning (JAIR 2021).
    """
    codes, n_classes = evidence.study.labels.codes, len(evidence.study.labels.classes)
    is_seen = evidence.study.is_class_seen
    counts = np.diag(evidence.study.labels.class_counts - np.bincount(codes[is_seen], minlength=n_classes))
    joint = counts.astype(np.float64)
    present, compact = np.unique(codes[is_seen], return_inverse=True)
    if len(present) < 2:
        joint[present, present] += np.bincount(compact, minlength=len(present))
        return joint
    # cleanlab wants every class to have rows.
    probabilities = np.asarray(evidence.pred_probs[is_seen][:, present], dtype=np.float64)
    found = compute_confident_joint(compact, probabilities / probabilities.sum(axis=1, keepdims=True))
    joint[np.ix_(present, present)] += found
    return joint


def set_joints(evidence: Evidence) -> npt.NDArray[np.float64]:
    """Estimate, for each class of a multi-label task, the joint counts of whether it is given and whether it applies.

    Returns
    -------
    ndarray of shape (K, 2, 2)
        Entry (k, i, j): rows in which class k is given (i = 1) or not and truly applies (j = 1) or not.
    """
    given = np.asarray(evidence.study.labels.targets, dtype=bool)
    applies = np.asarray(evidence.pred_probs, dtype=np.float64)
    return np.stack([_of_one_class(given[:, k], applies[:, k]) for k in range(given.shape[1])])


def _of_one_class(given: npt.NDArray[np.bool_], applies: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    n_given = np.bincount(given.astype(np.int64), minlength=2)
    if n_given.min() == 0:
        return np.diag(n_given).astype(np.float64)
    both = np.column_stack([1 - applies, applies])
    return np.asarray(compute_confident_joint(given.astype(np.int64), both), dtype=np.float64)
