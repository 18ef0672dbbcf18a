"""Slices of rows in which two classes appear to be swapped."""

from __future__ import annotations

import numpy as np

from studio.engine.health.base import Analysis
from studio.engine.schema.health import InvertedSlice


def find_inverted(analysis: Analysis) -> tuple[InvertedSlice, ...]:
    """Describe the slices whose labels a linear model contradicts, the clearest first.

    How they are found: `studio.engine.groups.slices`.
    """
    evidence = analysis.evidence
    classes = evidence.study.labels.classes
    inverted = []
    for found in evidence.slices:
        codes = evidence.study.labels.codes[found.rows]
        likeliest = evidence.judged_probs[found.rows].argmax(axis=1)
        pairs = codes.astype(np.int64) * len(classes) + likeliest  # one number per pair of classes
        differing, counts = np.unique(pairs[likeliest != codes], return_counts=True)
        if not len(differing):
            continue
        given, suggested = divmod(int(differing[counts.argmax()]), len(classes))
        n_contradicted = int(counts.sum())
        n_pair = int(counts.max())
        inverted.append(
            InvertedSlice(
                found.description,
                len(found.rows),
                n_contradicted,
                classes[given],
                classes[suggested],
                n_pair,
            )
        )
    return tuple(inverted)
