"""How good a list of suspicious rows is, and how good a model is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    f1_score,
    log_loss,
    mean_squared_error,
    r2_score,
    roc_auc_score,
)

from tests.benchmarks.peers.job import class_sets
from tests.benchmarks.tasks import Task

_FLOOR = 1e-6


@dataclass(frozen=True, slots=True)
class Detection:
    """`precision_of_flags` and `recall_of_flags` concern the rows that a program flags by
    itself.
    """

    average_precision: float
    auroc: float
    n_flagged: int
    precision_of_flags: float
    recall_of_flags: float


@dataclass(frozen=True, slots=True)
class Skill:
    """Of a model on clean test rows. Regression: R² and root mean squared error; multi-label: F1
    over all labels.
    """

    accuracy: float
    loss: float
    macro_f1: float | None


def detection(
    task: Task, scores: npt.NDArray[np.float64], flags: npt.NDArray[np.bool_]
) -> Detection:
    """Compare scores, 1 the worst, with the truth on the judged rows."""
    judged = task.is_judged.to_numpy()
    wrong, scores, flags = task.is_error.to_numpy()[judged], scores[judged], flags[judged]
    n_found = int((wrong & flags).sum())
    return Detection(
        average_precision=float(average_precision_score(wrong, scores)),
        auroc=float(roc_auc_score(wrong, scores)),
        n_flagged=int(flags.sum()),
        precision_of_flags=n_found / max(1, int(flags.sum())),
        recall_of_flags=n_found / int(wrong.sum()),
    )


def fixed_labels(task: Task, scores: npt.NDArray[np.float64]) -> pd.Series:
    """Return the given labels with the truth in the worst judged rows, as many as there are
    errors.
    """
    judged = np.flatnonzero(task.is_judged)
    worst = judged[np.argsort(-scores[judged], kind="stable")[: int(task.is_error.sum())]]
    labels = task.train[task.label].copy()
    labels.iloc[worst] = task.truth.iloc[worst]
    return labels


def skill(task: Task, values: npt.NDArray[np.float64], classes: tuple[str, ...]) -> Skill:
    """Measure predictions for the test rows: probabilities (n, K), or values (n, 1)."""
    truth = task.test[task.label]
    if task.task == "regression":
        error = float(np.sqrt(mean_squared_error(truth, values[:, 0])))
        return Skill(float(r2_score(truth, values[:, 0])), error, None)
    if task.task == "multi-label":
        return _multilabel_skill(truth, values, classes)
    likeliest = np.array(classes)[values.argmax(axis=1)]
    names = truth.astype(str).to_numpy()
    position = {name: place for place, name in enumerate(classes)}
    columns = np.array([position.get(name, -1) for name in names])
    given = np.where(columns >= 0, values[np.arange(len(names)), columns], 0.0)
    loss = -float(np.mean(np.log(np.maximum(given, _FLOOR))))
    return Skill(
        float(accuracy_score(names, likeliest)),
        loss,
        float(f1_score(names, likeliest, average="macro")),
    )


def _multilabel_skill(
    truth: pd.Series, values: npt.NDArray[np.float64], classes: tuple[str, ...]
) -> Skill:
    sets = [set(names) for names in class_sets(truth)]
    indicators = np.array([[name in names for name in classes] for names in sets])
    said = values >= 0.5
    losses = [
        log_loss(column, probs, labels=[False, True])
        for column, probs in zip(indicators.T, values.T, strict=True)
    ]
    macro = float(f1_score(indicators, said, average="macro", zero_division=0))
    return Skill(
        float(f1_score(indicators, said, average="micro", zero_division=0)),
        float(np.mean(losses)),
        macro,
    )
