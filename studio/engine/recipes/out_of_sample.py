"""The recipe of an evaluation: out-of-sample predictions of every row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine.choices.validate import checked_table
from studio.engine.features.catalogue import distance_view
from studio.engine.labels.encoding import encode_labels
from studio.engine.progress import Progress, Silent
from studio.engine.recipes.build import cross_validated, given_parts
from studio.engine.runtime.cache import Cache
from studio.engine.runtime.memory import keep_little
from studio.engine.runtime.resources import Resources
from studio.engine.schema import CandidateResult, CleansetSpec
from studio.engine.stages import READING_FEATURES
from studio.engine.study.study import make_study, settled_conventions


@dataclass(frozen=True, slots=True)
class OutOfSamplePredictions:
    """Predictions of n rows by ensembles that were not fitted on them.

    Attributes
    ----------
    classes
        Sorted; none for regression.
    values
        Probabilities, shape (n, K), or numbers, shape (n, 1).
    fold_id
        The fold in which each row was held out, shape (n,); -1 for rows without a label and rows
        for testing, whose predictions are the mean over the models of all folds.
    parts
        The part of the spec's split to which each row belongs, shape (n,); None without a split.
    candidates
        The table of models, best first.
    space
        Sentence embeddings of the texts, shape (n, d); None for tables and without an encoder.
    spec
        The spec with its conventions settled.
    """

    classes: tuple[str, ...]
    values: npt.NDArray[np.float32]
    fold_id: npt.NDArray[np.int16]
    parts: npt.NDArray[np.str_] | None
    candidates: tuple[CandidateResult, ...]
    space: npt.NDArray[np.float32] | None
    spec: CleansetSpec


def predict_out_of_sample(
    frame: pd.DataFrame,
    labels: Sequence[str | None],
    spec: CleansetSpec,
    *,
    cache_dir: Path | None = None,
    n_jobs: int = 1,
    progress: Progress = Silent(),  # noqa: B008  (it has no state)
) -> OutOfSamplePredictions:
    """Cross-validate the models of a cleanset, without looking for issues.

    Parameters
    ----------
    frame
        n rows of text or None with the spec's feature columns, and the column of its split.
    labels
        One per row. Those of test rows take no part in fitting, weighing or calibrating.
    spec, cache_dir, n_jobs, progress
        As in `build_cleanset`.
    """
    keep_little()
    resources = Resources(Cache(cache_dir), n_jobs, progress)
    progress(READING_FEATURES)
    convention = spec.conventions.get(spec.label_column or "")
    encoded = encode_labels(labels, spec.task, convention)
    table = checked_table(frame, encoded, spec)
    spec = replace(spec, conventions=settled_conventions(table, encoded, spec))
    given = given_parts(frame, spec)
    study = make_study(table.read_as(spec.conventions), encoded, spec, resources, None, given)
    assessed = cross_validated(study, resources)
    position = np.argsort(study.order)
    values = assessed.predicted[position]
    names = study.labels.classes
    by_name = sorted(range(len(names)), key=names.__getitem__)
    if by_name:
        values = values[:, by_name]
    parts = None
    if study.parts is not None:
        parts = study.parts[position]
    space = None
    if distance_view(study.spec) == "sentences":
        space = np.asarray(study.views.matrix("sentences"), dtype=np.float32)[position]
    return OutOfSamplePredictions(
        classes=tuple(names[code] for code in by_name),
        values=values,
        fold_id=study.fold_id[position],
        parts=parts,
        candidates=assessed.candidates,
        space=space,
        spec=study.spec,
    )
