"""Cross-validation: fits every candidate on all folds but one and predicts the held-out rows."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import sklearn
from joblib import Parallel, delayed

from studio.engine.features.base import Matrix
from studio.engine.fitting.candidate import Candidate
from studio.engine.fitting.learners import Learner, Predicted
from studio.engine.labels.encoding import Labels
from studio.engine.runtime.cache import Arrays
from studio.engine.runtime.one_thread import one_thread
from studio.engine.runtime.resources import Resources
from studio.engine.schema.class_weights import class_weights_as_json
from studio.engine.stages import TRAINING_MODELS
from studio.engine.study.folds import NO_FOLD
from studio.engine.study.study import Study
from studio.engine.table.rows import digest
from studio.engine.tasks.registry import recipe_of
from studio.engine.warm_start.estimator import FitRows

_STATE = "state "  # prefix of a warm-start state's arrays in the cache


@dataclass(frozen=True, slots=True)
class OutOfSample:
    """A candidate's out-of-sample predictions.

    Attributes
    ----------
    predicted
        Shape (n_rows, P), one column per class or one of numbers. A labeled row's predictions come
        from the fold that held it out, an unlabeled row's are the mean over all folds.
    training_time_s, inference_time_s
        Sums over the folds, in seconds.
    """

    candidate: Candidate
    predicted: Predicted
    training_time_s: float
    inference_time_s: float


@dataclass(frozen=True, slots=True)
class FoldFit:
    """One candidate fitted without one fold.

    Attributes
    ----------
    predicted
        Predictions of the held-out rows, then of all unlabeled rows, shape (m, P).
    state
        What a warm start continues from; empty where none can.
    """

    predicted: Predicted
    training_time_s: float
    inference_time_s: float
    state: Arrays = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trial:
    """A candidate on the first fold.

    Attributes
    ----------
    predicted
        Predictions of the held-out rows, shape (n_held_out, P).
    seconds
        For fitting and predicting.
    """

    candidate: Candidate
    predicted: Predicted
    seconds: float


Choose: TypeAlias = Callable[[Sequence[Trial]], Sequence[Trial]]


@dataclass(frozen=True, slots=True)
class _Job:
    """A fit to be done.

    Attributes
    ----------
    fold
        The fold that is held out.
    key
        Of the result in the cache.
    warm_from
        The fit to the previous labels from which this one continues; None from scratch.
    """

    candidate: Candidate
    fold: int
    labels: Labels
    key: str
    warm_from: _Job | None = None


def cross_validate(
    candidates: Sequence[Candidate], study: Study, resources: Resources, *, choose: Choose = list
) -> list[OutOfSample]:
    """Predict every row out of sample with every candidate chosen on the first fold.

    Parameters
    ----------
    candidates
        The models to fit.
    study
        n rows with their labels, folds and views.
    resources
        `n_jobs` fits run side by side in threads of this process. Finished fits are kept in the
        cache, so a second attempt continues. If the study has previous labels, models that can warm
        start continue from the fits to those, which are done first if they are not cached.
    choose
        Returns the candidates to fit on the other folds.

    Returns
    -------
    list of OutOfSample
        In the order of the candidates.
    """
    folds = range(study.n_folds)
    jobs = {}
    for candidate, fold in itertools.product(candidates, folds):
        jobs[candidate.key, fold] = _job(candidate, fold, study)

    # With several candidates, the first fold decides. A warm start keeps to its first run's choice.
    n_trial_folds = study.n_folds
    if len(candidates) > 1 and study.previous_labels is None:
        n_trial_folds = 1
    trial_keys = itertools.product([one.key for one in candidates], folds[:n_trial_folds])
    trial_jobs = [jobs[key] for key in trial_keys]
    done = _results(trial_jobs, study, resources, n_total=len(jobs))

    n_held_out = int(np.sum(study.fold_id == 0))
    trials = []
    for candidate in candidates:
        fit = done[jobs[candidate.key, 0].key]
        seconds = fit.training_time_s + fit.inference_time_s
        trials.append(Trial(candidate, fit.predicted[:n_held_out], seconds))
    chosen = [trial.candidate for trial in choose(trials)]

    other_keys = itertools.product([one.key for one in chosen], folds[n_trial_folds:])
    other_jobs = [jobs[key] for key in other_keys]
    n_total = len(trial_jobs) + len(other_jobs)
    done |= _results(other_jobs, study, resources, n_before=len(trial_jobs), n_total=n_total)

    results = []
    for candidate in chosen:
        fits = [done[jobs[candidate.key, fold].key] for fold in folds]
        results.append(_assembled(candidate, fits, study))
    return results


def _job(candidate: Candidate, fold: int, study: Study) -> _Job:
    labels = study.labels
    job = _Job(candidate, fold, labels, _fit_key(candidate, study, labels, fold))
    previous = study.previous_labels
    if previous is None or not _learner(candidate, study).is_warm_startable:
        return job
    warm_from = _Job(candidate, fold, previous, _fit_key(candidate, study, previous, fold))
    return replace(job, key=digest("from", warm_from.key, job.key), warm_from=warm_from)


def _learner(candidate: Candidate, study: Study) -> Learner:
    return recipe_of(study.spec).learner(candidate, study.labels, study.spec.seed)


def _results(
    jobs: Sequence[_Job], study: Study, resources: Resources, *, n_before: int = 0, n_total: int
) -> dict[str, FoldFit]:
    """Return the results by key: those in the cache, and the others once they are computed.

    Warm-started fits are cheaper than caching them.
    """
    done = {}
    for job in jobs:
        if job.warm_from is None and (stored := _stored(job.key, resources)) is not None:
            done[job.key] = replace(stored, state={})
    waiting = [job for job in jobs if job.key not in done]
    for view in dict.fromkeys(job.candidate.view for job in waiting):
        study.views.matrix(view)  # under its own stage, before the fits are counted
    resources.progress(TRAINING_MODELS, n_before + len(done), n_total)

    starts = [job.warm_from for job in waiting if job.warm_from is not None]
    previous_fits = _previous_fits(starts, study, resources)
    for job, fit in _run(waiting, previous_fits, study, resources):
        if job.warm_from is None:
            resources.cache.put(job.key, _as_arrays(fit))
        # States can be as large as the features, and nothing continues from these fits in this run.
        done[job.key] = replace(fit, state={})
        resources.progress(TRAINING_MODELS, n_before + len(done), n_total)
    return done


def _previous_fits(jobs: Sequence[_Job], study: Study, resources: Resources) -> dict[str, FoldFit]:
    """Return the fits to the previous labels by key, each with its state."""
    fits = {}
    for job in jobs:
        if (stored := _stored(job.key, resources)) is not None:
            fits[job.key] = stored
    missing = [job for job in jobs if job.key not in fits]
    for job, fit in _run(missing, {}, study, resources):
        resources.cache.put(job.key, _as_arrays(fit))
        fits[job.key] = fit
    return fits


def _run(
    jobs: Sequence[_Job],
    previous_fits: Mapping[str, FoldFit],
    study: Study,
    resources: Resources,
) -> Iterator[tuple[_Job, FoldFit]]:
    """Yield the fits as they end.

    They run in threads of this process, unless the caller has named a cluster: the models compute
    outside Python's lock, and processes would each load the libraries and hold the features again.
    """
    # A generator, so that joblib makes the learner of a fit only when it is that fit's turn.
    calls = (
        delayed(_fit_fold)(
            position,
            _learner(job.candidate, study),
            study.views.matrix(job.candidate.view),
            job.labels.targets,
            _fit_rows(study.fold_id, job.fold),
            previous_fits[job.warm_from.key] if job.warm_from else None,
        )
        for position, job in enumerate(jobs)
    )
    n_jobs = max(1, min(resources.n_jobs, len(jobs)))
    parallel = Parallel(n_jobs=n_jobs, prefer="threads", return_as="generator_unordered")
    # Native pools are bound here, as fits that begin and end side by side would undo each other's
    # bounds.
    with one_thread():
        for position, fit in parallel(calls):
            yield jobs[position], fit


def _fit_rows(fold_id: npt.NDArray[np.int16], fold: int) -> FitRows:
    """Train on the labeled rows of the other folds; predict the held-out, then the unlabeled rows.

    Positions ascend but for the seam.
    """
    is_unlabeled = fold_id == NO_FOLD
    is_held_out = fold_id == fold
    return FitRows(
        train=np.flatnonzero(~is_held_out & ~is_unlabeled),
        predict=np.concatenate([np.flatnonzero(is_held_out), np.flatnonzero(is_unlabeled)]),
    )


def _fit_fold(
    position: int,
    learner: Learner,
    features: Matrix,
    targets: npt.NDArray[np.generic],
    rows: FitRows,
    previous: FoldFit | None,
) -> tuple[int, FoldFit]:
    sampled = learner.sample(features.shape[1], targets[rows.train])
    rows = rows._replace(train=rows.train[sampled])
    state = None
    previous_predictions = None
    if previous is not None:
        state = previous.state
        previous_predictions = previous.predicted

    started = time.perf_counter()
    learner.fit(features[rows.train], targets[rows.train], state)
    fitted = time.perf_counter()
    predicted = learner.predict(features[rows.predict], previous_predictions)
    ended = time.perf_counter()

    # A warm-started fit is never continued from: results depend on two sets of labels alone.
    new_state = {}
    if previous is None:
        new_state = learner.warm_start_state(features, rows)
    return position, FoldFit(predicted, fitted - started, ended - fitted, new_state)


def _assembled(candidate: Candidate, fits: Sequence[FoldFit], study: Study) -> OutOfSample:
    fold_id = study.fold_id
    predicted = np.zeros((len(fold_id), study.labels.n_outputs), dtype=np.float32)
    # A fit's predictions are of the held-out rows first; see `_fit_rows`.
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
    settings = (
        f"{study.spec.task} {fold} {seed} {labels.n_outputs} {labels.scale} scikit-learn"
        f" {sklearn.__version__}"
    )
    if study.spec.class_weights is not None:
        settings += f" weights {class_weights_as_json(study.spec.class_weights)}"
    features = study.views.key(candidate.view)
    model = candidate.signature(seed)
    return digest("fit 6", features, model, labels.targets, study.fold_id, settings)


def _stored(key: str, resources: Resources) -> FoldFit | None:
    arrays = resources.cache.get(key)
    if arrays is None:
        return None
    training_time_s, inference_time_s = arrays["seconds"].tolist()
    state = {
        name.removeprefix(_STATE): array
        for name, array in arrays.items()
        if name.startswith(_STATE)
    }
    predicted = np.asarray(arrays["predicted"], dtype=np.float32)
    return FoldFit(predicted, training_time_s, inference_time_s, state)


def _as_arrays(fit: FoldFit) -> dict[str, npt.NDArray[np.generic]]:
    seconds = np.array([fit.training_time_s, fit.inference_time_s])
    state = {_STATE + name: array for name, array in fit.state.items()}
    return {"predicted": fit.predicted, "seconds": seconds, **state}
