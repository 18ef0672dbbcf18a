"""Fits every candidate on all folds but one and predicts the rows that it has not seen."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import sklearn
from joblib import Parallel, delayed

from studio.engine.candidates import Candidate
from studio.engine.features.base import Matrix
from studio.engine.folds import NO_FOLD
from studio.engine.learners import Learner, Predicted
from studio.engine.resources import Resources
from studio.engine.rows import digest
from studio.engine.study import Study
from studio.engine.tasks.registry import RECIPES

STAGE = "Training models"


@dataclass(frozen=True, slots=True)
class OutOfSample:
    """A candidate's predictions for rows that its models did not see.

    `predicted`, shape (n_rows, P), one column per class or one of numbers: a labeled row's come from the fold that
    held it out, an unlabeled row's are the mean over all folds. The times are sums over the folds, in seconds.
    """

    candidate: Candidate
    predicted: Predicted
    training_time_s: float
    inference_time_s: float


@dataclass(frozen=True, slots=True)
class FoldFit:
    """One candidate's predictions of one fold's held-out rows, then of all unlabeled rows."""

    predicted: Predicted
    training_time_s: float
    inference_time_s: float


@dataclass(frozen=True, slots=True)
class _Fit:
    """A fit to be done: which candidate, which fold, and where its result is kept."""

    candidate: Candidate
    fold: int
    key: str


def cross_validate(candidates: Sequence[Candidate], study: Study, resources: Resources) -> list[OutOfSample]:
    """Predict every row out of sample with every candidate.

    Parameters
    ----------
    candidates
        The models to fit.
    study
        n rows with their labels, folds and views.
    resources
        `n_jobs` fits run side by side in processes; with 1 they run here, one after the other. Finished fits are
        kept in the cache, so a second attempt continues.

    Returns
    -------
    list of OutOfSample
        In the order of the candidates.
    """
    wanted = [_Fit(one, fold, _fit_key(one, study, fold)) for one in candidates for fold in range(study.n_folds)]
    done = {fit.key: stored for fit in wanted if (stored := _stored(fit.key, resources)) is not None}
    waiting = [fit for fit in wanted if fit.key not in done]
    for view in dict.fromkeys(fit.candidate.view for fit in waiting):
        study.views.matrix(view)  # under its own stage, before the fits are counted
    resources.progress(STAGE, len(done), len(wanted))
    for fit, result in _run(waiting, study, resources.n_jobs):
        resources.cache.put(fit.key, _as_arrays(result))
        done[fit.key] = result
        resources.progress(STAGE, len(done), len(wanted))
    return [
        _assembled(candidate, [done[fit.key] for fit in wanted if fit.candidate is candidate], study)
        for candidate in candidates
    ]


def _run(fits: Sequence[_Fit], study: Study, n_jobs: int) -> Iterator[tuple[_Fit, FoldFit]]:
    jobs = (
        delayed(_fit_fold)(
            position,
            RECIPES[study.spec.task].learner(fit.candidate, study.labels.n_outputs, study.spec.seed),
            study.views.matrix(fit.candidate.view),
            study.labels.targets,
            study.fold_id,
            fit.fold,
        )
        for position, fit in enumerate(fits)
    )
    n_processes = max(1, min(n_jobs, len(fits)))
    for position, result in Parallel(n_jobs=n_processes, return_as="generator_unordered")(jobs):
        yield fits[position], result


def _fit_fold(
    position: int,
    learner: Learner,
    features: Matrix,
    targets: npt.NDArray[np.generic],
    fold_id: npt.NDArray[np.int16],
    fold: int,
) -> tuple[int, FoldFit]:
    seen = np.flatnonzero((fold_id != fold) & (fold_id != NO_FOLD))
    asked = _asked(fold_id, fold)
    started = time.perf_counter()
    learner.fit(features[seen], targets[seen])
    fitted = time.perf_counter()
    predicted = learner.predict(features[asked])
    return position, FoldFit(predicted, fitted - started, time.perf_counter() - fitted)


def _asked(fold_id: npt.NDArray[np.int16], fold: int) -> npt.NDArray[np.int64]:
    return np.concatenate([np.flatnonzero(fold_id == fold), np.flatnonzero(fold_id == NO_FOLD)])


def _assembled(candidate: Candidate, fits: Sequence[FoldFit], study: Study) -> OutOfSample:
    fold_id = study.fold_id
    predicted = np.zeros((len(fold_id), study.labels.n_outputs), dtype=np.float32)
    for fold, fit in enumerate(fits):
        n_held_out = int(np.sum(fold_id == fold))
        predicted[fold_id == fold] = fit.predicted[:n_held_out]
        predicted[fold_id == NO_FOLD] += fit.predicted[n_held_out:] / np.float32(len(fits))
    return OutOfSample(
        candidate,
        predicted,
        training_time_s=sum(fit.training_time_s for fit in fits),
        inference_time_s=sum(fit.inference_time_s for fit in fits),
    )


def _fit_key(candidate: Candidate, study: Study, fold: int) -> str:
    seed = study.spec.seed
    numbers = f"{study.spec.task} {fold} {seed} {study.labels.n_outputs} scikit-learn {sklearn.__version__}"
    features, model = study.views.key(candidate.view), candidate.signature(seed)
    return digest("fit", features, model, study.labels.targets, study.fold_id, numbers)


def _stored(key: str, resources: Resources) -> FoldFit | None:
    arrays = resources.cache.get(key)
    if arrays is None:
        return None
    training, inference = arrays["seconds"].tolist()
    return FoldFit(np.asarray(arrays["predicted"], dtype=np.float32), training, inference)


def _as_arrays(fit: FoldFit) -> dict[str, npt.NDArray[np.generic]]:
    seconds = np.array([fit.training_time_s, fit.inference_time_s])
    return {"predicted": fit.predicted, "seconds": seconds}
