"""Fits every candidate on all folds but one and predicts the rows that it has not seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import sklearn
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

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
class Trial:
    """A candidate on the first fold: predictions of its held-out rows, shape (n_held_out, P), and seconds."""

    candidate: Candidate
    predicted: Predicted
    seconds: float


Choose: TypeAlias = Callable[[Sequence[Trial]], Sequence[Trial]]


@dataclass(frozen=True, slots=True)
class _Fit:
    """A fit to be done: which candidate, which fold, and where its result is kept."""

    candidate: Candidate
    fold: int
    key: str


def cross_validate(
    candidates: Sequence[Candidate], study: Study, resources: Resources, *, choose: Choose = list
) -> list[OutOfSample]:
    """Predict every row out of sample with every candidate that proves itself on the first fold.

    Parameters
    ----------
    candidates
        The models to fit.
    study
        n rows with their labels, folds and views.
    resources
        `n_jobs` fits run side by side in threads of this process. Finished fits are
        kept in the cache, so a second attempt continues.
    choose
        Says which candidates go on to the other folds.

    Returns
    -------
    list of OutOfSample
        In the order of the candidates.
    """
    folds = range(study.n_folds)
    fits = {(one.key, fold): _Fit(one, fold, _fit_key(one, study, fold)) for one in candidates for fold in folds}
    n_held_out = int(np.sum(study.fold_id == 0))
    done = _fitted([fits[one.key, 0] for one in candidates], study, resources, n_total=len(fits))
    tried = [(one, done[fits[one.key, 0].key]) for one in candidates]
    trials = [Trial(one, fit.predicted[:n_held_out], fit.training_time_s + fit.inference_time_s) for one, fit in tried]
    chosen = [trial.candidate for trial in choose(trials)]
    others = [fits[one.key, fold] for one in chosen for fold in folds[1:]]
    done |= _fitted(others, study, resources, n_before=len(candidates), n_total=len(candidates) + len(others))
    return [_assembled(one, [done[fits[one.key, fold].key] for fold in folds], study) for one in chosen]


def _fitted(
    fits: Sequence[_Fit], study: Study, resources: Resources, *, n_before: int = 0, n_total: int
) -> dict[str, FoldFit]:
    """Return the results by key: those that are kept, and the others once they are computed."""
    done = {fit.key: stored for fit in fits if (stored := _stored(fit.key, resources)) is not None}
    waiting = [fit for fit in fits if fit.key not in done]
    for view in dict.fromkeys(fit.candidate.view for fit in waiting):
        study.views.matrix(view)  # under its own stage, before the fits are counted
    resources.progress(STAGE, n_before + len(done), n_total)
    for fit, result in _run(waiting, study, resources.n_jobs):
        resources.cache.put(fit.key, _as_arrays(result))
        done[fit.key] = result
        resources.progress(STAGE, n_before + len(done), n_total)
    return done


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
    n_fits = max(1, min(n_jobs, len(fits)))
    # Threads of this process, unless whoever runs the engine has named a cluster: the models compute outside Python's
    # lock, and processes would each load the libraries and hold the features anew. Native pools are bound here, as
    # fits that begin and end side by side would undo each other's bounds.
    with threadpool_limits(limits=1):
        for position, result in Parallel(n_jobs=n_fits, prefer="threads", return_as="generator_unordered")(jobs):
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
