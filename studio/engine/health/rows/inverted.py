"""Groups of rows whose labels look exchanged as a whole."""

from __future__ import annotations

import numpy as np

from studio.engine.health.base import Analysis
from studio.engine.schema.health import InvertedSlice


def find_inverted(analysis: Analysis) -> tuple[InvertedSlice, ...]:
    """Describe the slices that a linear model contradicts, the clearest first; see
    `studio.engine.groups.slices`.
    """
    evidence = analysis.evidence
    codes, classes = evidence.study.labels.codes, evidence.study.labels.classes
    found = []
    for one in evidence.slices:
        likeliest = evidence.judged_probs[one.rows].argmax(axis=1)
        pairs = codes[one.rows].astype(np.int64) * len(classes) + likeliest
        differing, counts = np.unique(pairs[likeliest != codes[one.rows]], return_counts=True)
        if len(differing):
            given, suggested = divmod(int(differing[counts.argmax()]), len(classes))
            n_contradicted, n_pair = int(counts.sum()), int(counts.max())
            found.append(
                InvertedSlice(
                    one.description,
                    len(one.rows),
                    n_contradicted,
                    classes[given],
                    classes[suggested],
                    n_pair,
                )
            )
    return tuple(found)
