"""How far a predicted number is usually off, row by row: the error bar of a regression."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from studio.engine.candidates import Candidate
from studio.engine.crossval import cross_validate
from studio.engine.labels import Labels
from studio.engine.learners import Predicted
from studio.engine.resources import Resources
from studio.engine.study import Study

_CUT_AT = 0.98  # quantile of absolute errors: what lies above is cut off, as wrong labels lie there
_FLOOR = 0.25  # of the median absolute error


@dataclass(frozen=True, slots=True)
class Spread:
    """Error bars, and what they were made from.

    Attributes
    ----------
    expected
        Expected absolute error of each row's prediction, shape (n,), in the unit of the labels; always positive.
    targets
        The cut absolute errors that a model of them is fitted to, shape (n,); NaN for unlabeled rows.
    floor
        The least expected error.
    """

    expected: npt.NDArray[np.float32]
    targets: npt.NDArray[np.float64]
    floor: float


def find_spread(study: Study, predicted: Predicted, candidate: Candidate, resources: Resources) -> Spread:
    """Predict, out of sample and on the same folds, how far off each prediction is.

    Parameters
    ----------
    study
        Rows with given numbers.
    predicted
        Out-of-sample predictions, shape (n, 1).
    candidate
        The regressor that predicts the errors.
    """
    given = np.asarray(study.labels.targets, dtype=np.float64)
    errors = np.abs(given - predicted[:, 0])
    known = errors[study.labels.is_labeled]
    targets = np.minimum(errors, np.quantile(known, _CUT_AT))
    floor = max(_FLOOR * float(np.median(known)), float(np.finfo(np.float32).tiny))
    labels = Labels(targets, (), study.labels.strata)
    (fit,) = cross_validate([candidate], replace(study, labels=labels), resources)
    return Spread(at_least(fit.predicted, floor), targets, floor)


def at_least(predicted: Predicted, floor: float) -> npt.NDArray[np.float32]:
    """Return predicted errors, shape (n,), none below the floor."""
    return np.maximum(predicted[:, 0], np.float32(floor))
