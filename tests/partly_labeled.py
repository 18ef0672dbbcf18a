"""A cleanset of which half of the rows came without a label, without training anything."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cleansets.models import Cleanset
from studio import storage, tables
from studio.accounts.models import User
from tests.reviewable import CLASSES, make_reviewable, publish_array, publish_table

N_ROWS = 120
OPEN = range(60, N_ROWS)  # have no label


def make_partly_labeled(owner: User) -> Cleanset:
    """Return the cleanset. The class of row i is i % 3. Among rows without a label, confidence
    falls from row to row; of the others, the first half is sure and right, the second is unsure and
    right in every other row.
    """
    cleanset = make_reviewable(owner, n_rows=N_ROWS)
    row_id = np.arange(N_ROWS)
    codes = row_id % 3
    falling = np.linspace(0.99, 0.6, 30), np.linspace(0.59, 0.4, 30), np.linspace(0.99, 0.4, 60)
    confidence = np.concatenate(falling)
    probabilities = np.repeat((1 - confidence)[:, None] / 2, 3, axis=1)
    probabilities[row_id, codes] = confidence
    names = np.array(CLASSES, dtype=object)
    given = names[np.where((row_id >= 30) & (row_id % 2 == 0), (codes + 1) % 3, codes)]
    is_open = row_id >= 60
    issues = pd.read_parquet(tables.local_path(cleanset.issues_key))
    issues["given_label"] = np.where(is_open, None, given)
    issues["is_initially_unlabeled"] = is_open
    issues["is_label_issue"] = False
    issues["suggested_label"] = np.where(is_open, names[codes], None)
    issues["suggested_label_confidence_score"] = confidence.astype(np.float32)
    key = storage.cleanset_file(cleanset.pk, 2, "issues.parquet")
    cleanset.issues_key = publish_table(issues, key)
    key = storage.cleanset_file(cleanset.pk, 2, "pred_probs.npy")
    cleanset.pred_probs_key = publish_array(probabilities.astype(np.float32), key)
    cleanset.counts = cleanset.counts | {"is_initially_unlabeled": 60, "is_label_issue": 0}
    cleanset.save()
    return Cleanset.objects.get(pk=cleanset.pk)
