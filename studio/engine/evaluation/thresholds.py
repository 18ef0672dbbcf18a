"""From which probability on a class is predicted, chosen by what matters."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from studio.engine.errors import DataProblem
from studio.engine.evaluation.class_ranks import ThresholdTable
from studio.engine.evaluation.resampling import Floats


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
