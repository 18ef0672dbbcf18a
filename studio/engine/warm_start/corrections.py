"""Whether few enough labels were corrected for fits to continue."""

from __future__ import annotations

import numpy as np

from studio.engine.labels.encoding import Labels

_CORRECTIONS_PER_SITTING = 200


def has_few_corrections(labels: Labels, previous: Labels) -> bool:
    """Return whether some labels differ, but few, and neither the classes nor the labeled rows."""
    if labels.classes != previous.classes:
        return False
    if not np.array_equal(labels.is_labeled, previous.is_labeled):
        return False
    n_rows = len(labels.strata)
    # Of sets, a row has a target for each class, but is one correction.
    differs = np.reshape(labels.targets != previous.targets, (n_rows, -1)).any(axis=1)
    n_corrections = int((differs & labels.is_labeled).sum())
    return 0 < n_corrections <= max_corrections(int(labels.is_labeled.sum()))


def max_corrections(n_labeled: int) -> int:
    """Return how many labels may differ: a twentieth, or a fifth of few rows, which is one sitting.

    With more, fitting from scratch finds more of the remaining errors.
    """
    return max(n_labeled // 20, min(n_labeled // 5, _CORRECTIONS_PER_SITTING))
