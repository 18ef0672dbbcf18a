"""Trains the model to deploy: the best of the candidates and their ensemble, refitted on all labeled rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from studio.engine.assessment import ENSEMBLE_KEY, Assessment, Member
from studio.engine.build import cross_validated
from studio.engine.cache import Cache
from studio.engine.crossval import fit_bounded
from studio.engine.errors import DataProblem
from studio.engine.features.base import Featuriser
from studio.engine.labels import encode_labels
from studio.engine.models.base import Classifier
from studio.engine.progress import Progress, Silent
from studio.engine.resources import Resources
from studio.engine.schema import CandidateResult, CleansetSpec
from studio.engine.study import Study, make_study
from studio.engine.validate import check_labels, quoted

STAGE = "Training the best model"


@dataclass(frozen=True, slots=True)
class FittedMember:
    """A refitted candidate: the view that it reads, its calibrating temperature, its share of the prediction."""

    key: str
    view: str
    classifier: Classifier
    temperature: float
    weight: float


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """Everything that a prediction needs, except the sentence encoder.

    Attributes
    ----------
    spec
        The choice that it was trained on; its columns and kinds are what a file to predict must have.
    classes
        Class names, in the order of the probabilities' columns.
    featurisers
        Fitted, by view.
    members
        One candidate with weight 1, or those of the ensemble.
    candidates
        The table of models, best held-out accuracy first; the first is this model.
    """

    spec: CleansetSpec
    classes: tuple[str, ...]
    featurisers: dict[str, Featuriser]
    members: tuple[FittedMember, ...]
    candidates: tuple[CandidateResult, ...]

    @property
    def feature_columns(self) -> tuple[str, ...]:
        """The columns that a file to predict must have."""
        return self.spec.feature_columns


def train_model(
    frame: pd.DataFrame,
    labels: Sequence[str | None],
    spec: CleansetSpec,
    *,
    cache_dir: Path | None = None,
    n_jobs: int = 1,
    progress: Progress = Silent(),  # noqa: B008  (it has no state)
) -> TrainedModel:
    """Train the best model on corrected labels.

    Parameters
    ----------
    frame
        n rows of text or None with the spec's feature columns.
    labels
        The corrected label of each row; None or blank rows are left out. A class that nobody had given before is a
        class like any other.
    spec
        The choice of columns, task, mode, folds and seed.
    cache_dir, n_jobs, progress
        As in `build_cleanset`; embeddings that it computed are used again.

    Returns
    -------
    TrainedModel
        Its `candidates` hold the held-out accuracy of cross-validation on these labels. The accuracy of the refit
        on all rows is not measured; it has seen more rows than each fold's model had.

    Raises
    ------
    DataProblem
        When columns are missing or the labels cannot be learned.
    """
    labeled = _labeled(frame, labels, spec)
    resources = Resources(Cache(cache_dir), n_jobs, progress)
    progress("Reading features")
    study = make_study(labeled, [label for label in labels if label and label.strip()], spec, resources)
    assessed = cross_validated(study, resources)
    members = _chosen(assessed)
    fitted = []
    for done, member in enumerate(members):
        progress(STAGE, done, len(members))
        fitted.append(_refitted(member, study))
    progress(STAGE, len(members), len(members))
    views = dict.fromkeys(member.candidate.view for member in members)
    return TrainedModel(
        spec=spec,
        classes=study.labels.classes,
        featurisers={view: study.views.fitted(view) for view in views},
        members=tuple(fitted),
        candidates=assessed.candidates,
    )


def _labeled(frame: pd.DataFrame, labels: Sequence[str | None], spec: CleansetSpec) -> pd.DataFrame:
    missing = [name for name in spec.feature_columns if name not in frame.columns]
    if missing:
        raise DataProblem(f"The table has no column {quoted(missing)}, which the model is to be trained on.")
    encoded = encode_labels(labels)
    is_labeled = encoded.is_labeled
    check_labels(n_labeled=int(is_labeled.sum()), n_classes=len(encoded.classes), spec=spec)
    return frame.loc[np.asarray(is_labeled)].reset_index(drop=True)


def _chosen(assessed: Assessment) -> list[Member]:
    """Return the members of the best row of the table: those of the ensemble, or one alone."""
    best = assessed.candidates[0].key
    if best == ENSEMBLE_KEY:
        return [member for member in assessed.members if member.weight > 0]
    return [
        Member(member.candidate, member.temperature, weight=1.0)
        for member in assessed.members
        if member.candidate.key == best
    ]


def _refitted(member: Member, study: Study) -> FittedMember:
    candidate = member.candidate
    classifier = candidate.make(study.spec.seed)
    fit_bounded(classifier, study.views.matrix(candidate.view), study.labels.codes)
    return FittedMember(candidate.key, candidate.view, classifier, member.temperature, member.weight)
