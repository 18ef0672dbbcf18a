"""Sets of classes that follow from the probabilities of single classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def likely_sets(
    predicted: npt.NDArray[np.floating], applies_from: float, *, has_empty_sets: bool
) -> npt.NDArray[np.bool_]:
    """Return whether each class is suggested, shape (n, K); without empty sets, the likeliest class
    is in each set.
    """
    sets: npt.NDArray[np.bool_] = predicted >= applies_from
    if not has_empty_sets:
        with_likeliest(sets, predicted)
    return sets


def with_likeliest(sets: npt.NDArray[np.bool_], predicted: npt.NDArray[np.floating]) -> None:
    """Put the likeliest class into empty sets, in place."""
    empty = np.flatnonzero(~sets.any(axis=1))
    sets[empty, predicted[empty].argmax(axis=1)] = True


def set_confidence(
    predicted: npt.NDArray[np.floating], sets: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return the probability that whole sets are right if their classes are independent, shape
    (n,).
    """
    return np.asarray(np.where(sets, predicted, 1 - predicted).prod(axis=1, dtype=np.float64))
