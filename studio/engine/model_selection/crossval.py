"""Fits every candidate on all folds but one and predicts the rows that it has not seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import sklearn
from joblib import Parallel, delayed

from studio.engine.features.base import Matrix
from studio.engine.fitting.candidates import Candidate
from studio.engine.fitting.learners import Learner, Predicted
from studio.engine.labels.encoding import Labels
from studio.engine.runtime.cache import Arrays
from studio.engine.runtime.one_thread import one_thread
from studio.engine.runtime.resources import Resources
from studio.engine.stages import TRAINING_MODELS
from studio.engine.study.folds import NO_FOLD
from studio.engine.study.study import Study
from studio.engine.table.rows import digest
from studio.engine.tasks.registry import RECIPES

_MEMORY = "memory "  # before the names of its arrays in the cache


@dataclass(frozen=True, slots=True)
class OutOfSample:
    """A candidate's predictions for rows that its models did not see.

    `predicted`, shape (n_rows, P), one column per class or one of numbers: a labeled row's come
    from the fold that held it out, an unlabeled row's are the mean over all folds. The times are
    sums over the folds, in seconds.
    """

    candidate: Candidate
    predicted: Predicted
    training_time_s: float
    inference_time_s: float


@dataclass(frozen=True, slots=True)
class FoldFit:
    """One candidate's predictions of one fold's held-out rows, then of all unlabeled rows.

    `memory` is what a later fit may go on from; empty where nobody asked.
    """

    predicted: Predicted
    training_time_s: float
    inference_time_s: float
    memory: Arrays = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trial:
    """A candidate on the first fold: predictions of its held-out rows, shape (n_held_out, P), and
    seconds.
    """

    candidate: Candidate
    predicted: Predicted
    seconds: float


Choose: TypeAlias = Callable[[Sequence[Trial]], Sequence[Trial]]


@dataclass(frozen=True, slots=True)
class _Fit:
    """A fit to be done: which candidate, which fold, to which labels, and where its result is kept.

    `start` is the fit to former labels from which this one goes on.
    """

    candidate: Candidate
    fold: int
    labels: Labels
    key: str
    start: _Fit | None = None


@dataclass(frozen=True, slots=True)
class _Rows:
    """Positions of the rows that a fold's model may be fitted to, and of those that it is asked
    about.
    """

    seen: npt.NDArray[np.int64]
    asked: npt.NDArray[np.int64]


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
        `n_jobs` fits run side by side in threads of this process. Finished fits are kept in the
        cache, so a second attempt continues. Where the study has former labels, models that can go
        on from the fits to those, which are done first if they are not kept.
    choose
        Says which candidates go on to the other folds.

    Returns
    -------
    list of OutOfSample
        In the order of the candidates.
    """
    folds = range(study.n_folds)
    fits = {(one.key, fold): _planned(one, fold, study) for one in candidates for fold in folds}
    n_held_out = int(np.sum(study.fold_id == 0))
    # Where there is a choice, one fold tells. Those that go on from a first run were chosen in it.
    n_at_first = 1 if len(candidates) > 1 and study.former is None else study.n_folds
    at_first = [fits[one.key, fold] for one in candidates for fold in folds[:n_at_first]]
    done = _fitted(at_first, study, resources, n_total=len(fits))
    tried = [(one, done[fits[one.key, 0].key]) for one in candidates]
    trials = [
        Trial(one, fit.predicted[:n_held_out], fit.training_time_s + fit.inference_time_s)
        for one, fit in tried
    ]
    chosen = [trial.candidate for trial in choose(trials)]
    others = [fits[one.key, fold] for one in chosen for fold in folds[n_at_first:]]
    done |= _fitted(
        others, study, resources, n_before=len(at_first), n_total=len(at_first) + len(others)
    )
    return [
        _assembled(one, [done[fits[one.key, fold].key] for fold in folds], study) for one in chosen
    ]


def _planned(candidate: Candidate, fold: int, study: Study) -> _Fit:
    fit = _Fit(candidate, fold, study.labels, _fit_key(candidate, study, study.labels, fold))
    if study.former is None or not _learner(candidate, study).is_warm_startable:
        return fit
    start = _Fit(candidate, fold, study.former, _fit_key(candidate, study, study.former, fold))
    return replace(fit, key=digest("from", start.key, fit.key), start=start)


def _learner(candidate: Candidate, study: Study) -> Learner:
    return RECIPES[study.spec.task].learner(candidate, study.labels, study.spec.seed)


def _fitted(
    fits: Sequence[_Fit], study: Study, resources: Resources, *, n_before: int = 0, n_total: int
) -> dict[str, FoldFit]:
    """Return the results by key: those that are kept, and the others once they are computed."""
    kept = [
        fit for fit in fits if fit.start is None
    ]  # to go on from another fit is quicker than its files are worth
    done = {
        fit.key: replace(stored, memory={})
        for fit in kept
        if (stored := _stored(fit.key, resources)) is not None
    }
    waiting = [fit for fit in fits if fit.key not in done]
    for view in dict.fromkeys(fit.candidate.view for fit in waiting):
        study.views.matrix(view)  # under its own stage, before the fits are counted
    resources.progress(TRAINING_MODELS, n_before + len(done), n_total)
    starts = _starts([fit.start for fit in waiting if fit.start is not None], study, resources)
    for fit, result in _run(waiting, starts, study, resources):
        if fit.start is None:
            resources.cache.put(fit.key, _as_arrays(result))
        done[fit.key] = replace(result, memory={})
        resources.progress(TRAINING_MODELS, n_before + len(done), n_total)
    return done


def _starts(fits: Sequence[_Fit], study: Study, resources: Resources) -> dict[str, FoldFit]:
    """Return the fits that others go on from, by key."""
    kept = {fit.key: _stored(fit.key, resources) for fit in fits}
    starts = {key: stored for key, stored in kept.items() if stored is not None}
    for fit, result in _run([fit for fit in fits if fit.key not in starts], {}, study, resources):
        resources.cache.put(fit.key, _as_arrays(result))
        starts[fit.key] = result
    return starts


def _run(
    fits: Sequence[_Fit], starts: Mapping[str, FoldFit], study: Study, resources: Resources
) -> Iterator[tuple[_Fit, FoldFit]]:
    jobs = (
        delayed(_fit_fold)(
            position,
            _learner(fit.candidate, study),
            study.views.matrix(fit.candidate.view),
            fit.labels.targets,
            _rows(study.fold_id, fit.fold),
            starts[fit.start.key] if fit.start else None,
        )
        for position, fit in enumerate(fits)
    )
    n_fits = max(1, min(resources.n_jobs, len(fits)))
    # Threads of this process, unless whoever runs the engine has named a cluster: the models
    # compute outside Python's lock, and processes would each load the libraries and hold the
    # features anew. Native pools are bound here, as fits that begin and end side by side would undo
    # each other's bounds.
    with one_thread():
        for position, result in Parallel(
            n_jobs=n_fits, prefer="threads", return_as="generator_unordered"
        )(jobs):
            yield fits[position], result


def _fit_fold(
    position: int,
    learner: Learner,
    features: Matrix,
    targets: npt.NDArray[np.generic],
    rows: _Rows,
    start: FoldFit | None,
) -> tuple[int, FoldFit]:
    seen, asked = rows.seen[learner.sample(features.shape[1], targets[rows.seen])], rows.asked
    started = time.perf_counter()
    learner.fit(features[seen], targets[seen], start.memory if start else None)
    fitted = time.perf_counter()
    predicted = learner.predict(features[asked], start.predicted if start else None)
    ended = time.perf_counter()
    memory = {} if start else learner.memory(features, seen, asked)
    return position, FoldFit(predicted, fitted - started, ended - fitted, memory)


def _rows(fold_id: npt.NDArray[np.int16], fold: int) -> _Rows:
    is_unlabeled, is_held_out = fold_id == NO_FOLD, fold_id == fold
    asked = np.concatenate([np.flatnonzero(is_held_out), np.flatnonzero(is_unlabeled)])
    return _Rows(np.flatnonzero(~is_held_out & ~is_unlabeled), asked)


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


def _fit_key(candidate: Candidate, study: Study, labels: Labels, fold: int) -> str:
    seed = study.spec.seed
    numbers = (
        f"{study.spec.task} {fold} {seed} {labels.n_outputs} {labels.scale} scikit-learn"
        f" {sklearn.__version__}"
    )
    features, model = study.views.key(candidate.view), candidate.signature(seed)
    return digest("fit 5", features, model, labels.targets, study.fold_id, numbers)


def _stored(key: str, resources: Resources) -> FoldFit | None:
    arrays = resources.cache.get(key)
    if arrays is None:
        return None
    training, inference = arrays["seconds"].tolist()
    memory = {
        name.removeprefix(_MEMORY): array
        for name, array in arrays.items()
        if name.startswith(_MEMORY)
    }
    return FoldFit(np.asarray(arrays["predicted"], dtype=np.float32), training, inference, memory)


def _as_arrays(fit: FoldFit) -> dict[str, npt.NDArray[np.generic]]:
    seconds = np.array([fit.training_time_s, fit.inference_time_s])
    memory = {_MEMORY + name: array for name, array in fit.memory.items()}
    return {"predicted": fit.predicted, "seconds": seconds, **memory}
