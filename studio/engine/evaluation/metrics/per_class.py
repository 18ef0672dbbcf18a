"""Each class on its own, as one against the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from studio.engine.evaluation.metrics.class_ranks import ClassRank
from studio.engine.evaluation.metrics.row_measures import RowMeasures
from studio.engine.evaluation.uncertainty.intervals import UNDEFINED, Estimate, wilson


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One row of the table of classes.

    Attributes
    ----------
    labeled, predicted
        Rows with the class as their label, and with it as their prediction.
    recall
        Of the rows labeled with the class, those that are predicted so (true positive rate).
    precision
        Of the rows predicted with the class, those that are labeled so.
    false_positive_rate, specificity
        Of the rows with another label, those that are predicted with the class, and the others.
    prevalence
        The share of rows that are labeled with the class.
    roc_auc, average_precision
        How well its probability ranks its rows before the others.
    """

    name: str
    labeled: int
    predicted: int
    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int
    recall: Estimate
    precision: Estimate
    f1: Estimate
    false_positive_rate: float | None
    specificity: float | None
    prevalence: float
    roc_auc: Estimate = UNDEFINED
    average_precision: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        values = asdict(self)
        return {"class": values.pop("name"), **values}


def class_table(
    rows: RowMeasures,
    classes: Sequence[str],
    f1: Sequence[Estimate],
    ranks: Sequence[ClassRank],
) -> list[ClassFigures]:
    """Return a row for each class, in their order; no ranks where probabilities are unknown."""
    n_rows = len(rows)
    labeled, predicted, right = _counts(rows)
    table = []
    for code, name in enumerate(classes):
        n_labeled = int(labeled[code])
        n_predicted = int(predicted[code])
        n_right = int(right[code])
        n_others = n_rows - n_labeled
        n_wrong = n_predicted - n_right
        false_positive_rate = None
        specificity = None
        if n_others:
            false_positive_rate = n_wrong / n_others
            specificity = 1 - n_wrong / n_others
        rank = ranks[code] if ranks else ClassRank()
        table.append(
            ClassFigures(
                name=name,
                labeled=n_labeled,
                predicted=n_predicted,
                true_positives=n_right,
                false_positives=n_wrong,
                false_negatives=n_labeled - n_right,
                true_negatives=n_others - n_wrong,
                recall=wilson(n_right, n_labeled),
                precision=wilson(n_right, n_predicted),
                f1=f1[code],
                false_positive_rate=false_positive_rate,
                specificity=specificity,
                prevalence=n_labeled / n_rows,
                roc_auc=rank.roc_auc,
                average_precision=rank.average_precision,
            )
        )
    return table


def _counts(rows: RowMeasures) -> tuple[Any, Any, Any]:
    if rows.labels.ndim == 2:
        right = (rows.labels & rows.predicted).sum(axis=0)
        return rows.labels.sum(axis=0), rows.predicted.sum(axis=0), right
    labeled, predicted, right = (
        np.bincount(codes, minlength=rows.n_classes)
        for codes in (rows.labels, rows.predicted, rows.labels[rows.labels == rows.predicted])
    )
    return labeled, predicted, right
