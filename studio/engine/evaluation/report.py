"""The whole evaluation of some rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.engine.evaluation.inputs.predictions import Predictions
from studio.engine.evaluation.metrics.class_ranks import Ranking, rank_classes
from studio.engine.evaluation.metrics.confusion import ConfusionMatrix, confuse
from studio.engine.evaluation.metrics.per_class import ClassFigures, class_table
from studio.engine.evaluation.metrics.row_measures import (
    RowMeasures,
    measure_classes,
    measure_numbers,
    measure_sets,
)
from studio.engine.evaluation.metrics.summary import Summary, summarise
from studio.engine.evaluation.plots.calibration import confidence_histogram, reliability
from studio.engine.evaluation.plots.numbers import (
    predicted_against_given,
    residuals_by_prediction,
)
from studio.engine.evaluation.slices.worst_slices import SliceSearch, find_worst_slices
from studio.engine.groups.partitions import Partition
from studio.engine.ml_task import MLTask


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is known of a model's predictions of some rows.

    Attributes
    ----------
    measures
        What each row adds, kept to compare runs.
    summary
        The metrics.
    per_class
        One row for each class; none for regression.
    confusion
        Which classes are taken for which; None for regression.
    ranking
        How each class's probability ranks rows; None without probabilities.
    slices
        Where the model is worse.
    plots
        The figures behind the remaining pictures, for JSON.
    """

    classes: tuple[str, ...]
    measures: RowMeasures
    summary: Summary
    per_class: list[ClassFigures] = field(default_factory=list)
    confusion: ConfusionMatrix | None = None
    ranking: Ranking | None = None
    slices: SliceSearch | None = None
    plots: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON, without what belongs to single rows."""
        values: dict[str, Any] = {
            "n_rows": len(self.measures),
            "metrics": {key: one.to_dict() for key, one in self.summary.metrics.items()},
            "per_class": [figures.to_dict() for figures in self.per_class],
        }
        if self.confusion is not None:
            values["confusion"] = self.confusion.to_dict(self.classes)
        if self.ranking is not None:
            curves: dict[str, Any] = dict.fromkeys(self.classes)
            for name, rank in zip(self.classes, self.ranking.classes, strict=True):
                if rank.table is not None:
                    curves[name] = rank.table.to_dict()
            values["curves"] = curves
        if self.slices is not None:
            values["slices"] = [one.to_dict() for one in self.slices.slices]
            values["n_slices_tested"] = self.slices.n_tested
        return {**values, **self.plots}


def evaluate(predictions: Predictions, divisions: Iterable[Partition] = ()) -> Evaluation:
    """Measure predictions of at least one row; `divisions` are the groups to look for errors in."""
    if predictions.task is MLTask.REGRESSION:
        measures = measure_numbers(predictions.labels, predictions.predicted)
        grid = predicted_against_given(predictions.labels, predictions.predicted)
        residuals = residuals_by_prediction(predictions.labels, predictions.predicted)
        evaluation = Evaluation(
            classes=(),
            measures=measures,
            summary=summarise(measures),
            plots={"predicted_against_given": grid, "residuals": residuals},
        )
    else:
        evaluation = _of_classes(predictions)
    search = find_worst_slices(predictions.errors(), divisions)
    if not search.n_tested:
        return evaluation
    return replace(evaluation, slices=search)


def _of_classes(predictions: Predictions) -> Evaluation:
    classes = predictions.classes
    labels = predictions.labels
    predicted = predictions.predicted
    probabilities = predictions.probabilities
    ranking = None
    if probabilities is not None:
        ranking = rank_classes(probabilities, partial(_has_class, labels))
    if predictions.task is MLTask.MULTI_LABEL:
        measures = measure_sets(labels, predicted, probabilities, ranking)
    else:
        measures = measure_classes(labels, predicted, len(classes), probabilities, ranking)
    summary = summarise(measures)
    ranks = ranking.classes if ranking else []
    return Evaluation(
        classes=classes,
        measures=measures,
        summary=summary,
        per_class=class_table(measures, classes, summary.class_f1, ranks),
        confusion=confuse(labels, predicted, len(classes), probabilities),
        ranking=ranking,
        plots=_confidence_plots(predictions),
    )


def _has_class(labels: npt.NDArray[Any], code: int) -> npt.NDArray[np.bool_]:
    if labels.ndim == 2:
        return labels[:, code]
    return np.asarray(labels == code)


def _confidence_plots(predictions: Predictions) -> dict[str, Any]:
    """Of a set, each class that is likelier than not is stated with its probability, each other one
    with the rest.
    """
    probabilities = predictions.probabilities
    if probabilities is None:
        return {}
    if predictions.task is MLTask.MULTI_LABEL:
        confidence = np.maximum(probabilities, 1 - probabilities).ravel()
        is_right = ((probabilities >= 0.5) == predictions.labels).ravel()
    else:
        rows = np.arange(len(predictions))
        confidence = probabilities[rows, predictions.predicted]
        is_right = predictions.labels == predictions.predicted
    return {
        "reliability": reliability(confidence, is_right),
        "confidence": confidence_histogram(confidence, is_right),
    }
