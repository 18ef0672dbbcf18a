"""Which candidates are fitted on the other folds, after all were tried on the first one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from studio.engine.model_selection.crossval import Trial
from studio.engine.progress import Progress
from studio.engine.study.folds import NO_FOLD
from studio.engine.study.study import Study
from studio.engine.tasks.registry import recipe_of

MIN_ROWS = 2_000  # labeled; with fewer, one fold is too noisy, and fits take seconds anyway
MAX_LOSS_RATIO = 1.5  # to the best; a worse candidate gets no share in an ensemble ...
MAX_ACCURACY_LAG = 0.1  # ... unless it is nearly as often right


@dataclass(frozen=True, slots=True)
class MeasuredTrial:
    """A candidate's trial with its loss and accuracy on the rows of the fold."""

    trial: Trial
    loss: float
    accuracy: float

    @property
    def name(self) -> str:
        return self.trial.candidate.name


def choose(
    trials: Sequence[Trial], study: Study, *, n_jobs: int, progress: Progress
) -> list[Trial]:
    """Return the trials of candidates to fit on all folds, and log why others are left out.

    Parameters
    ----------
    trials
        Each candidate on the first fold.
    study
        Its spec's `budget_s` bounds the seconds of all fits together; 0 is no bound. The best
        candidate always stays.
    n_jobs
        Fits side by side.
    """
    measured = [_measured(trial, study) for trial in trials]
    if len(measured) < 2:
        return list(trials)
    best = min(measured, key=lambda one: one.loss)
    kept = measured
    n_labeled = int((study.fold_id != NO_FOLD).sum())
    if n_labeled >= MIN_ROWS:
        kept = []
        for one in measured:
            is_lossy = one.loss > MAX_LOSS_RATIO * best.loss
            if is_lossy and one.accuracy < best.accuracy - MAX_ACCURACY_LAG:
                progress.log(
                    f"{one.name}: left out after one fold, as its loss of {one.loss:.3f} is far"
                    f" above the best ({best.name}, {best.loss:.3f})"
                )
            else:
                kept.append(one)
    if study.spec.budget_s:
        kept = _within_budget(kept, best, study, n_jobs=n_jobs, progress=progress)
    return [one.trial for one in kept]


def _within_budget(
    kept: list[MeasuredTrial], best: MeasuredTrial, study: Study, *, n_jobs: int, progress: Progress
) -> list[MeasuredTrial]:
    while len(kept) > 1:
        seconds_per_fold = sum(one.trial.seconds for one in kept)
        expected_s = seconds_per_fold * study.n_folds / max(1, n_jobs)
        if expected_s <= study.spec.budget_s:
            break
        slowest = max((one for one in kept if one is not best), key=lambda one: one.trial.seconds)
        progress.log(
            f"{slowest.name}: left out, as all folds would take {expected_s:,.0f} s, more than the"
            f" {study.spec.budget_s:,.0f} s that are allowed"
        )
        kept = [one for one in kept if one is not slowest]
    return kept


def _measured(trial: Trial, study: Study) -> MeasuredTrial:
    recipe = recipe_of(study.spec)
    targets = study.labels.targets[np.flatnonzero(study.fold_id == 0)]
    calibration = recipe.calibration(trial.predicted, targets)
    calibrated = recipe.calibrated(trial.predicted, calibration)
    losses = recipe.losses(recipe.column(calibrated, targets), targets, calibration)
    accuracy = recipe.quality(calibrated, targets, calibration).accuracy
    return MeasuredTrial(trial, float(losses.mean()), accuracy)
