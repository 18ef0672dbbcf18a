"""From which probability on a class is predicted, chosen by what matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from studio.engine.conventions.label_sets import join_labels, split_labels
from studio.engine.errors import DataProblem
from studio.engine.evaluation.metrics.class_ranks import ThresholdTable
from studio.engine.evaluation.uncertainty.resampling import Floats
from studio.engine.ml_task import MLTask


class Aim(StrEnum):
    """What a threshold is chosen by."""

    PRECISION = "precision"
    RECALL = "recall"
    F1 = "f1"
    COST = "cost"


@dataclass(frozen=True, slots=True)
class Choice:
    """A threshold and what it brings on the rows that it was chosen on."""

    threshold: float
    true_positives: int
    false_positives: int
    false_negatives: int
    precision: float | None
    recall: float


def choose_threshold(
    table: ThresholdTable,
    aim: Aim,
    target: float = 0.0,
    costs: tuple[float, float] = (1.0, 1.0),
) -> Choice:
    """Choose the threshold of one class.

    Parameters
    ----------
    table
        What each threshold brings.
    aim
        A precision of at least `target` with the highest recall; a recall of at least `target` with
        the highest precision; the best F1; or the least cost.
    target
        Between 0 and 1.
    costs
        Of a row that is wrongly predicted with the class, and of one that is missed.

    Raises
    ------
    DataProblem
        Where no threshold reaches the target.
    """
    found = np.asarray(table.true_positives, dtype=np.float64)
    wrong = np.asarray(table.false_positives, dtype=np.float64)
    missed = table.n_positive - found
    precision = found / np.maximum(found + wrong, 1)
    recall = found / max(table.n_positive, 1)
    match aim:
        case Aim.PRECISION:
            worth = np.where(precision >= target, recall, -1.0)
        case Aim.RECALL:
            worth = np.where(recall >= target, precision, -1.0)
        case Aim.F1:
            worth = 2 * found / np.maximum(2 * found + wrong + missed, 1)
        case Aim.COST:
            worth = -(costs[0] * wrong + costs[1] * missed)
    if aim in (Aim.PRECISION, Aim.RECALL) and worth.max() < 0:
        reached = float((precision if aim is Aim.PRECISION else recall).max())
        raise DataProblem(
            f"No threshold reaches a {aim.value} of {target:.1%}; the highest is {reached:.1%}."
            " Ask for less."
        )
    return _choice(table, int(np.argmax(worth)), precision, recall)


def _choice(table: ThresholdTable, place: int, precision: Floats, recall: Floats) -> Choice:
    found = table.true_positives[place]
    return Choice(
        threshold=table.thresholds[place],
        true_positives=found,
        false_positives=table.false_positives[place],
        false_negatives=table.n_positive - found,
        precision=float(precision[place]),
        recall=float(recall[place]),
    )


def figures_at(table: ThresholdTable, threshold: float) -> Choice:
    """Return what a threshold brings: as the lowest one of the table that is not below it."""
    reached = [place for place, one in enumerate(table.thresholds) if one >= threshold - 1e-9]
    found = np.asarray(table.true_positives, dtype=np.float64)
    wrong = np.asarray(table.false_positives, dtype=np.float64)
    if not reached:
        return Choice(threshold, 0, 0, table.n_positive, None, 0.0)
    precision = found / np.maximum(found + wrong, 1)
    recall = found / max(table.n_positive, 1)
    return replace(_choice(table, reached[-1], precision, recall), threshold=threshold)


def labels_by_threshold(
    probabilities: npt.NDArray[np.float32],
    suggested: Sequence[str],
    classes: Sequence[str],
    thresholds: Mapping[str, float],
    task: MLTask,
) -> list[str]:
    """Return the suggested labels where some classes are predicted from a threshold on.

    Notes
    -----
    One class per row: of the classes that reach their threshold, the one that exceeds it by the
    largest factor; where none does, the likeliest of the classes without a threshold, or of all if
    each has one. A set: a class with a threshold is in it where it reaches that.
    """
    place = {name: code for code, name in enumerate(classes)}
    chosen = {place[name]: value for name, value in thresholds.items() if name in place}
    if not chosen:
        return list(suggested)
    if task is MLTask.MULTI_LABEL:
        return [
            _set_by_threshold(set(split_labels(label)), row, classes, chosen)
            for label, row in zip(suggested, probabilities, strict=True)
        ]
    return [classes[code] for code in codes_by_threshold(probabilities, chosen).tolist()]


def codes_by_threshold(
    probabilities: npt.NDArray[np.float32],
    chosen: Mapping[int, float],
    likeliest: npt.NDArray[np.int32] | None = None,
) -> npt.NDArray[np.int32]:
    """Return the class of each row.

    `chosen` has the thresholds by the codes of their classes, `likeliest` the likeliest class of
    each row if it is known.
    """
    codes = np.array(list(chosen), dtype=np.int64)
    predicted = np.full(len(probabilities), -1, dtype=np.int32)
    largest_factor = np.zeros(len(probabilities))
    for code, bound in chosen.items():
        stated = probabilities[:, code].astype(np.float64)
        factor = stated / max(bound, 1e-6)
        is_chosen = (stated >= bound) & ((predicted < 0) | (factor > largest_factor))
        predicted[is_chosen] = code
        largest_factor[is_chosen] = factor[is_chosen]
    others = np.flatnonzero(predicted < 0)
    if likeliest is not None:
        predicted[others] = likeliest[others]
        if len(chosen) == probabilities.shape[1]:
            return predicted
        others = others[np.isin(likeliest[others], codes)]
    of_others = probabilities[others]
    if len(chosen) < probabilities.shape[1]:
        of_others[:, codes] = -1
    predicted[others] = np.argmax(of_others, axis=1)
    return predicted


def _set_by_threshold(
    names: set[str],
    row: npt.NDArray[np.float32],
    classes: Sequence[str],
    chosen: Mapping[int, float],
) -> str:
    for code, bound in chosen.items():
        if row[code] >= bound:
            names.add(classes[code])
        else:
            names.discard(classes[code])
    return join_labels(sorted(names))
