"""Compares candidates by their out-of-sample predictions, and combines them in an ensemble."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from studio.engine.fitting.calibration import Calibration
from studio.engine.fitting.candidate import Candidate
from studio.engine.fitting.ensemble import ensemble_weights, towards_equal
from studio.engine.fitting.learners import Predicted
from studio.engine.labels.encoding import Labels
from studio.engine.model_selection.crossval import OutOfSample
from studio.engine.schema import CandidateResult
from studio.engine.tasks.base import Quality, TaskRecipe

ENSEMBLE_KEY = "ensemble"


@dataclass(frozen=True, slots=True)
class Member:
    """A candidate with its calibration and its weight in the ensemble."""

    candidate: Candidate
    calibration: Calibration
    weight: float


@dataclass(frozen=True, slots=True)
class Votes:
    """What models find likeliest out of sample.

    Attributes
    ----------
    voters
        Their names, the heaviest first.
    values
        Shape (n_rows, n_voters); see `TaskRecipe.votes`.
    """

    voters: tuple[str, ...] = ()
    values: npt.NDArray[np.generic] | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """The results of cross-validation.

    Attributes
    ----------
    predicted
        Calibrated out-of-sample predictions of the ensemble, shape (n_rows, P).
    calibration
        That of the ensemble; it includes the noise of the given labels.
    members
        All candidates with their weights, in the order of `CANDIDATES`.
    candidates
        The table of models, best first, the ensemble among them.
    best_predicted
        Calibrated out-of-sample predictions of the first model of that table, shape (n_rows, P).
    simple
        Calibrated out-of-sample predictions of the first additive candidate, shape (n_rows, P);
        None if there is no such candidate.
    votes
        Those of the candidates that have a weight.
    """

    predicted: Predicted
    calibration: Calibration
    members: tuple[Member, ...]
    candidates: tuple[CandidateResult, ...]
    best_predicted: Predicted
    simple: Predicted | None
    votes: Votes

    @property
    def heaviest(self) -> Member:
        """The candidate with the largest weight in the ensemble."""
        return max(self.members, key=lambda member: member.weight)


def assess(
    fits: Sequence[OutOfSample],
    labels: Labels,
    recipe: TaskRecipe,
    is_learnable: npt.NDArray[np.bool_] | None = None,
    preferred: str = "",
) -> Assessment:
    """Calibrate the candidates, weigh them, and measure each of them and their ensemble.

    Parameters
    ----------
    fits
        Out-of-sample predictions of each candidate.
    labels
        Given labels of n_rows rows; quality is measured on those that are labeled.
    recipe
        That of the task.
    is_learnable
        Whether a row's label also occurs outside its fold, shape (n_rows,). Only such rows show how
        probabilities relate to labels, so only they decide calibrations and weights. None, or none
        of them: all labeled rows decide.
    preferred
        Key of a model that comes first in the table, even if others are better.
    """
    is_labeled = labels.is_labeled
    targets = labels.targets[is_labeled]
    decides = is_labeled
    if is_learnable is not None and is_learnable.any():
        decides = is_learnable
    deciding = labels.targets[decides]
    calibrations = []
    calibrated = []
    columns_by_fit = []
    mean_losses = []
    for fit in fits:
        calibration = recipe.calibration(fit.predicted[decides], deciding)
        predicted = recipe.calibrated(fit.predicted, calibration)
        column = recipe.column(predicted[decides], deciding)
        calibrations.append(calibration)
        calibrated.append(predicted)
        columns_by_fit.append(column)
        mean_losses.append(float(recipe.losses(column, deciding, calibration).mean()))

    # Losses of mixtures allow for wrong labels as the best candidate's do: there is no calibration
    # of a mixture before its weights are known.
    best = calibrations[int(np.argmin(mean_losses))]
    losses = partial(recipe.losses, targets=deciding, calibration=best)
    columns = np.column_stack(columns_by_fit)
    weights = ensemble_weights(columns, losses)
    if labels.classes:  # losses of numbers are unbounded
        weights = towards_equal(weights, columns, losses)
    mixed = recipe.combined(calibrated, weights.tolist())
    ensemble_calibration = recipe.mixture_calibration(mixed[decides], deciding)
    ensemble = recipe.calibrated(mixed, ensemble_calibration)

    members = []
    rows = []
    for fit, predicted, calibration, weight in zip(
        fits, calibrated, calibrations, weights.tolist(), strict=True
    ):
        members.append(Member(fit.candidate, calibration, weight))
        quality = recipe.quality(predicted[is_labeled], targets, calibration)
        rows.append(_row(fit, quality, weight))
    quality = recipe.quality(ensemble[is_labeled], targets, ensemble_calibration)
    rows.append(_ensemble_row(quality, rows))
    table = tuple(sorted(rows, key=lambda row: (row.key != preferred, -row.accuracy, row.log_loss)))

    best_predicted = ensemble
    simple = None
    for fit, predicted in zip(fits, calibrated, strict=True):
        if fit.candidate.key == table[0].key:
            best_predicted = predicted
        if simple is None and fit.candidate.is_additive:
            simple = predicted

    voting = [int(k) for k in np.argsort(-weights, kind="stable") if weights[k] > 0]
    votes = Votes(
        tuple(fits[k].candidate.name for k in voting),
        recipe.votes([calibrated[k] for k in voting]),
    )
    return Assessment(
        predicted=ensemble,
        calibration=ensemble_calibration,
        members=tuple(members),
        candidates=table,
        best_predicted=best_predicted,
        simple=simple,
        votes=votes,
    )


def _row(fit: OutOfSample, quality: Quality, weight: float) -> CandidateResult:
    return CandidateResult(
        key=fit.candidate.key,
        name=fit.candidate.name,
        accuracy=quality.accuracy,
        log_loss=quality.log_loss,
        ece=quality.ece,
        weight=weight,
        training_time_s=fit.training_time_s,
        inference_time_s=fit.inference_time_s,
    )


def _ensemble_row(quality: Quality, rows: Sequence[CandidateResult]) -> CandidateResult:
    used = [row for row in rows if row.weight > 0]
    return CandidateResult(
        key=ENSEMBLE_KEY,
        name="Ensemble Predictor",
        accuracy=quality.accuracy,
        log_loss=quality.log_loss,
        ece=quality.ece,
        weight=1.0,
        training_time_s=sum(row.training_time_s for row in used),
        inference_time_s=sum(row.inference_time_s for row in used),
    )
