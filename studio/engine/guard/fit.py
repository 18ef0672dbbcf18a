"""Learns a model's guard at its training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from studio.engine.features.base import Featuriser
from studio.engine.features.catalogue import distance_view
from studio.engine.guard.distributions import column_distributions
from studio.engine.guard.draws import rows_drawn
from studio.engine.guard.guard import Guard, GuardInput, prediction_distribution, set_members
from studio.engine.guard.near_rows import NearRows
from studio.engine.guard.outcomes import fit_outcomes
from studio.engine.guard.space import DEEP, TOPICS, GuardSpace, Vectors, space_vectors
from studio.engine.guard.strangeness import fit_strangeness
from studio.engine.ml_task import MLTask, Modality
from studio.engine.study.study import Study

# Rows that are kept. A text takes longer to encode than to compare with all of them; rows of tables
# are predicted in a hundredth of that time.
MAX_TEXTS = 10_000
MAX_TABLE_ROWS = 2_000


def fit_guard(
    study: Study,
    model_views: Mapping[str, Featuriser],
    predictions: GuardInput,
    *,
    row_ids: npt.NDArray[np.int64],
) -> Guard:
    """Learn a guard from the labeled rows of a study.

    Parameters
    ----------
    study
        n labeled rows.
    model_views
        The featurisers of the model.
    predictions
        Out of sample, in the study's order.
    row_ids
        Of the study's rows in their given order, shape (n,).
    """
    spec = study.spec
    space, vectors = _space(study, model_views)
    n_kept = MAX_TEXTS if spec.modality is Modality.TEXT else MAX_TABLE_ROWS
    kept = rows_drawn(len(vectors), n_kept, seed=spec.seed)
    near_rows = NearRows(
        vectors[kept].astype(np.float16),
        row_ids[study.order[kept]],
        tuple(study.labels.texts[kept].tolist()),
    )
    own = np.full(len(vectors), -1, dtype=np.int64)
    own[kept] = np.arange(len(kept))
    targets = study.labels.targets
    codes = None
    is_suggested = None
    by_name = [study.labels.classes.index(name) for name in predictions.classes]
    if spec.task is MLTask.MULTI_CLASS:
        codes = np.argsort(by_name)[study.labels.codes]
        targets = codes
    if spec.task is MLTask.MULTI_LABEL:
        targets = targets[:, by_name]
        is_suggested = set_members(predictions.suggested, predictions.classes)
    outcomes = fit_outcomes(
        spec.task,
        predictions.values.astype(np.float32),
        targets,
        is_suggested=is_suggested,
        bars=predictions.bars,
        seed=spec.seed,
    )
    return Guard(
        space=space,
        near_rows=near_rows,
        strangeness=fit_strangeness(vectors, near_rows, own, codes, seed=spec.seed),
        outcomes=outcomes,
        columns=column_distributions(study.table, spec.column_kinds),
        predictions=prediction_distribution(spec.task, predictions),
    )


def _space(study: Study, model_views: Mapping[str, Featuriser]) -> tuple[GuardSpace, Vectors]:
    """Return the space of a trained model, and the vectors of its rows in the study's order.

    Texts are encoded only if the model encodes them: for a model of words alone, the encoder would
    take nearly all of the time.
    """
    view = distance_view(study.spec)
    if view == "sentences" and view not in model_views:
        view = DEEP if DEEP in model_views else TOPICS
    featuriser = None if view in model_views else study.views.fitted(view)
    return GuardSpace(view, featuriser), space_vectors(study.views.matrix(view), view)
