"""Predictions of a model that was trained elsewhere, in the place of cross-validated ones."""

from __future__ import annotations

import numpy as np

from studio.engine.fitting.candidate import Candidate, Model
from studio.engine.fitting.learners import Predicted
from studio.engine.labels.encoding import Labels
from studio.engine.ml_task import MLTask
from studio.engine.model_selection.assessment import Assessment, assess
from studio.engine.model_selection.crossval import OutOfSample
from studio.engine.schema.provided import ProvidedPredictions
from studio.engine.study.study import Study
from studio.engine.tasks.registry import RECIPES

PROVIDED_KEY = "provided"


def assess_provided(study: Study, provided: ProvidedPredictions) -> Assessment:
    """Calibrate and measure provided predictions as if they were those of a candidate."""
    candidate = Candidate(
        key=PROVIDED_KEY,
        name=provided.name,
        modality=study.spec.modality,
        modes=frozenset({study.spec.mode}),
        view="",
        make=_refuse,
        suits=lambda size: True,
        tasks=frozenset({study.spec.task}),
    )
    predicted = provided.values[study.order]
    if study.spec.task is MLTask.REGRESSION:
        predicted = _in_scale(study.labels, predicted)
    else:
        predicted = _of_classes(study.labels, provided.classes, predicted, study.spec.task)
    fit = OutOfSample(candidate, predicted, training_time_s=0.0, inference_time_s=0.0)
    return assess([fit], study.labels, RECIPES[study.spec.task])


def _in_scale(labels: Labels, predicted: Predicted) -> Predicted:
    """Return numbers that can be compared by ratio, where that is the labels' scale."""
    if not labels.scale.is_by_ratio:
        return predicted
    return labels.scale.given(labels.scale.scaled(predicted)).astype(np.float32)


def _of_classes(
    labels: Labels, classes: tuple[str, ...], predicted: Predicted, task: MLTask
) -> Predicted:
    """Return the probabilities in the order of the labels' classes, 0 for an unknown class."""
    place = {name: column for column, name in enumerate(classes)}
    ordered = np.zeros((len(predicted), len(labels.classes)), dtype=np.float32)
    for column, name in enumerate(labels.classes):
        if name in place:
            ordered[:, column] = predicted[:, place[name]]
    if task is MLTask.MULTI_CLASS:
        totals = ordered.sum(axis=1, keepdims=True)
        uniform = np.float32(1 / len(labels.classes))
        ordered = np.where(totals > 0, ordered / np.maximum(totals, 1e-12), uniform)
    return ordered


def _refuse(seed: int) -> Model:
    raise NotImplementedError("predictions that are provided cannot be fitted")
