"""Collects what explains the rows of a study."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine.explanations.value_counts import count_values, leveled
from studio.engine.features.base import Matrix
from studio.engine.issues.base import Evidence
from studio.engine.issues.labels.label_issue import class_thresholds
from studio.engine.ml_task import MLTask
from studio.engine.model_selection.assessment import Votes
from studio.engine.schema.explanation import EVERY_CLASS, Explanation
from studio.engine.table.columns import ColumnKind

MAX_DIMENSIONS = 64  # of the space that is kept: 128 bytes per row
_PROJECTED_ROWS = 20_000  # whose directions of most variance are found


def explain(evidence: Evidence, votes: Votes, *, has_embeddings: bool) -> Explanation:
    """Return what explains the rows, in canonical order and with classes in the study's order.

    Parameters
    ----------
    evidence
        The n rows, and the ensemble's out-of-sample predictions.
    votes
        Those of its members.
    has_embeddings
        Whether embeddings are kept anyway, whose distances tell which rows are near.
    """
    study = evidence.study
    kinds = study.spec.column_kinds
    texts = [name for name in study.table if kinds[name] is ColumnKind.TEXT]
    columns = {
        name: leveled(cells, kinds[name])
        for name, cells in study.table.items()
        if name not in texts
    }
    levels = np.empty((len(study.order), len(columns)), dtype=np.int16)
    for place, column in enumerate(columns.values()):
        levels[:, place] = column.levels
    value_counts = None
    if study.labels.classes:
        learned = np.flatnonzero(study.is_learned)
        value_counts = count_values(study.table, columns, texts, study.labels, learned)
    thresholds: tuple[float, ...] = ()
    if study.spec.task is MLTask.MULTI_CLASS:
        of_classes = class_thresholds(
            study.labels.codes,
            evidence.pred_probs,
            study.is_class_learnable & study.is_learned,
        )
        thresholds = tuple(of_classes.tolist())
    return Explanation(
        voters=votes.voters,
        votes=votes.values,
        class_thresholds=thresholds,
        space=None if has_embeddings else _compact(evidence.space),
        leveled_columns=tuple(columns),
        levels=levels,
        value_counts=value_counts,
    )


def _compact(space: Matrix) -> npt.NDArray[np.float16]:
    """Return the features, of many only the directions in which rows vary most."""
    features = np.asarray(space, dtype=np.float32)
    if features.shape[1] > MAX_DIMENSIONS:
        step = -(-len(features) // _PROJECTED_ROWS)
        _, directions = np.linalg.eigh(np.cov(features[::step], rowvar=False))
        features = features @ directions[:, -MAX_DIMENSIONS:].astype(np.float32)
    return features.astype(np.float16)


def in_given_order(
    explanation: Explanation, position: npt.NDArray[np.int64], by_name: list[int]
) -> Explanation:
    """Return the explanation of the rows as they were given, with classes sorted by name.

    `position` is that of each given row in canonical order; `by_name` are the codes of the classes
    in the order of their names.
    """
    rank = np.argsort(by_name)
    votes = explanation.votes
    if votes is not None:
        votes = votes[position]
        if np.issubdtype(votes.dtype, np.integer):
            votes = rank[votes.astype(np.int64)].astype(np.int16)
    counts = explanation.value_counts
    if counts is not None:
        codes = counts["code"].to_numpy()
        is_class = codes != EVERY_CLASS
        ranked = np.where(is_class, rank[np.where(is_class, codes, 0)], EVERY_CLASS)
        counts = counts.assign(code=pd.array(ranked, dtype="int32").to_numpy())
    return replace(
        explanation,
        votes=votes,
        class_thresholds=tuple(
            explanation.class_thresholds[code] for code in by_name if explanation.class_thresholds
        ),
        space=None if explanation.space is None else explanation.space[position],
        levels=explanation.levels[position],
        value_counts=counts,
    )
