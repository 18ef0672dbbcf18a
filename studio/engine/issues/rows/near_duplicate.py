"""Rows that are copies, or nearly copies, of other rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from studio.engine.issues.base import Columns, Evidence
from studio.engine.similar.near_duplicates import Similar


def find_near_duplicate(evidence: Evidence) -> Columns:
    """Find rows that are exact or near copies of others.

    Notes
    -----
    Exact copies, which are equal up to white space and case and, for numbers, in value, have
    `near_duplicate_score` 1. For other texts it is the Jaccard similarity of their three-character
    sequences, without punctuation and links, flagged from 0.8; texts of 400 words or more must also
    share most of their sequences of twelve characters. For other rows of a table, equal in
    all columns except numbers and dates, it is 1 / (1 + d / m), where d is their distance in scaled
    columns and m the median distance of a row to its nearest neighbour, flagged from 0.98; two rows
    that differ in a single number count only if chance does not explain how close they are. The
    score of a row is that of the most similar row found; 0 if none was found.

    Candidate pairs are found by locality-sensitive hashing, so the cost is linear.
    `near_duplicate_cluster_id` numbers the connected components of flagged pairs from 0; it is
    missing for rows that are not flagged. Blank texts are not duplicates of each other.

    References
    ----------
    Those of `studio.engine.similar.near_duplicates`, which finds the pairs.
    """
    return duplicate_columns(evidence.study.similar)


def duplicate_columns(similar: Similar) -> Columns:
    """Return the columns about near duplicates for pairs that were found."""
    scores = similar.scores()
    flags = scores >= similar.threshold
    ids = np.full(len(flags), -1, dtype=np.int64)
    ids[flags] = pd.factorize(similar.groups()[flags])[0]
    return {
        "is_near_duplicate": flags,
        "near_duplicate_score": scores,
        "near_duplicate_cluster_id": pd.Series(ids, dtype="Int64").mask(~pd.Series(flags)),
    }
