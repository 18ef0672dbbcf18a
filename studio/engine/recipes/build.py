"""The recipe of a cleanset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine.choices.validate import checked_table
from studio.engine.explanations.explain import explain, in_given_order
from studio.engine.features.catalogue import distance_view
from studio.engine.fitting.candidate import Candidate
from studio.engine.fitting.candidates import candidates_for, error_candidate
from studio.engine.fitting.learners import Predicted
from studio.engine.health.base import Analysis, SplitColumn
from studio.engine.health.registry import find_health
from studio.engine.issues.base import Evidence, IssueType
from studio.engine.issues.kept import find_or_recall
from studio.engine.issues.registry import ISSUE_TYPES
from studio.engine.labels.encoding import encode_labels
from studio.engine.labels.reading import read_labels
from studio.engine.ml_task import MEASURES, MLTask
from studio.engine.model_selection.assessment import Assessment, Votes, assess
from studio.engine.model_selection.crossval import cross_validate
from studio.engine.model_selection.error_bars import constant_error_bars, find_error_bars
from studio.engine.model_selection.provided import PROVIDED_KEY, assess_provided
from studio.engine.model_selection.selection import choose
from studio.engine.model_selection.tuning import tuned
from studio.engine.progress import Progress, Silent
from studio.engine.runtime.cache import Cache
from studio.engine.runtime.memory import keep_little
from studio.engine.runtime.resources import Resources
from studio.engine.runtime.stopwatch import Stopwatch
from studio.engine.schema import CandidateResult, CleansetResult, CleansetSpec
from studio.engine.schema.provided import ProvidedPredictions
from studio.engine.schema.split import SPLIT_COLUMN
from studio.engine.stages import ENSEMBLING, FINDING_ISSUES, READING_FEATURES
from studio.engine.study.study import Study, make_study, settled_conventions, size_of
from studio.engine.study.test_rows import PART_TYPE
from studio.engine.table.cells import Table
from studio.engine.table.reading import Reading
from studio.engine.tasks.registry import recipe_of


def build_cleanset(  # noqa: PLR0913  (all but two by name)
    frame: pd.DataFrame,
    spec: CleansetSpec,
    *,
    labels: Sequence[str | None] | None = None,
    previous_labels: Sequence[str | None] | None = None,
    parts: Sequence[str] | None = None,
    split_column: str | None = None,
    provided: ProvidedPredictions | None = None,
    is_explained: bool = False,
    cache_dir: Path | None = None,
    n_jobs: int = 1,
    progress: Progress = Silent(),  # noqa: B008  (it has no state)
) -> CleansetResult:
    """Analyse a table: cross-validate models on its labels, then look for issues in every row.

    Parameters
    ----------
    frame
        n rows of text or None, with the spec's feature columns and its label column.
    spec
        The choice of columns, task, mode, folds and seed.
    labels
        One label per row in the form of `read_labels`; None reads them from the spec's label
        column.
    previous_labels
        One label per row, before some were corrected. If few were, models are warm-started from
        their fits to these labels, on the same folds, which is several times as fast; see
        `make_study`.
    parts
        The part of the split to which each row belongs, as an earlier cleanset of the same rows
        has it. None follows the spec: its column, or a split that is made.
    split_column
        A column of the frame that says which rows are for training and which for testing; rows with
        copies on another side are counted.
    provided
        Predictions of a model that was trained elsewhere, for the rows of the frame; nothing is
        trained then.
    is_explained
        Whether to keep what explains single rows; see `Explanation`.
    cache_dir
        Folder for intermediate results, reused by a second attempt and for corrected data; None
        stores nothing.
    n_jobs
        Number of processes that fit models in parallel. It does not change the result.
    progress
        Receives stages and counts; stops the work by raising `Cancelled`.

    Returns
    -------
    CleansetResult
        In the row order of `frame`. With the same spec, the same rows in another order give the
        same result per row, except that rows with equal cells and labels may swap their results if
        they are in different folds.

    Raises
    ------
    DataProblem
        If the table cannot be analysed as the spec says.
    """
    keep_little()
    watch = Stopwatch(progress)
    resources = Resources(Cache(cache_dir), n_jobs, watch)
    watch(READING_FEATURES)
    if labels is None and spec.label_column in frame.columns:
        cells = frame[spec.label_column].astype(object)
        labels = read_labels(cells.where(cells.notna(), None).tolist(), spec)
    convention = spec.conventions.get(spec.label_column or "")
    encoded = encode_labels(labels or [None] * len(frame), spec.task, convention)
    table = checked_table(frame, None if labels is None else encoded, spec)
    spec = replace(spec, conventions=settled_conventions(table, encoded, spec))
    table = table.read_as(spec.conventions)
    notes = _reading_notes(table, spec, frame.index.to_numpy() + 1)
    for note in notes:
        watch.log(note)
    previous = None
    if previous_labels is not None:
        previous = encode_labels(previous_labels, spec.task, encoded.convention)
    study = make_study(table, encoded, spec, resources, previous, given_parts(frame, spec, parts))
    if study.previous_labels is not None:
        watch.log("Few labels were corrected: models continue from their previous fits")
    if provided is None:
        candidates, votes, evidence = _fitted(study, resources)
    else:
        candidates, votes, evidence = provided_evidence(study, provided, resources)
    issues = find_issues(evidence, resources)
    split = None
    if split_column:
        split = SplitColumn(split_column, frame[split_column].iloc[study.order].tolist())
    row_ids = frame.index.to_numpy()[study.order]
    health = find_health(Analysis(evidence, issues, split, row_ids))
    health = replace(health, reading=notes)
    result = _result(evidence, candidates, issues, watch.seconds())
    explanation = None
    if is_explained:
        found = explain(evidence, votes, has_embeddings=result.embeddings is not None)
        explanation = in_given_order(found, np.argsort(study.order), _by_name(evidence.study))
    return replace(result, health=health, explanation=explanation)


def given_parts(
    frame: pd.DataFrame, spec: CleansetSpec, parts: Sequence[str] | None = None
) -> npt.NDArray[np.str_] | None:
    """Return the part of each row if it is known before the rows are studied, else None."""
    if parts is None and spec.split is not None and spec.split.column is not None:
        cells = frame[spec.split.column].astype(object)
        parts = spec.split.parts_of(cells.where(cells.notna(), None).tolist())
    return None if parts is None else np.array(parts, dtype=PART_TYPE)


def _reading_notes(
    table: Table, spec: CleansetSpec, row_numbers: npt.NDArray[np.int64]
) -> tuple[str, ...]:
    reading = Reading(spec.column_kinds)
    reading.add(table, row_numbers)
    return reading.notes(of_blank_rows="nothing can be learned there")


def _fitted(
    study: Study, resources: Resources
) -> tuple[tuple[CandidateResult, ...], Votes, Evidence]:
    """Return the table of models, their votes and their out-of-sample predictions.

    All are empty without labels.
    """
    nothing = np.empty((len(study.order), 0), dtype=np.float32)
    if study.spec.task is MLTask.UNSUPERVISED:
        return (), Votes(), _evidence(study, nothing, resources)
    assessed = cross_validated(study, resources)
    if study.spec.task is not MLTask.REGRESSION:
        simple = None
        if study.spec.task is MLTask.MULTI_CLASS:
            simple = _simple(study, assessed, resources)
        study.views.release()  # detectors read other views than models
        evidence = _evidence(study, assessed.predicted, resources)
        n_classes = len(study.given.classes)
        if simple is not None:
            simple = _with_unknown_classes(simple, n_classes)
        calibration = assessed.calibration.with_unknown_classes(n_classes)
        evidence = replace(evidence, calibration=calibration, simple=simple)
        return assessed.candidates, assessed.votes, evidence
    # The same model learns the errors of the previous fit and of the warm-started one.
    before_corrections = study.before_corrections
    if before_corrections is None:
        candidate = error_candidate(assessed.heaviest.candidate)
        error_bars = find_error_bars(study, assessed.predicted, candidate, resources)
    else:
        previous = cross_validated(before_corrections, resources)
        candidate = error_candidate(previous.heaviest.candidate)
        error_bars = find_error_bars(
            study, assessed.predicted, candidate, resources, previous=previous.predicted
        )
    predictions = np.column_stack([assessed.predicted[:, 0], error_bars.expected])
    evidence = replace(_evidence(study, nothing, resources), predictions=predictions)
    return assessed.candidates, assessed.votes, evidence


def provided_evidence(
    study: Study, provided: ProvidedPredictions, resources: Resources
) -> tuple[tuple[CandidateResult, ...], Votes, Evidence]:
    """Return the table of models and the predictions of a model that was trained elsewhere."""
    assessed = assess_provided(study, provided)
    candidates = tuple(row for row in assessed.candidates if row.key == PROVIDED_KEY)
    if study.spec.task is not MLTask.REGRESSION:
        evidence = _evidence(study, assessed.predicted, resources)
        calibration = assessed.calibration.with_unknown_classes(len(study.given.classes))
        return candidates, assessed.votes, replace(evidence, calibration=calibration)
    bars = constant_error_bars(study.labels, assessed.predicted)
    nothing = np.empty((len(study.order), 0), dtype=np.float32)
    predictions = np.column_stack([assessed.predicted[:, 0], bars])
    evidence = replace(_evidence(study, nothing, resources), predictions=predictions)
    return candidates, assessed.votes, evidence


def _evidence(study: Study, pred_probs: Predicted, resources: Resources) -> Evidence:
    space = study.views.matrix(distance_view(study.spec))
    study.views.release_columns()
    pred_probs = _with_unknown_classes(pred_probs, len(study.given.classes))
    return Evidence(study.judged, pred_probs, space, cache=resources.cache, n_jobs=resources.n_jobs)


def _with_unknown_classes(pred_probs: Predicted, n_classes: int) -> Predicted:
    """Add columns of 0 for classes that only test rows have."""
    return np.pad(pred_probs, ((0, 0), (0, n_classes - pred_probs.shape[1])))


def _simple(study: Study, assessed: Assessment, resources: Resources) -> Predicted | None:
    """Return the additive model's predictions, fitted to previous labels if it was left out."""
    previous = study.before_corrections
    if assessed.simple is not None or previous is None:
        return assessed.simple
    suitable = candidates_for(study.spec, size_of(study))
    additive = [candidate for candidate in suitable if candidate.is_additive]
    if not additive:
        return None
    (fit,) = cross_validate(tuned(additive[:1], previous, resources), previous, resources)
    recipe = recipe_of(study.spec)
    is_labeled = previous.labels.is_labeled
    targets = previous.labels.targets[is_labeled]
    calibration = recipe.calibration(fit.predicted[is_labeled], targets)
    return recipe.calibrated(fit.predicted, calibration)


def cross_validated(study: Study, resources: Resources, preferred: str = "") -> Assessment:
    """Cross-validate the candidates, weigh them into an ensemble, and log the table of models.

    The model with the key `preferred` comes first in that table.
    """
    candidates = tuned(_candidates(study), study, resources)
    choosing = partial(choose, study=study, n_jobs=resources.n_jobs, progress=resources.progress)
    fits = cross_validate(candidates, study, resources, choose=choosing)
    resources.progress(ENSEMBLING)
    is_learnable = None
    if study.spec.task is MLTask.MULTI_CLASS:
        is_learnable = study.is_class_learnable
    assessed = assess(fits, study.labels, recipe_of(study.spec), is_learnable, preferred)
    measure = MEASURES[study.spec.task]
    for row in assessed.candidates:
        resources.progress.log(f"{row.name}: {measure} {row.accuracy:.1%}, weight {row.weight:.2f}")
    return assessed


def _candidates(study: Study) -> Sequence[Candidate]:
    """Return the suitable candidates among those that the spec names.

    All suitable ones if the spec names none, or if none of those named suits data of this size.
    Additive candidates are always included, because only they reveal slices whose labels are
    exchanged; not in a warm start, whose first run has already looked for them.
    """
    suitable = candidates_for(study.spec, size_of(study))
    named = [candidate for candidate in suitable if candidate.key in study.spec.only_candidates]
    if not named:
        return suitable
    if study.previous_labels is not None:
        return named
    return [candidate for candidate in suitable if candidate in named or candidate.is_additive]


def find_issues(
    evidence: Evidence, resources: Resources, among: Sequence[IssueType] = ISSUE_TYPES
) -> pd.DataFrame:
    """Run every detector that applies; return their columns side by side, in canonical order."""
    issue_types = [issue for issue in among if issue.applies_to(evidence.study.spec)]
    columns: dict[str, object] = {}
    for done, issue_type in enumerate(issue_types):
        resources.progress(FINDING_ISSUES, done, len(issue_types))
        columns.update(find_or_recall(issue_type, evidence))
    resources.progress(FINDING_ISSUES, len(issue_types), len(issue_types))
    return pd.DataFrame(columns)


def _result(
    evidence: Evidence,
    candidates: tuple[CandidateResult, ...],
    issues: pd.DataFrame,
    stage_seconds: Mapping[str, float],
) -> CleansetResult:
    study = evidence.study
    position = np.argsort(study.order)  # of each given row in canonical order
    by_name = _by_name(study)
    pred_probs = evidence.pred_probs[position]
    flags = [name for name in issues.columns if issues[name].dtype == bool]
    if study.parts is not None:
        issues = issues.assign(**{SPLIT_COLUMN: study.parts.astype(object)})
    return CleansetResult(
        issues=issues.iloc[position].reset_index(drop=True),
        pred_probs=pred_probs[:, by_name] if by_name else pred_probs,
        classes=tuple(study.labels.classes[code] for code in by_name),
        fold_id=study.fold_id[position],
        embeddings=_embeddings(study, position),
        candidates=candidates,
        counts={name: int(issues[name].sum()) for name in flags},
        stage_seconds=stage_seconds,
        predictions=None if evidence.predictions is None else evidence.predictions[position],
        is_warm_started=study.previous_labels is not None,
    )


def _by_name(study: Study) -> list[int]:
    """Return the codes of the classes in the order of their names."""
    return sorted(range(len(study.labels.classes)), key=study.labels.classes.__getitem__)


def _embeddings(study: Study, position: npt.NDArray[np.int64]) -> npt.NDArray[np.float32] | None:
    if distance_view(study.spec) != "sentences":
        return None
    return np.asarray(study.views.matrix("sentences"), dtype=np.float32)[position]
