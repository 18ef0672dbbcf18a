"""Rows with copies on several sides of a split, on which memorization looks like
generalization.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine.health.base import Analysis
from studio.engine.schema.health import Leak, SplitSide

NAMES = frozenset(
    {
        "split",
        "is_train",
        "is_test",
        "train_test",
        "fold",
        "subset",
        "partition",
        "data_split",
        "set",
    }
)
MIN_SIDES = 2
MAX_SIDES = 5


def split_column(columns: Sequence[str]) -> str | None:
    """Return the first column that is named like a split; None if there is none.

    >>> split_column(["text", "Data-Split", "label"])
    'Data-Split'
    """
    return next((name for name in columns if name.strip().lower().replace("-", "_") in NAMES), None)


def find_leak(analysis: Analysis) -> Leak | None:
    """Count the rows of each side of the split that have a copy on another side.

    Notes
    -----
    Exact copies are those of near-duplicate detection: white space and case are ignored, and
    numbers are compared by value. A near copy is another row of the same near-duplicate set. A
    column with a single value or more than five is not taken for a split.
    """
    if analysis.split is None:
        return None
    sides, values = pd.factorize(
        np.array([value or "" for value in analysis.split.values], dtype=object), sort=True
    )
    if not MIN_SIDES <= len(values) <= MAX_SIDES:
        return None
    is_exact = _on_several_sides(analysis.evidence.study.copies, sides)
    is_near = np.zeros(len(sides), dtype=bool)
    clusters = analysis.issues["near_duplicate_cluster_id"]
    is_member = clusters.notna().to_numpy()
    is_near[is_member] = _on_several_sides(
        clusters[is_member].to_numpy(dtype=np.int64), sides[is_member]
    )
    is_near &= ~is_exact  # each row counts once
    return Leak(
        analysis.split.column, _sides(sides, values, {"n_exact": is_exact, "n_near": is_near})
    )


def _on_several_sides(
    group: npt.NDArray[np.generic], sides: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    codes = np.unique(group, return_inverse=True)[1]
    lowest = np.full(codes.max(initial=-1) + 1, MAX_SIDES)
    highest = np.full_like(lowest, -1)
    np.minimum.at(lowest, codes, sides)
    np.maximum.at(highest, codes, sides)
    spread: npt.NDArray[np.bool_] = (lowest != highest)[codes]
    return spread


def _sides(
    sides: npt.NDArray[np.int64],
    values: npt.NDArray[np.object_],
    flags: Mapping[str, npt.NDArray[np.bool_]],
) -> tuple[SplitSide, ...]:
    return tuple(
        SplitSide(
            value=str(value),
            n_rows=int((sides == code).sum()),
            **{name: int((flag & (sides == code)).sum()) for name, flag in flags.items()},
        )
        for code, value in enumerate(values)
    )
