"""Cleansets of sets of classes and of numbers of which half of the rows came without a label,
without training anything.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cleansets.models import Cleanset
from studio import storage, tables
from studio.accounts.models import User
from studio.engine.conventions.label_sets import join_labels
from studio.engine.ml_task import MLTask
from tests.partly_labeled import N_ROWS
from tests.reviewable import SET_CLASSES, make_reviewable, publish_array, publish_table

N_LABELED = 60


def make_partly_labeled_sets(owner: User) -> Cleanset:
    """Return a cleanset of sets of classes. Each row has one class of three, and the last class in
    every other row. In every fourth row the models are unsure of the last class, and miss it.
    """
    cleanset = make_reviewable(owner, n_rows=N_ROWS, task=MLTask.MULTI_LABEL)
    row_id = np.arange(N_ROWS)
    members = np.zeros((N_ROWS, len(SET_CLASSES)), dtype=bool)
    members[row_id, row_id % 3] = True
    members[:, 3] = row_id % 2 == 0
    is_unsure = row_id % 4 == 0
    probabilities = np.where(members, 0.99, 0.01)
    probabilities[is_unsure, 3] = 0.4
    suggested = members.copy()
    suggested[is_unsure, 3] = False
    issues = _issues(cleanset, _cells(members), _cells(suggested))
    confidence = np.where(suggested, probabilities, 1 - probabilities).prod(axis=1)
    issues["suggested_label_confidence_score"] = confidence.astype(np.float32)
    key = storage.cleanset_file(cleanset.pk, 2, "pred_probs.npy")
    cleanset.pred_probs_key = publish_array(probabilities.astype(np.float32), key)
    return _saved(cleanset, issues)


def make_partly_labeled_numbers(owner: User) -> Cleanset:
    """Return a cleanset of numbers: row i has 100 + i. In even rows the prediction is 1 or 3 off,
    and 2 is expected; in odd rows both are ten times as large.
    """
    cleanset = make_reviewable(owner, n_rows=N_ROWS, task=MLTask.REGRESSION)
    row_id = np.arange(N_ROWS)
    numbers = 100.0 + row_id
    factor = np.where(row_id % 2 == 0, 1.0, 10.0)
    off = np.where(row_id % 4 < 2, 1.0, 3.0) * factor
    predicted = numbers + np.where(row_id % 8 < 4, off, -off)
    given = [f"{number:.1f}" for number in numbers]
    issues = _issues(cleanset, given, [f"{number:.1f}" for number in predicted])
    issues["suggested_label_confidence_score"] = np.float32(np.nan)
    key = storage.cleanset_file(cleanset.pk, 2, "predictions.npy")
    predictions = np.column_stack([predicted, 2 * factor]).astype(np.float32)
    cleanset.predictions_key = publish_array(predictions, key)
    return _saved(cleanset, issues)


def _cells(members: np.ndarray) -> list[str]:
    return [join_labels(np.array(SET_CLASSES)[row].tolist()) for row in members]


def _issues(cleanset: Cleanset, given: list[str], suggested: list[str]) -> pd.DataFrame:
    is_open = np.arange(N_ROWS) >= N_LABELED
    issues = pd.read_parquet(tables.local_path(cleanset.issues_key))
    issues["given_label"] = np.where(is_open, None, np.array(given, dtype=object))
    issues["suggested_label"] = np.where(is_open, np.array(suggested, dtype=object), None)
    issues["is_initially_unlabeled"] = is_open
    issues["is_label_issue"] = False
    return issues


def _saved(cleanset: Cleanset, issues: pd.DataFrame) -> Cleanset:
    key = storage.cleanset_file(cleanset.pk, 2, "issues.parquet")
    cleanset.issues_key = publish_table(issues, key)
    counts = {"is_initially_unlabeled": N_ROWS - N_LABELED, "is_label_issue": 0}
    cleanset.counts = cleanset.counts | counts
    cleanset.save()
    return Cleanset.objects.get(pk=cleanset.pk)
