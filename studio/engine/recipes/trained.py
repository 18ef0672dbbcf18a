"""A trained model: what a prediction needs, without what training needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from studio.engine.features.base import Featuriser
from studio.engine.features.catalogue import ENCODED
from studio.engine.fitting.calibration import Calibration
from studio.engine.fitting.learners import Learner
from studio.engine.guard.guard import Guard
from studio.engine.model_selection.error_bars import ErrorBarScale
from studio.engine.schema import CandidateResult, CleansetSpec
from studio.engine.table.levels import SpelledLevels
from studio.engine.tasks.base import LabelFormat
from studio.engine.text.arithmetic import Arithmetic


@dataclass(frozen=True, slots=True)
class FittedMember:
    """A refitted candidate, with its view, its calibration and its weight in the ensemble."""

    key: str
    view: str
    learner: Learner
    calibration: Calibration
    weight: float


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """Everything that a prediction needs, except the sentence encoder.

    Attributes
    ----------
    spec
        The spec with which it was trained; a file to predict must have its columns.
    label_format
        Class names in the order of the members' outputs; for numbers, how many decimals to write.
    featurisers
        Fitted, by view.
    members
        One candidate with weight 1, or those of the ensemble.
    candidates
        The table of models, best first; the first is this model.
    calibration
        Calibration of the ensemble's mean prediction.
    error_bar
        Regression: the model of the absolute error, and the scale that turns its predictions into
        error bars; else None.
    prior
        The prediction for a row without readable cells: class frequencies, or the mean number,
        shape (P,); and the mean absolute error of that number, 0 for classes.
    levels
        The categories in the training data, by column.
    guard
        Says which predictions not to trust; None in models of older versions.
    """

    spec: CleansetSpec
    label_format: LabelFormat
    featurisers: dict[str, Featuriser]
    members: tuple[FittedMember, ...]
    candidates: tuple[CandidateResult, ...]
    calibration: Calibration
    error_bar: tuple[FittedMember, ErrorBarScale] | None = None
    prior: tuple[npt.NDArray[np.float32], float] = (np.empty(0, dtype=np.float32), 0.0)
    levels: Mapping[str, SpelledLevels] = field(default_factory=dict)
    guard: Guard | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """Sorted class names, in the order of the columns of predicted probabilities."""
        return tuple(sorted(self.label_format.classes))

    @property
    def arithmetic(self) -> Arithmetic | None:
        """The sentence encoder's arithmetic during training; None if the model needs no encoder."""
        if not ENCODED & self.featurisers.keys():
            return None
        return self.spec.arithmetic

    @property
    def feature_columns(self) -> tuple[str, ...]:
        """The columns that a file to predict must have."""
        return self.spec.feature_columns
