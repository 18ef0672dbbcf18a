"""Rows that are copies, or nearly copies, of other rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from studio.engine.issues.base import Columns, Evidence


def find_near_duplicate(evidence: Evidence) -> Columns:
    """Find rows that repeat others.

    Notes
    -----
    Exact copies, white space and case apart and numbers by value, have `near_duplicate_score` 1.
    Between other texts it is the Jaccard similarity of their three-character sequences, marks and
    links apart, flagged from 0.8. Between other rows of a table, equal in all columns but numbers
    and dates, it is 1 / (1 + d / m), with d their distance in scaled columns and m the median
    distance of a row to its nearest, flagged from 0.98; rows that differ in one number alone only
    where chance does not explain it. A row's score is that of the most similar row that was met; 0
    where none was.

    Pairs are met by locality-sensitive hashing, so that the cost is linear.
    `near_duplicate_cluster_id` numbers the sets that flagged pairs join, from 0; missing for rows
    without. Blank texts are no duplicates: they are empty.

    References
    ----------
    Those of `studio.engine.similar.near_duplicates`, which meets the pairs.
    """
    similar = evidence.study.similar
    scores = similar.scores()
    flags = scores >= similar.threshold
    ids = np.full(len(flags), -1, dtype=np.int64)
    ids[flags] = pd.factorize(similar.groups()[flags])[0]
    return {
        "is_near_duplicate": flags,
        "near_duplicate_score": scores,
        "near_duplicate_cluster_id": pd.Series(ids, dtype="Int64").mask(~pd.Series(flags)),
    }
