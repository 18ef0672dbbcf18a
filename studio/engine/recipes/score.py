"""Finds issues in new rows by predictions of models that were not trained on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine.features.catalogue import distance_view
from studio.engine.issues.base import Evidence
from studio.engine.issues.registry import ISSUE_TYPES
from studio.engine.issues.rows.near_duplicate import duplicate_columns
from studio.engine.labels.encoding import Labels, encode_labels
from studio.engine.ml_task import MLTask, Modality
from studio.engine.progress import Progress, Silent
from studio.engine.recipes.build import find_issues, given_parts, provided_evidence
from studio.engine.runtime.cache import Cache
from studio.engine.runtime.resources import Resources
from studio.engine.schema import CleansetSpec
from studio.engine.schema.provided import ProvidedPredictions
from studio.engine.similar.known_copies import RowSearch, Search, TextSearch
from studio.engine.similar.near_duplicates import similar_rows, similar_texts
from studio.engine.stages import READING_FEATURES
from studio.engine.study.study import Study, make_study, settled_conventions
from studio.engine.table.cells import Table
from studio.engine.table.rows import copy_hashes

_OF_TEXTS = frozenset({Modality.TEXT})
_COPIES = ("is_near_duplicate", "near_duplicate_score", "near_duplicate_cluster_id")
_UNKNOWN = {"is_label_issue": False, "label_issue_score": 0.0, "suggested_label": None}


@dataclass(frozen=True, slots=True)
class ScoredRows:
    """What was found in k new rows, beside n known ones.

    Attributes
    ----------
    issues
        Of the new rows in their order, the columns of an analysis.
    copies
        The columns about near duplicates of the n known rows, of further known rows that may be
        near duplicates of new ones, and of the k new rows. Their index is that of the frames.
    embeddings
        Of the new rows, shape (k, d); None where the modality has none.
    has_unknown_class
        Whether the given label of a new row has a class that the models do not know, shape (k,).
        Nothing can be said of such a label, so that it is no issue.
    """

    issues: pd.DataFrame
    copies: pd.DataFrame
    embeddings: npt.NDArray[np.float32] | None
    has_unknown_class: npt.NDArray[np.bool_]


def score_rows(  # noqa: PLR0913  (all but two by name)
    frame: pd.DataFrame,
    spec: CleansetSpec,
    *,
    n_known: int,
    labels: Sequence[str | None],
    predictions: ProvidedPredictions | None,
    parts: Sequence[str] | None = None,
    cache_dir: Path | None = None,
    n_jobs: int = 1,
    progress: Progress = Silent(),  # noqa: B008  (it has no state)
    further: Iterable[pd.DataFrame] = (),
) -> ScoredRows:
    """Find issues in the rows that come after the known ones.

    Thresholds, frequencies and distances are those of all rows together, as in an analysis, so
    that the known rows should be a fair sample of the data.

    Parameters
    ----------
    frame
        The known rows, then the new ones, with the spec's feature columns.
    spec
        That of the analysis of the known rows.
    n_known
        Number of known rows.
    labels
        The given labels of all rows, as `read_labels` returns them.
    predictions
        What models say of all rows: out of sample for the known ones. In a regression, the number
        and its expected absolute error, shape (n + k, 2). None without labels.
    parts
        The part of the split of each row, if there is a split.
    cache_dir, n_jobs, progress
        As in `build_cleanset`.
    further
        All other known rows, in blocks of any size, with the columns of `frame`: near duplicates of
        new rows are searched for among them, too.
    """
    resources = Resources(Cache(cache_dir), n_jobs, progress)
    progress(READING_FEATURES)
    encoded = encode_labels(labels, spec.task, spec.conventions.get(spec.label_column or ""))
    table = Table.of(frame, spec.feature_columns)
    spec = replace(spec, conventions=settled_conventions(table, encoded, spec))
    table = table.read_as(spec.conventions)
    study = make_study(table, encoded, spec, resources, None, given_parts(frame, spec, parts))
    evidence = _evidence(study, predictions, resources)
    of_texts = [issue for issue in ISSUE_TYPES if issue.modalities == _OF_TEXTS]
    others = [issue for issue in ISSUE_TYPES if issue.modalities != _OF_TEXTS]
    position = np.argsort(study.order)  # of each given row in canonical order
    found = find_issues(evidence, resources, others).iloc[position].reset_index(drop=True)
    issues = found.iloc[n_known:].reset_index(drop=True)
    if spec.modality is Modality.TEXT:
        # What is found in a text does not depend on the other rows.
        new_rows = position[n_known:]
        own = replace(study, table=study.table.reordered(new_rows))
        texts = {
            name: column
            for issue in of_texts
            if issue.applies_to(spec)
            for name, column in issue.find(replace(evidence, study=own)).items()
        }
        issues = pd.concat([issues, pd.DataFrame(texts)], axis=1)
    copies = _copies(frame, n_known, further, study, resources)
    if copies is None:
        copies = found[list(_COPIES)].set_index(frame.index)
    for name in _COPIES:
        issues[name] = copies[name].iloc[-len(issues) :].reset_index(drop=True)
    has_unknown = np.zeros(len(frame) - n_known, dtype=bool)
    if predictions is not None and spec.task is not MLTask.REGRESSION:
        has_unknown = _has_unknown_class(encoded, predictions.classes, spec.task)[n_known:]
        for name, value in _UNKNOWN.items():
            issues.loc[has_unknown, name] = value
    embeddings = None
    if distance_view(spec) == "sentences":
        embeddings = np.asarray(evidence.space, dtype=np.float32)[position][n_known:]
    return ScoredRows(issues, copies, embeddings, has_unknown)


def _copies(
    frame: pd.DataFrame,
    n_known: int,
    further: Iterable[pd.DataFrame],
    study: Study,
    resources: Resources,
) -> pd.DataFrame | None:
    """Return the columns about near duplicates of the rows and of all further ones that may be near
    duplicates of the new rows; None if there are no such further ones. The study has the rows of
    the frame.
    """
    spec = study.spec
    columns = list(spec.feature_columns)
    search = None
    like = []
    for block in further:
        if search is None:
            search = _search(study, study.order >= n_known, resources)
        like.append(block[search(Table.of(block, columns).read_as(spec.conventions))])
    n_like = sum(len(block) for block in like)
    if not n_like:
        return None
    likes = pd.concat(like)
    whole = pd.concat([frame.iloc[:n_known], likes, frame.iloc[n_known:]])
    joined = Table.of(whole, columns).read_as(spec.conventions)
    hashes = copy_hashes(joined, spec.column_kinds)
    if spec.modality is Modality.TEXT:
        similar = similar_texts(joined[columns[0]], hashes, spec.seed)
    else:
        view = distance_view(spec)
        points = np.asarray(study.views.matrix(view))[np.argsort(study.order)]
        features = study.views.fitted(view)
        found = features.transform(Table.of(likes, columns).read_as(spec.conventions), resources)
        space = np.concatenate([points[:n_known], np.asarray(found), points[n_known:]])
        sampled = np.r_[np.arange(n_known), np.arange(n_known + n_like, len(whole))]
        similar = similar_rows(
            joined, hashes, space, spec, usual_among=sampled, n_jobs=resources.n_jobs
        )
    return pd.DataFrame(duplicate_columns(similar)).set_index(whole.index)


def _search(study: Study, is_new: npt.NDArray[np.bool_], resources: Resources) -> Search:
    """Return a function that tells which rows of a block may be near duplicates of new rows."""
    spec = study.spec
    if spec.modality is Modality.TEXT:
        return TextSearch(study.table.reordered(np.flatnonzero(is_new)), spec)
    view = distance_view(spec)
    return RowSearch(
        table=study.table,
        copies=study.copies,
        is_new=is_new,
        features=study.views.fitted(view),
        points=np.asarray(study.views.matrix(view), dtype=np.float32),
        spec=spec,
        resources=resources,
    )


def _evidence(
    study: Study, predictions: ProvidedPredictions | None, resources: Resources
) -> Evidence:
    if predictions is None:
        space = study.views.matrix(distance_view(study.spec))
        nothing = np.empty((len(study.order), 0), dtype=np.float32)
        return Evidence(
            study.judged, nothing, space, cache=resources.cache, n_jobs=resources.n_jobs
        )
    if study.spec.task is not MLTask.REGRESSION:
        return provided_evidence(study, predictions, resources)[2]
    numbers = replace(predictions, values=predictions.values[:, :1])
    evidence = provided_evidence(study, numbers, resources)[2]
    return replace(evidence, predictions=predictions.values[study.order])


def _has_unknown_class(
    labels: Labels, classes: Sequence[str], task: MLTask
) -> npt.NDArray[np.bool_]:
    is_unknown = np.array([name not in classes for name in labels.classes], dtype=bool)
    if task is MLTask.MULTI_LABEL:
        members = np.asarray(labels.targets, dtype=bool)
        return np.asarray(members[:, is_unknown].any(axis=1))
    return np.asarray(labels.is_labeled & is_unknown[labels.codes])
