"""Trains the model to deploy: the best candidate or the ensemble, refitted on all labeled rows but
those for testing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine.choices.labels import check_labels
from studio.engine.errors import DataProblem
from studio.engine.fitting.calibration import NO_CALIBRATION
from studio.engine.fitting.candidates import error_candidate
from studio.engine.fitting.learners import taken
from studio.engine.guard.fit import fit_guard
from studio.engine.guard.guard import GuardInput
from studio.engine.labels.encoding import Labels, encode_labels
from studio.engine.labels.scale import AS_GIVEN
from studio.engine.ml_task import MLTask
from studio.engine.model_selection.assessment import ENSEMBLE_KEY, Assessment, Member
from studio.engine.model_selection.error_bars import ErrorBarScale, find_error_bars
from studio.engine.progress import Progress, Silent
from studio.engine.recipes.build import cross_validated
from studio.engine.recipes.trained import FittedMember, TrainedModel
from studio.engine.runtime.cache import Cache
from studio.engine.runtime.memory import keep_little
from studio.engine.runtime.resources import Resources
from studio.engine.schema import CleansetSpec
from studio.engine.stages import READING_FEATURES, TRAINING_BEST_MODEL
from studio.engine.study.study import Study, make_study
from studio.engine.table.cells import Table
from studio.engine.table.levels import LEVELLED, MAX_LEVELS, SpelledLevels
from studio.engine.table.required_columns import quoted
from studio.engine.tasks.registry import RECIPES, recipe_of


@dataclass(frozen=True, slots=True)
class Training:
    """A trained model, with out-of-sample predictions of its training rows.

    Attributes
    ----------
    model
        Refitted on all labeled rows but those for testing.
    rows
        Positions in the frame of the rows that it was fitted to, shape (n,).
    predicted
        Cross-validated predictions of the deployed candidate or ensemble, shape (n, P):
        probabilities in the order of the model's `classes`, or numbers.
    """

    model: TrainedModel
    rows: npt.NDArray[np.int64]
    predicted: npt.NDArray[np.float32]


def train_model(
    frame: pd.DataFrame,
    labels: Sequence[str | None],
    spec: CleansetSpec,
    *,
    cache_dir: Path | None = None,
    n_jobs: int = 1,
    progress: Progress = Silent(),  # noqa: B008  (it has no state)
) -> TrainedModel:
    """Return the best model, trained on corrected labels as by `train_and_predict`."""
    training = train_and_predict(
        frame, labels, spec, cache_dir=cache_dir, n_jobs=n_jobs, progress=progress
    )
    return training.model


def train_and_predict(  # noqa: PLR0913  (most by name)
    frame: pd.DataFrame,
    labels: Sequence[str | None],
    spec: CleansetSpec,
    *,
    preferred: str = "",
    previous_labels: Sequence[str | None] | None = None,
    cache_dir: Path | None = None,
    n_jobs: int = 1,
    progress: Progress = Silent(),  # noqa: B008  (it has no state)
) -> Training:
    """Train the best model on corrected labels.

    Parameters
    ----------
    frame
        n rows of text or None with the spec's feature columns, by their position in the dataset.
    labels
        The corrected label of each row as written in a cell; rows without a label are left out, as
        those for testing should be. Corrections may introduce new classes.
    spec
        The choice of columns, task, mode, folds and seed.
    preferred
        Key of the candidate to train, or of the ensemble; by default the best.
    previous_labels
        As in `build_cleanset`: with those of an analysis of the same rows and labels, its fits are
        the same and are reused.
    cache_dir, n_jobs, progress
        As in `build_cleanset`, whose cached embeddings are reused.

    Returns
    -------
    Training
        The model's `candidates` hold the cross-validated metrics on these labels. The refitted
        model itself is not measured; it is trained on more rows than the models of the folds.

    Raises
    ------
    DataProblem
        If columns are missing, the labels cannot be learned, or the preferred candidate is not
        tried on this data.
    """
    keep_little()
    _check_columns(frame, spec)
    convention = spec.conventions.get(spec.label_column or "")
    encoded = encode_labels(labels, spec.task, convention)
    check_labels(encoded, spec)
    rows = np.flatnonzero(encoded.is_labeled)
    resources = Resources(Cache(cache_dir), n_jobs, progress)
    progress(READING_FEATURES)
    table = Table.of(frame.iloc[rows], spec.feature_columns)
    previous = None
    if previous_labels is not None:
        previous = encode_labels(previous_labels, spec.task, convention).of_rows(rows)
    # The rows are those to learn from already: the spec's split would withhold some once more.
    study = make_study(table, encoded.of_rows(rows), replace(spec, split=None), resources, previous)
    # Models are compared by R², which is measured on the original scale.
    study = replace(study, labels=replace(study.labels, scale=AS_GIVEN))
    assessed = cross_validated(study, resources, preferred)
    if preferred and assessed.candidates[0].key != preferred:
        tried = ", ".join(row.key for row in assessed.candidates)
        raise DataProblem(
            f"The model “{preferred}” was not tried on the corrected data, or left out after one"
            f" fold. Deploy the best one, or choose among: {tried}."
        )
    error_bar = None
    bars = None
    if spec.task is MLTask.REGRESSION:
        error_bar, bars = _error_bar(study, assessed, resources)
    members = _chosen(assessed)
    fitted = []
    for done, member in enumerate(members):
        progress(TRAINING_BEST_MODEL, done, len(members))
        fitted.append(_refitted(member, study, study.labels))
    progress(TRAINING_BEST_MODEL, len(members), len(members))
    views = [member.view for member in fitted]
    if error_bar is not None:
        views.append(error_bar[0].view)
    model = TrainedModel(
        spec=replace(spec, arithmetic=study.spec.arithmetic, conventions=study.spec.conventions),
        label_format=RECIPES[spec.task].label_format(assessed.predicted, study.labels),
        featurisers={view: study.views.fitted(view) for view in dict.fromkeys(views)},
        members=tuple(fitted),
        candidates=assessed.candidates,
        calibration=assessed.calibration if len(members) > 1 else NO_CALIBRATION,
        error_bar=error_bar,
        prior=_prior(study.labels),
        levels=_levels(study),
    )
    by_name = [study.labels.classes.index(name) for name in model.classes]
    predicted = assessed.best_predicted
    suggested = RECIPES[spec.task].suggested(predicted, model.label_format)
    if by_name:
        predicted = predicted[:, by_name]
    guard = fit_guard(
        study,
        model.featurisers,
        GuardInput(model.classes, predicted, suggested, bars),
        row_ids=frame.index.to_numpy(dtype=np.int64)[rows],
    )
    return Training(replace(model, guard=guard), rows, predicted[np.argsort(study.order)])


def _prior(labels: Labels) -> tuple[npt.NDArray[np.float32], float]:
    known = labels.targets[labels.is_labeled]
    if labels.classes:
        return (labels.class_counts / len(known)).astype(np.float32), 0.0
    numbers = np.asarray(known, dtype=np.float64)
    mean_error = float(np.abs(numbers - numbers.mean()).mean())
    return np.array([numbers.mean()], dtype=np.float32), mean_error


def _levels(study: Study) -> dict[str, SpelledLevels]:
    found = {}
    for name, cells in study.table.items():
        if study.spec.column_kinds[name] in LEVELLED and len(cells.distinct) <= MAX_LEVELS:
            found[name] = SpelledLevels(frozenset(cell.strip() for cell in cells.distinct.tolist()))
    return found


def _check_columns(frame: pd.DataFrame, spec: CleansetSpec) -> None:
    missing = [name for name in spec.feature_columns if name not in frame.columns]
    if missing:
        raise DataProblem(
            f"The table has no column {quoted(missing)}, which the model is to be trained on."
        )


def _error_bar(
    study: Study, assessed: Assessment, resources: Resources
) -> tuple[tuple[FittedMember, ErrorBarScale], npt.NDArray[np.float32]]:
    """Return the model of errors with its scale, and the error bars of the study's rows."""
    candidate = error_candidate(assessed.heaviest.candidate)
    error_bars = find_error_bars(study, assessed.predicted, candidate, resources)
    member = Member(candidate, NO_CALIBRATION, weight=1.0)
    fitted = _refitted(member, study, error_bars.labels)
    return (fitted, error_bars.scale), error_bars.expected


def _chosen(assessed: Assessment) -> list[Member]:
    """Return the members of the best model: those of the ensemble, or a single candidate."""
    best = assessed.candidates[0].key
    if best == ENSEMBLE_KEY:
        return [member for member in assessed.members if member.weight > 0]
    (member,) = (member for member in assessed.members if member.candidate.key == best)
    return [replace(member, weight=1.0)]


def _refitted(member: Member, study: Study, labels: Labels) -> FittedMember:
    candidate = member.candidate
    targets = labels.targets
    learner = recipe_of(study.spec).learner(candidate, labels, study.spec.seed)
    features = study.views.matrix(candidate.view)
    rows = learner.sample(features.shape[1], targets)
    learner.fit(taken(features, rows), targets[rows])
    return FittedMember(candidate.key, candidate.view, learner, member.calibration, member.weight)
