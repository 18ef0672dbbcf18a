"""Chooses a candidate's regularisation, by held-out loss on the data set at hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed

from studio.engine.features.base import Matrix
from studio.engine.fitting.candidate import Candidate
from studio.engine.fitting.learners import taken
from studio.engine.labels.encoding import Labels
from studio.engine.runtime.cache import Cache
from studio.engine.runtime.one_thread import one_thread
from studio.engine.runtime.resources import Resources
from studio.engine.schema.class_weights import class_weights_as_json
from studio.engine.study.folds import NO_FOLD
from studio.engine.study.study import Study
from studio.engine.table.rows import digest
from studio.engine.tasks.registry import recipe_of

_SAMPLE_FRACTION = 1 / 3  # of the labeled rows, which keeps all trials below the time of one fit
_MIN_ROWS = 1_000  # that are tried on where there are as many
_HELD_OUT = 5  # every fifth row


def tuned(candidates: Sequence[Candidate], study: Study, resources: Resources) -> list[Candidate]:
    """Return the candidates, each with the best value of the parameter that it tunes.

    Parameters
    ----------
    candidates
        Candidates without a parameter to tune are returned as they are.
    study
        Its previous labels decide if it has any: warm starts continue from fits tuned to them.

    Notes
    -----
    On a third of the rows, evenly spaced, values are tried from the simplest fit on until the loss
    on a held-out fifth rises; the loss is that of calibrated probabilities. The folds are not
    respected, so one number per candidate depends on rows that are held out later.
    """
    labels = study.previous_labels or study.labels
    rows = _sample(study)
    waiting = [
        candidate
        for candidate in candidates
        if candidate.tuning is not None and study.spec.task in candidate.tuned_tasks
    ]
    # Here, before threads ask for the same view side by side.
    for view in dict.fromkeys(candidate.view for candidate in waiting):
        study.views.matrix(view)
    n_jobs = max(1, min(resources.n_jobs, len(waiting)))
    with one_thread():
        chosen = Parallel(n_jobs=n_jobs, prefer="threads")(
            delayed(_chosen)(candidate, study, labels, rows, resources.cache)
            for candidate in waiting
        )
    tuned_by_key = {candidate.key: candidate for candidate in chosen}
    return [tuned_by_key.get(candidate.key, candidate) for candidate in candidates]


def _sample(study: Study) -> npt.NDArray[np.int64]:
    """Return evenly spaced labeled rows, ascending."""
    labeled = np.flatnonzero(study.fold_id != NO_FOLD)
    n_rows = min(len(labeled), max(_MIN_ROWS, round(_SAMPLE_FRACTION * len(labeled))))
    places = np.unique(np.linspace(0, len(labeled) - 1, n_rows).astype(np.int64))
    return np.asarray(labeled[places])


def _chosen(
    candidate: Candidate, study: Study, labels: Labels, rows: npt.NDArray[np.int64], cache: Cache
) -> Candidate:
    variants = candidate.variants
    signatures = [variant.signature(study.spec.seed) for variant in variants]
    view = study.views.key(candidate.view)
    settings = str(labels.scale)
    if study.spec.class_weights is not None:
        settings += f" weights {class_weights_as_json(study.spec.class_weights)}"
    key = digest("tuning 1", view, *signatures, labels.targets, rows, settings)
    if (stored := cache.get(key)) is not None:
        return variants[int(stored["place"][0])]
    place = _best(variants, study.views.matrix(candidate.view)[rows], labels, rows, study)
    cache.put(key, {"place": np.array([place])})
    return variants[place]


def _best(
    variants: Sequence[Candidate],
    features: Matrix,
    labels: Labels,
    rows: npt.NDArray[np.int64],
    study: Study,
) -> int:
    recipe = recipe_of(study.spec)
    targets = labels.targets[rows]
    is_held_out = np.arange(len(rows)) % _HELD_OUT == _HELD_OUT - 1
    train = np.flatnonzero(~is_held_out)
    held_out = np.flatnonzero(is_held_out)
    if not len(held_out):  # fewer than five rows
        return 0
    losses: list[float] = []
    for variant in variants:
        learner = recipe.learner(variant, labels, study.spec.seed)
        sampled = train[learner.sample(features.shape[1], targets[train])]
        learner.fit(taken(features, sampled), targets[sampled])
        predicted = learner.predict(taken(features, held_out))
        calibration = recipe.calibration(predicted, targets[held_out])
        calibrated = recipe.calibrated(predicted, calibration)
        column = recipe.column(calibrated, targets[held_out])
        losses.append(float(recipe.losses(column, targets[held_out], calibration).mean()))
        if losses[-1] > min(losses):
            break
    return int(np.argmin(losses))
