"""Fits every candidate on all folds but one and predicts the rows that it has not seen."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import sklearn
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from studio.engine.candidates import Candidate
from studio.engine.features.base import Matrix
from studio.engine.folds import NO_FOLD
from studio.engine.metrics import Probabilities
from studio.engine.models.base import Classifier
from studio.engine.resources import Resources
from studio.engine.rows import digest
from studio.engine.study import Study

STAGE = "Training models"


@dataclass(frozen=True, slots=True)
class OutOfSample:
    """A candidate's probabilities for rows that its models did not see.

    `pred_probs`, shape (n_rows, K): a labeled row's come from the fold that held it out, an unlabeled row's are the
    mean over all folds. The times are sums over the folds, in seconds.
    """

    candidate: Candidate
    pred_probs: Probabilities
    training_time_s: float
    inference_time_s: float


@dataclass(frozen=True, slots=True)
class FoldFit:
    """One candidate's predictions of one fold's held-out rows, then of all unlabeled rows."""

    pred_probs: Probabilities
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
        kept in the cache, so a second attempt continues. Native thread pools are bound to one thread within a fit.

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


def fit_bounded(classifier: Classifier, features: Matrix, codes: npt.NDArray[np.int32]) -> None:
    """Fit with one native thread: two OpenMP threads beside a busy process were measured 100 times slower."""
    with threadpool_limits(limits=1):
        classifier.fit(features, codes)


def predict_aligned(classifier: Classifier, features: Matrix, n_classes: int) -> Probabilities:
    """Return probabilities with a column for every class, 0 for those that the classifier has not seen, (n, K)."""
    aligned = np.zeros((features.shape[0], n_classes), dtype=np.float32)
    if features.shape[0]:
        with threadpool_limits(limits=1):
            aligned[:, classifier.classes_] = classifier.predict_proba(features)
    return aligned


def _run(fits: Sequence[_Fit], study: Study, n_jobs: int) -> Iterator[tuple[_Fit, FoldFit]]:
    jobs = (
        delayed(_fit_fold)(
            position,
            fit.candidate.make(study.spec.seed),
            study.views.matrix(fit.candidate.view),
            study.labels.codes,
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
    classifier: Classifier,
    features: Matrix,
    codes: npt.NDArray[np.int32],
    fold_id: npt.NDArray[np.int16],
    fold: int,
) -> tuple[int, FoldFit]:
    seen = np.flatnonzero((fold_id != fold) & (fold_id != NO_FOLD))
    asked = _asked(fold_id, fold)
    n_classes = int(codes.max()) + 1
    started = time.perf_counter()
    if len(np.unique(codes[seen])) == 1:
        # So few rows that no other class is left to learn: the one class is all that can be predicted.
        pred_probs = np.zeros((len(asked), n_classes), dtype=np.float32)
        pred_probs[:, codes[seen][0]] = 1.0
        return position, FoldFit(pred_probs, time.perf_counter() - started, 0.0)
    fit_bounded(classifier, features[seen], codes[seen])
    fitted = time.perf_counter()
    pred_probs = predict_aligned(classifier, features[asked], n_classes)
    return position, FoldFit(pred_probs, fitted - started, time.perf_counter() - fitted)


def _asked(fold_id: npt.NDArray[np.int16], fold: int) -> npt.NDArray[np.int64]:
    return np.concatenate([np.flatnonzero(fold_id == fold), np.flatnonzero(fold_id == NO_FOLD)])


def _assembled(candidate: Candidate, fits: Sequence[FoldFit], study: Study) -> OutOfSample:
    fold_id = study.fold_id
    pred_probs = np.zeros((len(fold_id), len(study.labels.classes)), dtype=np.float32)
    for fold, fit in enumerate(fits):
        n_held_out = int(np.sum(fold_id == fold))
        pred_probs[fold_id == fold] = fit.pred_probs[:n_held_out]
        pred_probs[fold_id == NO_FOLD] += fit.pred_probs[n_held_out:] / np.float32(len(fits))
    return OutOfSample(
        candidate,
        pred_probs,
        training_time_s=sum(fit.training_time_s for fit in fits),
        inference_time_s=sum(fit.inference_time_s for fit in fits),
    )


def _fit_key(candidate: Candidate, study: Study, fold: int) -> str:
    seed = study.spec.seed
    numbers = f"{fold} {seed} {len(study.labels.classes)} scikit-learn {sklearn.__version__}"
    features, model = study.views.key(candidate.view), candidate.signature(seed)
    return digest("fit", features, model, study.labels.codes, study.fold_id, numbers)


def _stored(key: str, resources: Resources) -> FoldFit | None:
    arrays = resources.cache.get(key)
    if arrays is None:
        return None
    training, inference = arrays["seconds"].tolist()
    return FoldFit(np.asarray(arrays["pred_probs"], dtype=np.float32), training, inference)


def _as_arrays(fit: FoldFit) -> dict[str, npt.NDArray[np.generic]]:
    seconds = np.array([fit.training_time_s, fit.inference_time_s])
    return {"pred_probs": fit.pred_probs, "seconds": seconds}
