"""Whether what the studio says about its own findings is true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine.fitting.metrics import calibration_error
from tests.benchmarks.peers.job import class_sets
from tests.benchmarks.tasks import Task


@dataclass(frozen=True, slots=True)
class Said:
    """What the studio says, for n rows in the order of the training file.

    Attributes
    ----------
    pred_probs
        Out-of-sample probabilities, shape (n, K); None for regression.
    classes
        Names of the K columns.
    suggested
        Suggested labels as written; empty where none is offered.
    expected_precision
        The fraction of flagged rows that is expected to be wrong.
    """

    pred_probs: npt.NDArray[np.float64] | None
    classes: tuple[str, ...]
    suggested: pd.Series
    expected_precision: float


@dataclass(frozen=True, slots=True)
class Claims:
    """What is said beside what is true, on the judged rows.

    Attributes
    ----------
    calibration_error
        Of the likeliest class, or of every answer where rows have several classes, against the
        true labels; None for regression.
    expected_precision
        As said; the true one is `Detection.precision_of_flags`.
    right_suggestions
        The fraction of suggestions that are the true label, or nearer to the true number than the
        given one; None without suggestions.
    right_before, right_after
        The fraction of labels that are right as given, and once every suggestion is accepted.
        Regression: the mean distance from the true numbers, in their standard deviations.
    """

    calibration_error: float | None
    expected_precision: float
    n_suggested: int
    right_suggestions: float | None
    right_before: float
    right_after: float


def claims(task: Task, said: Said) -> Claims:
    """Compare what is said with the truth on the judged rows."""
    judged = task.is_judged.to_numpy()
    suggested = said.suggested.astype(str).to_numpy()[judged]
    given = task.train[task.label].to_numpy()[judged]
    truth = task.truth.to_numpy()[judged]
    has_suggestion = suggested != ""
    accepted = np.where(has_suggestion, suggested, given)
    if task.task == "regression":
        before = _distances(given, truth)
        after = _distances(accepted, truth)
        is_right = after < before
        quality = (float(before.mean()), float(after.mean()))
    else:
        is_right = _are_equal(task, accepted, truth)
        quality = (float(_are_equal(task, given, truth).mean()), float(is_right.mean()))
    right_suggestions = None
    if has_suggestion.any():
        right_suggestions = float(is_right[has_suggestion].mean())
    return Claims(
        _calibration_error(task, said, truth, judged),
        said.expected_precision,
        int(has_suggestion.sum()),
        right_suggestions,
        *quality,
    )


def _are_equal(
    task: Task, labels: npt.NDArray[np.object_], truth: npt.NDArray[np.object_]
) -> npt.NDArray[np.bool_]:
    if task.task == "multi-label":
        pairs = zip(_sets(labels), _sets(truth), strict=True)
        return np.array([one == other for one, other in pairs])
    return np.asarray(labels.astype(str) == truth.astype(str))


def _sets(cells: npt.NDArray[np.object_]) -> list[set[str]]:
    return [set(names) for names in class_sets(pd.Series(cells))]


def _distances(
    numbers: npt.NDArray[np.object_], truth: npt.NDArray[np.object_]
) -> npt.NDArray[np.float64]:
    true_numbers = truth.astype(float)
    return np.abs(numbers.astype(float) - true_numbers) / true_numbers.std()


def _calibration_error(
    task: Task, said: Said, truth: npt.NDArray[np.object_], judged: npt.NDArray[np.bool_]
) -> float | None:
    if said.pred_probs is None:
        return None
    pred_probs = said.pred_probs[judged]
    if task.task == "multi-label":
        applies = np.array([[name in names for name in said.classes] for names in _sets(truth)])
        return calibration_error(pred_probs, applies)
    likeliest = np.array(said.classes)[pred_probs.argmax(axis=1)]
    return calibration_error(pred_probs.max(axis=1), likeliest == truth.astype(str))
