"""Auto-labeling: labels for unlabeled rows from a confidence on, and the rows to label by hand.

Numbers have an expected error in place of a confidence: `cleansets.auto_numbers`.
"""

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
from studio.engine.conventions.label_sets import split_labels
from studio.engine.errors import DataProblem
from studio.engine.evaluation.auto_labels import (
    AutoLabelEstimate,
    ClassShift,
    Predictions,
    ThresholdAccuracy,
    accuracy_by_threshold,
)
from studio.engine.evaluation.auto_sets import (
    Members,
    SetEstimate,
    SetPredictions,
    rule_behind,
    sets_by_threshold,
)
from studio.engine.ml_task import MLTask

BY_HAND = "by-hand"  # the kind of the set of rows to label by hand
MIN_UNLABELED_FRACTION = 0.1  # of the rows, from which on auto-labeling is offered
EXPECTED_ERROR = "expected-error"  # the kind of the sets of rows up to one
UNLABELED = "is_initially_unlabeled"
THRESHOLDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
SET_THRESHOLDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
N_SHIFTS = 5  # classes that are named
N_BY_HAND = 50
N_LEAST_CONFIDENT = 500  # among which the rows to label by hand are spread out


@dataclass(frozen=True, slots=True)
class AutoLabels:
    """What auto-labeling would do in a cleanset.

    `n_unlabeled` rows came without a label, and `n_open` of them have none yet. `recommended` is
    the lowest threshold whose interval lies above the wanted accuracy. `shifts` are the classes
    whose labels are missing most unevenly, by name. `classes_right`, for sets of classes, is the
    share of right classes at each threshold of the estimate.
    """

    n_rows: int
    n_unlabeled: int
    n_open: int
    estimate: AutoLabelEstimate
    recommended: ThresholdAccuracy | None
    shifts: tuple[tuple[str, ClassShift], ...]
    classes_right: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelsOfNow:
    """The rows of a cleanset as auto-labeling sees them.

    Attributes
    ----------
    labels
        The label of now of each row, shape (n,).
    is_unlabeled
        Whether a row came without a label, shape (n,).
    is_open
        Whether it has none yet, and no decision, shape (n,).
    is_evidence
        Whether a row has a label that did not come from the models, and is not excluded, shape
        (n,).
    """

    labels: list[str | None]
    is_unlabeled: npt.NDArray[np.bool_]
    is_open: npt.NDArray[np.bool_]
    is_evidence: npt.NDArray[np.bool_]


def is_offered(cleanset: Cleanset) -> bool:
    """Return whether at least a tenth of the rows came without a label."""
    n_unlabeled = cleanset.counts.get(UNLABELED, 0)
    has_predictions = bool(cleanset.classes and cleanset.pred_probs_key)
    if cleanset.task is MLTask.REGRESSION:
        has_predictions = bool(cleanset.predictions_key)
    return has_predictions and n_unlabeled >= MIN_UNLABELED_FRACTION * (cleanset.n_rows or 0) > 0


def auto_labels(cleanset: Cleanset, *, wanted: float) -> AutoLabels:
    """Estimate how accurate the predicted classes, or sets of them, of the rows without a label
    are.

    The evidence are rows with a label of now, predicted by models that did not see it. Labels that
    came from the models themselves, by auto-labeling or Clean Top K, are no evidence.

    Raises
    ------
    DataProblem
        If few rows came without a label, or labels are numbers.
    """
    refuse_if_not_offered(cleanset)
    if cleanset.task is MLTask.REGRESSION:
        raise DataProblem("Labels of this project are numbers, which have no confidence.")
    rows = labels_of_now(cleanset)
    classes_right: tuple[float | None, ...] = ()
    if cleanset.task is MLTask.MULTI_LABEL:
        found = _without_equal_lines(_estimate_of_sets(cleanset, rows))
        estimate = found.estimate
        classes_right = found.classes_right
    else:
        estimate = _estimate_of_classes(cleanset, rows)
    shown = [one for one in estimate.thresholds if one.n_rows]
    good = [one for one in shown if one.low is not None and one.low >= wanted]
    return AutoLabels(
        n_rows=len(rows.labels),
        n_unlabeled=int(rows.is_unlabeled.sum()),
        n_open=int(rows.is_open.sum()),
        estimate=replace(estimate, thresholds=tuple(shown)),
        recommended=good[0] if good else None,
        shifts=_named_shifts(cleanset, estimate),
        classes_right=classes_right[: len(shown)],
    )


def _without_equal_lines(found: SetEstimate) -> SetEstimate:
    """Return the estimate without thresholds above which there are the same rows as above a lower
    one; the probability of a whole set is often low.
    """
    kept: dict[tuple[int, int], int] = {}
    for place, one in enumerate(found.estimate.thresholds):
        kept.setdefault((one.n_rows, one.n_evidence), place)
    places = list(kept.values())
    thresholds = tuple(found.estimate.thresholds[place] for place in places)
    return SetEstimate(
        replace(found.estimate, thresholds=thresholds),
        tuple(found.classes_right[place] for place in places),
    )


def _named_shifts(
    cleanset: Cleanset, estimate: AutoLabelEstimate
) -> tuple[tuple[str, ClassShift], ...]:
    if cleanset.task is MLTask.MULTI_LABEL:
        return ()
    names = dict(enumerate(cleanset.classes))
    shifts = [(names[one.code], one) for one in estimate.shifts if one.code in names]
    return tuple(shifts[:N_SHIFTS])


def _estimate_of_classes(cleanset: Cleanset, rows: LabelsOfNow) -> AutoLabelEstimate:
    confidence = _confidence(cleanset)
    codes = _likeliest(cleanset)
    place = {name: code for code, name in enumerate(cleanset.classes)}
    never_predicted = len(place)
    evidence = np.flatnonzero(rows.is_evidence)
    given = [place.get(rows.labels[row] or "", never_predicted) for row in evidence.tolist()]
    return accuracy_by_threshold(
        Predictions(codes[evidence], confidence[evidence]),
        np.array(given, dtype=np.int64),
        Predictions(codes[rows.is_open], confidence[rows.is_open]),
        THRESHOLDS,
    )


def _estimate_of_sets(cleanset: Cleanset, rows: LabelsOfNow) -> SetEstimate:
    pred_probs = np.load(tables.local_path(cleanset.pred_probs_key), mmap_mode="r")
    suggested = mapped_table(cleanset.issues_key).column("suggested_label")
    came_open = np.flatnonzero(rows.is_unlabeled)
    sets = _members(cleanset, suggested.take(came_open).to_pylist())[:, :-1]
    rule = rule_behind(pred_probs[came_open], sets)
    evidence = np.flatnonzero(rows.is_evidence)
    labeled = rule.predictions(pred_probs[evidence])
    given = _members(cleanset, [rows.labels[row] for row in evidence.tolist()])
    is_open = rows.is_open[came_open]
    return sets_by_threshold(
        SetPredictions(_with_others(labeled.sets), labeled.confidence),
        given,
        SetPredictions(_with_others(sets[is_open]), _confidence(cleanset)[rows.is_open]),
        SET_THRESHOLDS,
    )


def _members(cleanset: Cleanset, labels: list[str | None]) -> Members:
    """Return whether each class is in each set, and in the last column whether any other class
    is, which is never predicted; shape (n, K + 1).
    """
    place = {name: column for column, name in enumerate(cleanset.classes)}
    members = np.zeros((len(labels), len(place) + 1), dtype=bool)
    for row, label in enumerate(labels):
        for name in split_labels(label):
            members[row, place.get(name, len(place))] = True
    return members


def _with_others(sets: Members) -> Members:
    return np.pad(sets, ((0, 0), (0, 1)))


def _confidence(cleanset: Cleanset) -> npt.NDArray[np.float64]:
    confidence = mapped_table(cleanset.issues_key).column(CONFIDENCE).to_numpy()
    return np.asarray(confidence, dtype=np.float64)


def _likeliest(cleanset: Cleanset) -> npt.NDArray[np.int64]:
    pred_probs = np.load(tables.local_path(cleanset.pred_probs_key), mmap_mode="r")
    return np.asarray(pred_probs.argmax(axis=1), dtype=np.int64)


def labels_of_now(cleanset: Cleanset) -> LabelsOfNow:
    """Return the label of each row, and which rows are open, and which are evidence."""
    results = mapped_table(cleanset.issues_key)
    labels: list[str | None] = results.column("given_label").to_pylist()
    is_unlabeled = results.column(UNLABELED).to_numpy()
    has_label = ~is_unlabeled
    is_decided = np.zeros(len(labels), dtype=bool)
    is_no_evidence = np.zeros(len(labels), dtype=bool)
    reviews = cleanset.reviews.exclude(action="")
    for row_id, action, label, is_manual in reviews.values_list(
        "row_id", "action", "corrected_label", "is_manual"
    ):
        is_decided[row_id] = True
        if label is not None:
            labels[row_id] = label
            has_label[row_id] = True
        is_no_evidence[row_id] = action == Action.EXCLUDE or not is_manual
    return LabelsOfNow(
        labels, is_unlabeled, is_unlabeled & ~is_decided, has_label & ~is_no_evidence
    )


def rows_up_to(cleanset: Cleanset, threshold: float) -> RowQuery:
    """Return the rows that auto-labeling labels up to an expected error."""
    among = f"{EXPECTED_ERROR}:{cleanset.pk}~{threshold!r}"
    return RowQuery(issue="unlabeled", action=UNDECIDED, among=among)


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
    """Give every unlabeled row from a confidence on its predicted label, or up to an expected error
    its predicted number, as one action; as a run if it is large.
    """
    return top_k_start(cleanset=cleanset, user=user, top_k=top_k_of(cleanset, threshold))


def top_k_of(cleanset: Cleanset, threshold: float) -> TopK:
    """Return the action that labels every unlabeled row from a threshold on.

    Raises
    ------
    DataProblem
        If few rows came without a label, or the threshold is no confidence.
    """
    refuse_if_not_offered(cleanset)
    if cleanset.task is MLTask.REGRESSION:
        query = rows_up_to(cleanset, threshold)
    elif threshold > 1:
        raise DataProblem("A confidence lies between 0 and 1.")
    else:
        query = rows_above(threshold)
    return TopK(query, k=cleanset.n_rows or 1, choice=Action.AUTO_FIX)


def refuse_if_not_offered(cleanset: Cleanset) -> None:
    """Raise DataProblem if there is nothing to label from predictions."""
    if not is_offered(cleanset):
        raise DataProblem(
            "Auto-labeling needs predictions, and rows without a label: at least a tenth of all"
            " rows."
        )


def rows_by_hand(cleanset: Cleanset) -> npt.NDArray[np.int64]:
    """Return the unlabeled rows whose labels would teach the models most, in order of their ids:
    little confidence, and unlike each other.
    """
    predictions_key = cleanset.pred_probs_key
    if cleanset.task is MLTask.REGRESSION:
        predictions_key = cleanset.predictions_key
    space_key = cleanset.space_key or cleanset.embeddings_key or predictions_key
    return _rows_by_hand(cleanset.issues_key, space_key, cleanset.predictions_key)


@lru_cache(maxsize=8)
def _rows_by_hand(issues_key: str, space_key: str, predictions_key: str) -> npt.NDArray[np.int64]:
    results = mapped_table(issues_key)
    rows = np.flatnonzero(results.column(UNLABELED).to_numpy())
    if predictions_key:
        confidence = -np.load(tables.local_path(predictions_key), mmap_mode="r")[rows, 1]
    else:
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
