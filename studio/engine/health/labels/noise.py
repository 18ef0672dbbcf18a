"""The estimated fraction of wrong labels, and the models' accuracy against the true ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.engine.fitting.answers import AnswerCurves
from studio.engine.fitting.calibration import wrong_interval
from studio.engine.fitting.metrics import Probabilities, accuracy
from studio.engine.health.base import Analysis
from studio.engine.issues.labels.label_issue_numbers import distances_and_threshold, gross_errors
from studio.engine.ml_task import MLTask
from studio.engine.schema.health import ClassNoise, LabelNoise
from studio.engine.tasks.multi_label import given_set_probabilities

_LEAST_SKILL = 1 / 3  # fraction of the variance that is predicted


def find_noise(analysis: Analysis) -> LabelNoise | None:
    """Estimate how many labels are wrong, by the rows that are learned from.

    None if no estimate is possible.
    """
    return _FINDERS[analysis.evidence.study.spec.task](analysis)


def _noise_of_classes(analysis: Analysis) -> LabelNoise | None:
    """Estimate the fraction of wrong labels and the accuracy against true ones.

    None with fewer than two classes.

    Notes
    -----
    `wrong_fraction` comes from the ensemble's calibration. A model predicts a wrong label only by
    chance, so accuracy against given labels is `a * t + (1 - a) * f`, where a is the accuracy
    against true labels, and t and f are the probabilities that a row is given its true class and
    any one other class. `held_out_true` is this equation solved for a.
    """
    evidence = analysis.evidence
    is_judged = evidence.study.is_class_learnable & evidence.study.is_learned
    if len(evidence.study.labels.classes) < 2 or not is_judged.any():
        return None
    codes = evidence.study.labels.codes[is_judged]
    pred_probs = evidence.pred_probs[is_judged, : evidence.study.n_learned_classes]
    calibration = evidence.calibration
    held_out = accuracy(pred_probs, codes)
    spread = calibration.given_if_true - calibration.given_if_not
    held_out_true = held_out
    if spread > 0:
        held_out_true = (held_out - calibration.given_if_not) / spread
    low, high = wrong_interval(pred_probs, codes)
    return LabelNoise(
        wrong_fraction=1 - calibration.given_if_true,
        low=low,
        high=high,
        held_out=held_out,
        held_out_true=min(1.0, max(0.0, held_out_true)),
    )


def _noise_of_sets(analysis: Analysis) -> LabelNoise | None:
    """Add up the probabilities that answers are wrong, by class and by row."""
    evidence = analysis.evidence
    answers = evidence.calibration.answers
    is_learned = evidence.study.is_learned
    if answers is None or not is_learned.any():
        return None
    members = np.asarray(evidence.study.labels.targets, dtype=bool)[is_learned]
    pred_probs = evidence.pred_probs[is_learned]
    applies = answers.if_given(pred_probs, members)
    given_wrongly = np.where(members, 1 - applies, 0.0).sum(axis=0)
    missing = np.where(members, 0.0, applies).sum(axis=0)
    classes = []
    for code in np.argsort(-(given_wrongly + missing), kind="stable").tolist():
        if code >= evidence.study.n_learned_classes:
            continue
        classes.append(
            ClassNoise(
                name=evidence.study.labels.classes[code],
                n_given=int(members[:, code].sum()),
                n_given_wrongly=round(float(given_wrongly[code])),
                n_missing=round(float(missing[code])),
            )
        )
    return LabelNoise(
        wrong_fraction=_wrong_fraction(answers, pred_probs, members),
        low=_wrong_fraction(answers.at_least, pred_probs, members),
        high=_wrong_fraction(answers.at_most, pred_probs, members),
        classes=tuple(classes),
    )


def _wrong_fraction(
    answers: AnswerCurves, pred_probs: Probabilities, members: npt.NDArray[np.bool_]
) -> float:
    """Return the expected fraction of rows with at least one wrong answer."""
    applies = answers.if_given(pred_probs, members)
    return 1 - float(given_set_probabilities(applies, members).prod(axis=1).mean())


def _noise_of_numbers(analysis: Analysis) -> LabelNoise | None:
    """Estimate the fraction of gross errors and their median size.

    None where models predict so little that gross errors cannot be told from unexplained variance.
    """
    evidence = analysis.evidence
    is_learned = evidence.study.is_learned
    if evidence.predictions is None or not is_learned.any():
        return None
    errors = gross_errors(evidence)
    if errors.skill < _LEAST_SKILL:
        return None
    distances = distances_and_threshold(evidence)[0][is_learned]
    given = np.asarray(evidence.study.labels.targets, dtype=np.float64)[is_learned]
    residuals = np.abs(given - evidence.predictions[is_learned, 0])
    wrong = errors.wrong(distances)
    distance = None
    if wrong.sum() >= 1:
        # The median of the residuals, weighted by the probability that the number is wrong
        largest_first = np.argsort(-residuals)
        half = np.searchsorted(np.cumsum(wrong[largest_first]), wrong.sum() / 2)
        distance = float(residuals[largest_first][half])
    per_fraction = float(wrong.mean()) / errors.fraction
    low, high = (min(1.0, per_fraction * end) for end in errors.interval)
    return LabelNoise(float(wrong.mean()), low, high, distance=distance)


_FINDERS = {
    MLTask.MULTI_CLASS: _noise_of_classes,
    MLTask.MULTI_LABEL: _noise_of_sets,
    MLTask.REGRESSION: _noise_of_numbers,
}
