"""Labels and out-of-sample predictions, put into the form in which they are measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.engine.conventions.convention import Convention
from studio.engine.labels.encoding import UNLABELED, encode_labels
from studio.engine.labels.likely_sets import with_likeliest
from studio.engine.ml_task import MLTask
from studio.engine.tasks.multi_label import MIN_EMPTY_FRACTION, best_threshold


@dataclass(frozen=True, slots=True)
class Predictions:
    """The rows that have a label and a prediction.

    Attributes
    ----------
    task
        What is predicted.
    classes
        Those that the model knows, then those that only labels have; empty for regression.
    row_id
        Which rows of the table these are, shape (n,).
    labels, predicted
        Class codes, shape (n,), int32; sets of classes, shape (n, K), bool; or numbers, shape (n,).
    probabilities
        Shape (n, K); None where only labels or numbers are predicted.
    """

    task: MLTask
    classes: tuple[str, ...]
    row_id: npt.NDArray[np.int64]
    labels: npt.NDArray[Any]
    predicted: npt.NDArray[Any]
    probabilities: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.row_id)

    def take(self, rows: npt.NDArray[np.generic]) -> Predictions:
        """Return some rows, by position or mask."""
        return replace(
            self,
            row_id=self.row_id[rows],
            labels=self.labels[rows],
            predicted=self.predicted[rows],
            probabilities=None if self.probabilities is None else self.probabilities[rows],
        )

    def errors(self) -> npt.NDArray[np.float64]:
        """Return how wrong each row is: 0 or 1, or the absolute error of a number."""
        if self.task is MLTask.REGRESSION:
            return np.asarray(np.abs(self.labels - self.predicted), dtype=np.float64)
        is_wrong = self.labels != self.predicted
        if is_wrong.ndim == 2:
            is_wrong = is_wrong.any(axis=1)
        return np.asarray(is_wrong, dtype=np.float64)


def class_predictions(
    given: Sequence[str | None],
    classes: Sequence[str],
    probabilities: npt.NDArray[np.float32],
    predicted: npt.NDArray[np.int32] | None = None,
) -> Predictions:
    """Return labeled rows with class probabilities; the likeliest class is predicted if no other
    is stated.

    A label that the model does not know is a class that it never predicts.
    """
    encoded = encode_labels(given)
    all_classes = _with_new(classes, encoded.classes)
    place = {name: code for code, name in enumerate(all_classes)}
    code_of = np.array([place[name] for name in encoded.classes] + [UNLABELED], dtype=np.int32)
    rows = np.flatnonzero(encoded.is_labeled & np.isfinite(probabilities).all(axis=1))
    if predicted is None:
        predicted = np.argmax(probabilities, axis=1).astype(np.int32)
    return Predictions(
        task=MLTask.MULTI_CLASS,
        classes=all_classes,
        row_id=rows.astype(np.int64),
        labels=code_of[encoded.codes[rows]],
        predicted=predicted[rows],
        probabilities=_padded(_rows_of(probabilities, rows), len(all_classes)),
    )


def set_predictions(
    given: Sequence[str | None],
    classes: Sequence[str],
    probabilities: npt.NDArray[np.float32],
    chosen_on: npt.NDArray[np.bool_] | None = None,
) -> Predictions:
    """Return labeled rows with a probability for each class and the set that is predicted.

    From which probability on a class is predicted is chosen, as for suggestions, by micro F1 over
    the labeled rows of `chosen_on`; None is all.
    """
    encoded = encode_labels(given, MLTask.MULTI_LABEL)
    all_classes = _with_new(classes, encoded.classes)
    place = {name: code for code, name in enumerate(all_classes)}
    rows = np.flatnonzero(encoded.is_labeled & np.isfinite(probabilities).all(axis=1))
    members = np.zeros((len(rows), len(all_classes)), dtype=bool)
    columns = [place[name] for name in encoded.classes]
    members[:, columns] = np.asarray(encoded.targets, dtype=bool)[rows]
    padded = _padded(_rows_of(probabilities, rows), len(all_classes))
    decides = np.ones(len(rows), dtype=bool)
    if chosen_on is not None and chosen_on[rows].any():
        decides = chosen_on[rows]
    predicted = _likely_sets(padded, members, decides)
    return Predictions(
        task=MLTask.MULTI_LABEL,
        classes=all_classes,
        row_id=rows.astype(np.int64),
        labels=members,
        predicted=predicted,
        probabilities=padded,
    )


def number_predictions(
    given: Sequence[str | None],
    predicted: npt.NDArray[np.floating],
    convention: Convention | None = None,
) -> Predictions:
    """Return rows with a given and a predicted number."""
    encoded = encode_labels(given, MLTask.REGRESSION, convention)
    rows = np.flatnonzero(encoded.is_labeled & np.isfinite(predicted))
    return Predictions(
        task=MLTask.REGRESSION,
        classes=(),
        row_id=rows.astype(np.int64),
        labels=np.asarray(encoded.targets, dtype=np.float64)[rows],
        predicted=predicted[rows].astype(np.float64),
    )


def label_predictions(
    given: Sequence[str | None], predicted: Sequence[str | None], task: MLTask
) -> Predictions:
    """Return labeled rows for which a label is predicted without any probability."""
    encoded = encode_labels(given, task)
    stated = encode_labels(predicted, task)
    rows = np.flatnonzero(encoded.is_labeled & stated.is_labeled)
    classes = _with_new(encoded.classes, stated.classes)
    place = {name: code for code, name in enumerate(classes)}
    coded = []
    for one in (encoded, stated):
        code_of = np.array([place[name] for name in one.classes], dtype=np.int32)
        if task is MLTask.MULTI_LABEL:
            members = np.zeros((len(rows), len(classes)), dtype=bool)
            members[:, code_of] = np.asarray(one.targets, dtype=bool)[rows]
            coded.append(members)
        else:
            coded.append(code_of[one.codes[rows]])
    return Predictions(task, classes, rows.astype(np.int64), *coded)


def predictions_of(
    task: MLTask,
    given: Sequence[str | None],
    classes: Sequence[str],
    values: npt.NDArray[np.float32],
    convention: Convention | None = None,
    chosen_on: npt.NDArray[np.bool_] | None = None,
) -> Predictions:
    """Return labeled rows with what a model of the task says of them.

    Parameters
    ----------
    task, classes
        What is predicted, and the classes that the model knows.
    given
        The label of each row.
    values
        Probabilities, shape (n, K), or numbers, shape (n, 1); NaN where nothing is predicted.
    convention
        How given numbers are read.
    chosen_on
        The rows on which the threshold of sets is chosen; None is all.
    """
    if task is MLTask.REGRESSION:
        return number_predictions(given, values[:, 0], convention)
    if task is MLTask.MULTI_LABEL:
        return set_predictions(given, classes, values, chosen_on)
    return class_predictions(given, classes, values)


def _likely_sets(
    probabilities: npt.NDArray[np.float32],
    members: npt.NDArray[np.bool_],
    decides: npt.NDArray[np.bool_],
) -> npt.NDArray[np.bool_]:
    """Return the sets above the best threshold of the rows that decide."""
    threshold = best_threshold(probabilities[decides], members[decides])
    predicted: npt.NDArray[np.bool_] = probabilities >= threshold
    empty_fraction = float((~members[decides].any(axis=1)).mean())
    if empty_fraction < MIN_EMPTY_FRACTION:
        with_likeliest(predicted, probabilities)
    return predicted


def _with_new(known: Sequence[str], found: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*known, *found]))


def _rows_of(values: npt.NDArray[Any], rows: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """Return the rows, without a copy where these are all."""
    if len(rows) == len(values):
        return values
    return values[rows]


def _padded(values: npt.NDArray[Any], n_classes: int) -> npt.NDArray[Any]:
    missing = n_classes - values.shape[1]
    if not missing:
        return values
    return np.pad(values, ((0, 0), (0, missing)))
