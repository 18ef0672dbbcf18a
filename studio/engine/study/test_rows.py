"""Picks the rows for testing of a split that no column defines."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from studio.engine.labels.encoding import Labels
from studio.engine.schema import Part
from studio.engine.study.folds import NO_FOLD, assign_folds

PART_TYPE = "U10"  # "validation"


def made_parts(
    labels: Labels, group: npt.NDArray[np.int32], *, percent: int, seed: int
) -> npt.NDArray[np.str_]:
    """Return whether each row is for training or for testing.

    Parameters
    ----------
    labels
        Given labels of n rows.
    group
        Group number of each row, equal for near duplicates, shape (n,).
    percent
        How many of a hundred labeled rows are for testing.
    seed
        Decides which.

    Notes
    -----
    The rows are dealt like those of folds, so that each class is spread evenly and near duplicates
    stay together. A class that only test rows would have is for training. Unlabeled rows are for
    training, except near duplicates of test rows: they may be labeled later.
    """
    share = Fraction(percent, 100)
    fold_id = assign_folds(labels, group, n_folds=share.denominator, seed=seed)
    is_labeled = labels.is_labeled
    is_test = (fold_id != NO_FOLD) & (fold_id < share.numerator)
    is_learned = is_labeled & ~is_test
    is_only_tested = is_test & ~np.isin(labels.strata, labels.strata[is_learned])
    is_test &= ~np.isin(group, group[is_only_tested])
    is_learned = is_labeled & ~is_test
    is_copy_of_test = np.isin(group, group[is_test]) & ~np.isin(group, group[is_learned])
    is_test |= ~is_labeled & is_copy_of_test
    return np.where(is_test, Part.TEST.value, Part.TRAINING.value).astype(PART_TYPE)
