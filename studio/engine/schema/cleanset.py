"""The dataclasses that cross the engine's border: what goes in, what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from studio.engine.conventions import Conventions
from studio.engine.conventions.label_sets import Separator
from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.schema.class_weights import ClassWeights
from studio.engine.schema.explanation import Explanation
from studio.engine.schema.health import Health
from studio.engine.schema.split import SplitChoice
from studio.engine.table.columns import ColumnKind
from studio.engine.text.arithmetic import Arithmetic

if (
    TYPE_CHECKING
):  # database models use this module: no process of the studio should load pandas for annotations
    import numpy as np
    import numpy.typing as npt
    import pandas as pd


@dataclass(frozen=True, slots=True)
class CleansetSpec:
    """Everything that decides a cleanset, apart from the data.

    Parameters
    ----------
    feature_columns
        The columns that the models see, in order. For the text modality: the one text column.
    column_kinds
        Kind of every feature column.
    label_column
        None for unsupervised.
    separator
        Multi-label: how the cells of the label column write sets.
    merged_labels
        Spellings of classes, each with the spelling as which it counts.
    n_folds
        Number of cross-validation folds.
    seed
        The only source of randomness.
    only_candidates
        Keys of the models to try; all that suit the data, if empty.
    budget_s
        Seconds that the fits may take together; then slow candidates are left out. 0 is no bound.
    encoder_folder
        A sentence encoder in the form of sentence-transformers; None is the one that is installed.
    arithmetic
        What that encoder computes in; None is what this machine is quickest at, which `make_study`
        finds out.
    conventions
        How numbers and dates of some columns are read, the label's among them; those of others are
        found from their cells by `make_study`.
    is_script_known
        Whether that encoder knows the characters of the text; `make_study` finds out.
    split
        Which rows are for testing, whose labels are never learned from; None is none of them.
    class_weights
        Multi-class: how much the rows of each class weigh in fits; None is all the same.
    """

    task: MLTask
    modality: Modality
    feature_columns: tuple[str, ...]
    column_kinds: Mapping[str, ColumnKind]
    label_column: str | None
    mode: Mode = Mode.REGULAR
    n_folds: int = 5
    seed: int = 0
    only_candidates: tuple[str, ...] = ()
    budget_s: float = 0.0
    encoder_folder: Path | None = None
    arithmetic: Arithmetic | None = None
    conventions: Conventions = field(default_factory=dict)
    is_script_known: bool = True
    separator: Separator = Separator.COMMA
    merged_labels: Mapping[str, str] = field(default_factory=dict)
    split: SplitChoice | None = None
    class_weights: ClassWeights | None = None

    def as_spelled(self) -> CleansetSpec:
        """Return the choice with every spelling as a class of its own."""
        return replace(self, merged_labels={})

    @property
    def may_encode(self) -> bool:
        """Whether the sentence encoder plays a part, if the text is of some length."""
        is_text = self.modality is Modality.TEXT
        has_classes = self.task in (MLTask.MULTI_CLASS, MLTask.MULTI_LABEL)
        is_mixed = has_classes and ColumnKind.TEXT in self.column_kinds.values()
        return self.mode is Mode.REGULAR and self.is_script_known and (is_text or is_mixed)


@dataclass(frozen=True, slots=True)
class CandidateResult:
    """One row of the table of models: a candidate, or the ensemble of them.

    `accuracy`, `log_loss` and `ece` are held-out (out-of-sample over all labeled rows that are
    learned from, so not over those for testing). `accuracy`:
    multi-class the fraction of rows whose likeliest class is the given one, multi-label F1 over all
    rows and classes, regression R². `log_loss`: nats per row, multi-label per row and class,
    regression the root mean squared error. `ece`: expected calibration error, None for regression.
    `weight` is the share in the ensemble (1.0 for the ensemble itself); the times are summed over
    the folds, in seconds.
    """

    key: str
    name: str
    accuracy: float
    log_loss: float
    weight: float
    training_time_s: float
    inference_time_s: float
    ece: float | None = None


@dataclass(frozen=True, slots=True)
class CleansetResult:
    """What the analysis of one dataset version found.

    Attributes
    ----------
    issues
        One row per dataset row, in the same order; exactly the columns of the product's table of
        Cleanlab columns that apply, and with a split the part of each row as `split`. Scores are in
        [0, 1] and 1 is worst.
    pred_probs
        Out-of-sample class probabilities, shape (n_rows, n_classes), float32, columns in the order
        of `classes`. In a multi-label task each column is a probability of its own. No columns for
        regression and unsupervised.
    classes
        The class names, sorted, as they are spelled in the data.
    predictions
        Regression: out-of-sample number and its expected absolute error, shape (n_rows, 2),
        float32; else None.
    fold_id
        Shape (n_rows,), int16: the fold in which the row was held out; -1 for rows without a label
        and rows for testing, which get the mean prediction of all fold models.
    embeddings
        Shape (n_rows, d), float32, or None where the modality has none.
    candidates
        Best first; the ensemble is among them.
    counts
        Number of flagged rows per flag column.
    stage_seconds
        Wall seconds per stage, in order.
    health
        What can be said of the dataset as a whole.
    is_warm_started
        Whether models continued from fits to previous labels, few of which were corrected.
    explanation
        What explains single rows; None unless it was asked for.
    """

    issues: pd.DataFrame
    pred_probs: npt.NDArray[np.float32]
    classes: tuple[str, ...]
    fold_id: npt.NDArray[np.int16]
    embeddings: npt.NDArray[np.float32] | None
    candidates: tuple[CandidateResult, ...]
    counts: Mapping[str, int]
    stage_seconds: Mapping[str, float] = field(default_factory=dict)
    predictions: npt.NDArray[np.float32] | None = None
    health: Health = field(default_factory=Health)
    is_warm_started: bool = False
    explanation: Explanation | None = None
