"""The closed sets that describe a piece of machine learning."""

from __future__ import annotations

from enum import StrEnum


class MLTask(StrEnum):
    """What is predicted."""

    MULTI_CLASS = "multi-class"
    MULTI_LABEL = "multi-label"
    REGRESSION = "regression"
    UNSUPERVISED = "unsupervised"


# What "accuracy" of a model is, by task; see `CandidateResult`.
MEASURES = {
    MLTask.MULTI_CLASS: "Held-out Accuracy",
    MLTask.MULTI_LABEL: "Held-out F1",
    MLTask.REGRESSION: "Held-out R²",
}


class Modality(StrEnum):
    """What it is predicted from."""

    TEXT = "text"
    TABULAR = "tabular"


class Mode(StrEnum):
    """How much time is spent."""

    FAST = "fast"
    REGULAR = "regular"
