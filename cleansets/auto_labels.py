"""Auto-labeling: labels for unlabeled rows from a confidence on, and the rows to label by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from cleansets import selectors
from cleansets.action_runs import top_k_start
from cleansets.issue_columns import CONFIDENCE
from cleansets.mapped_results import mapped_table
from cleansets.models import Action, ActionRun, Cleanset, ReviewAction
from cleansets.row_address import UNDECIDED, Range, RowQuery
from cleansets.row_sets import RowSet
from cleansets.top_k import TopK
from studio import tables
from studio.accounts.models import User
from studio.engine.conventions.blanks import is_blank
from studio.engine.errors import DataProblem
from studio.engine.evaluation.auto_labels import (
    AutoLabelEstimate,
    ClassShift,
    Predictions,
    ThresholdAccuracy,
    accuracy_by_threshold,
)
from studio.engine.ml_task import MLTask

BY_HAND = "by-hand"  # the kind of the set of rows to label by hand
MIN_UNLABELED_FRACTION = 0.1  # of the rows, from which on auto-labeling is offered
UNLABELED = "is_initially_unlabeled"
THRESHOLDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
N_SHIFTS = 5  # classes that are named
N_BY_HAND = 50
N_LEAST_CONFIDENT = 500  # among which the rows to label by hand are spread out


@dataclass(frozen=True, slots=True)
class AutoLabels:
    """What auto-labeling would do in a cleanset.

    `n_unlabeled` rows came without a label, and `n_open` of them have none yet. `recommended` is
    the lowest threshold whose interval lies above the wanted accuracy. `shifts` are the classes
    whose labels are missing most unevenly, by name.
    """

    n_rows: int
    n_unlabeled: int
    n_open: int
    estimate: AutoLabelEstimate
    recommended: ThresholdAccuracy | None
    shifts: tuple[tuple[str, ClassShift], ...]


def is_offered(cleanset: Cleanset) -> bool:
    """Return whether at least a tenth of the rows came without a label."""
    n_unlabeled = cleanset.counts.get(UNLABELED, 0)
    has_classes = cleanset.task is MLTask.MULTI_CLASS and bool(cleanset.classes)
    return has_classes and n_unlabeled >= MIN_UNLABELED_FRACTION * (cleanset.n_rows or 0) > 0


def auto_labels(cleanset: Cleanset, *, wanted: float) -> AutoLabels:
    """Estimate how accurate the predicted labels of the rows without one are.

    The evidence are rows with a label of now, predicted by models that did not see it. Labels that
    came from the models themselves, by auto-labeling or Clean Top K, are no evidence.

    Raises
    ------
    DataProblem
        If the task has no classes to predict.
    """
    _refuse_if_not_offered(cleanset)
    results = mapped_table(cleanset.issues_key)
    is_unlabeled = results.column(UNLABELED).to_numpy()
    confidence = results.column(CONFIDENCE).to_numpy().astype(np.float64)
    codes = _likeliest(cleanset)
    labels, is_decided, is_from_models = _labels_of_now(cleanset)
    is_open = is_unlabeled & ~is_decided
    has_label = np.array([not is_blank(label) for label in labels])
    is_evidence = has_label & ~is_from_models
    rows = np.flatnonzero(is_evidence)
    place = {name: code for code, name in enumerate(cleanset.classes)}
    never_predicted = len(place)
    given = np.array(
        [place.get(labels[row] or "", never_predicted) for row in rows.tolist()], dtype=np.int64
    )
    estimate = accuracy_by_threshold(
        Predictions(codes[rows], confidence[rows]),
        given,
        Predictions(codes[is_open], confidence[is_open]),
        THRESHOLDS,
    )
    shown = [one for one in estimate.thresholds if one.n_rows]
    good = [one for one in shown if one.low is not None and one.low >= wanted]
    return AutoLabels(
        n_rows=len(labels),
        n_unlabeled=int(is_unlabeled.sum()),
        n_open=int(is_open.sum()),
        estimate=replace(estimate, thresholds=tuple(shown)),
        recommended=good[0] if good else None,
        shifts=tuple(
            (cleanset.classes[shift.code], shift)
            for shift in estimate.shifts
            if shift.code != never_predicted
        )[:N_SHIFTS],
    )


def _likeliest(cleanset: Cleanset) -> npt.NDArray[np.int64]:
    pred_probs = np.load(tables.local_path(cleanset.pred_probs_key), mmap_mode="r")
    return np.asarray(pred_probs.argmax(axis=1), dtype=np.int64)


def _labels_of_now(
    cleanset: Cleanset,
) -> tuple[list[str | None], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return the label of each row, whether it is decided, and whether its label is no evidence:
    it came from the models, or the row is excluded.
    """
    labels: list[str | None] = mapped_table(cleanset.issues_key).column("given_label").to_pylist()
    is_decided = np.zeros(len(labels), dtype=bool)
    is_from_models = np.zeros(len(labels), dtype=bool)
    reviews = cleanset.reviews.exclude(action="")
    for row_id, action, label, is_manual in reviews.values_list(
        "row_id", "action", "corrected_label", "is_manual"
    ):
        is_decided[row_id] = True
        if label is not None:
            labels[row_id] = label
        is_from_models[row_id] = action == Action.EXCLUDE or not is_manual
    return labels, is_decided, is_from_models


def rows_above(threshold: float) -> RowQuery:
    """Return the rows that auto-labeling labels from a confidence on."""
    return RowQuery(
        issue="unlabeled",
        action=UNDECIDED,
        ranges=(Range(CONFIDENCE, threshold, 1.0),) if threshold else (),
        sort=CONFIDENCE,
    )


def auto_label_start(
    *, cleanset: Cleanset, user: User, threshold: float
) -> ReviewAction | ActionRun:
    """Give every unlabeled row from a confidence on its predicted label, as one action; as a run
    if it is large.
    """
    return top_k_start(cleanset=cleanset, user=user, top_k=top_k_above(cleanset, threshold))


def top_k_above(cleanset: Cleanset, threshold: float) -> TopK:
    """Return the action that labels every unlabeled row from a confidence on."""
    _refuse_if_not_offered(cleanset)
    return TopK(rows_above(threshold), k=cleanset.n_rows or 1, choice=Action.AUTO_FIX)


def _refuse_if_not_offered(cleanset: Cleanset) -> None:
    if not is_offered(cleanset):
        raise DataProblem(
            "Auto-labeling needs classes, and rows without a label: at least a tenth of all rows."
        )


def rows_by_hand(cleanset: Cleanset) -> npt.NDArray[np.int64]:
    """Return the unlabeled rows whose labels would teach the models most, in order of their ids:
    little confidence, and unlike each other.
    """
    return _rows_by_hand(
        cleanset.issues_key,
        cleanset.space_key or cleanset.embeddings_key or cleanset.pred_probs_key,
    )


@lru_cache(maxsize=8)
def _rows_by_hand(issues_key: str, space_key: str) -> npt.NDArray[np.int64]:
    results = mapped_table(issues_key)
    rows = np.flatnonzero(results.column(UNLABELED).to_numpy())
    confidence = results.column(CONFIDENCE).to_numpy()[rows]
    rows = rows[np.argsort(confidence, kind="stable")[:N_LEAST_CONFIDENT]]
    space = np.load(tables.local_path(space_key), mmap_mode="r")
    points = np.nan_to_num(np.asarray(space[np.sort(rows)], dtype=np.float32))
    points = points[np.searchsorted(np.sort(rows), rows)]
    return np.sort(rows[_spread_out(points, N_BY_HAND)])


def _spread_out(points: npt.NDArray[np.float32], n_points: int) -> list[int]:
    """Return places of points that are far from each other, beginning with the first
    (Gonzalez, 1985).
    """
    chosen: list[int] = []
    distances = np.full(len(points), np.inf)
    while len(chosen) < min(n_points, len(points)):
        place = int(np.argmax(distances)) if chosen else 0
        chosen.append(place)
        own = ((points - points[place]) ** 2).sum(axis=1)
        distances = np.minimum(distances, own)
        distances[chosen] = -1
    return chosen


def by_hand_query(cleanset: Cleanset) -> RowQuery:
    """Return the view of the rows to label by hand, the least confident first."""
    return RowQuery(
        issue="unlabeled", among=f"{BY_HAND}:{cleanset.pk}", sort=CONFIDENCE, ascending=True
    )


def find_rows(name: str) -> RowSet | None:
    """Return the rows to label by hand of the cleanset with an id."""
    cleanset = selectors.named_cleanset(name)
    if cleanset is None or not is_offered(cleanset):
        return None
    return RowSet("to label by hand", cleanset.project_id, rows_by_hand(cleanset))
