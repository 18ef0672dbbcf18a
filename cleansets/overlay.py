"""Applies people's decisions to the immutable results, for pages, exports and training alike.

A row has three labels. The *uploaded* label is the cell of the file. The *given* label is what the
analysis read: the uploaded one, its merged spelling, or the correction that existed when an
improved cleanset was made. The *corrected* label is the one the row has now, by a decision in this
cleanset or else as given; it is missing where it equals the uploaded label.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleansets.frames import read_frame
from cleansets.label_text import same_labels
from cleansets.mapped_results import mapped_table
from cleansets.models import Action, Cleanset, ReviewEvent
from cleansets.row_parts import kept_parts, row_parts
from studio import tables
from studio.database import read_together
from studio.engine.conventions.blanks import is_blank
from studio.engine.labels.reading import merged_label, read_labels
from studio.engine.ml_task import MLTask
from studio.engine.schema import CleansetSpec, Part
from studio.engine.schema.split import labels_to_learn

GIVEN_LABEL = "given_label"
LEFT_OUT = "is_not_analyzed"
MAX_SLICED_LABELS = 100  # given labels that are sliced out of a mapped column one by one
DECISION_FIELDS = ("row_id", "action", "corrected_label", "needs_review", "is_manual", "tags")
REVIEW_SCHEMA = pa.schema(
    [
        ("row_id", pa.int64()),
        ("action", pa.string()),
        ("decided_label", pa.string()),
        ("needs_review", pa.bool_()),
        ("is_manual", pa.bool_()),
        ("tags", pa.string()),
        ("uploaded_label", pa.string()),
        ("corrected_label", pa.string()),
        ("is_given_corrected", pa.bool_()),
    ]
)


@dataclass(frozen=True, slots=True)
class CorrectedRows:
    """The rows to train on.

    `row_id`, shape (n_kept,), are the rows that are not excluded, in order; `labels` are their
    corrected labels, else their uploaded labels (None = unlabeled). `parts` are theirs in a split
    that an analysis made, None without one. `n_corrected` does not count test rows.
    """

    row_id: npt.NDArray[np.int64]
    labels: list[str | None]
    n_corrected: int
    n_excluded: int
    parts: npt.NDArray[np.object_] | None = None

    @property
    def learned_labels(self) -> list[str | None]:
        """The labels without those of test rows."""
        if self.parts is None:
            return self.labels
        return labels_to_learn(self.labels, self.parts.tolist())

    @property
    def n_test(self) -> int:
        """Number of rows for testing."""
        return 0 if self.parts is None else int((self.parts == Part.TEST.value).sum())

    def n_labeled(self, task: MLTask) -> int:
        """Return how many of the rows a model can learn from. The empty set of classes is a
        label, too.
        """
        if task is MLTask.MULTI_LABEL:
            return sum(label is not None for label in self.learned_labels)
        return sum(not is_blank(label) for label in self.learned_labels)


def review_table(
    cleanset: Cleanset,
    row_ids: Collection[int] | None = None,
    stored: Sequence[tuple[Any, ...]] | None = None,
) -> pa.Table:
    """Return people's decisions on rows, in this cleanset and in those it descends from.

    There is one row for each row that has a decision or whose given label is already a correction;
    `row_ids` restricts them; `stored` are their decisions, if they are read already.
    `decided_label` is that of the decision made in this cleanset. `corrected_label` is the current
    label, wherever it was chosen, and null where it is the uploaded one. An untouched `action` is
    null.
    """
    uploaded_of = _uploaded_where_given_is_corrected(cleanset)
    reviews = cleanset.reviews.values_list(*DECISION_FIELDS)
    if row_ids is not None:
        reviews = reviews.filter(row_id__in=row_ids)
        uploaded_of = {row_id: uploaded_of[row_id] for row_id in row_ids if row_id in uploaded_of}
    if stored is None:
        # Without the conversions of the ORM, a million decisions are read in a second.
        [stored] = read_together(reviews)
    decisions = {decision[0]: decision for decision in stored}
    untouched = ("", None, False, False, "")
    for row_id in uploaded_of.keys() - decisions.keys():
        decisions[row_id] = (row_id, *untouched)
    rows = list(decisions)
    given = _labels_at(cleanset, rows)
    uploaded = list(given)
    corrected: list[str | None] = [None] * len(rows)
    changed: list[int] = []
    for place, (row_id, _, decided_label, *_) in enumerate(decisions.values()):
        if row_id in uploaded_of:
            uploaded[place] = uploaded_of[row_id]
        if row_id in uploaded_of or decided_label is not None:
            changed.append(place)
            corrected[place] = given[place] if decided_label is None else decided_label
    is_uploaded = same_labels(
        cleanset.task,
        [corrected[place] for place in changed],
        [uploaded[place] for place in changed],
        cleanset.label_convention,
    )
    for place, is_same in zip(changed, is_uploaded, strict=True):
        if is_same:
            corrected[place] = None
    columns: list[list[Any]] = [
        rows,
        [action or None for _, action, *_ in decisions.values()],
        [label for _, _, label, *_ in decisions.values()],
        [bool(needs_review) for *_, needs_review, _, _ in decisions.values()],
        [bool(is_manual) for *_, is_manual, _ in decisions.values()],
        [tags for *_, tags in decisions.values()],
        uploaded,
        corrected,
        [row_id in uploaded_of for row_id in rows],
    ]
    arrays = [
        pa.array(column, field.type) for column, field in zip(columns, REVIEW_SCHEMA, strict=True)
    ]
    return pa.table(arrays, REVIEW_SCHEMA)


def corrected_rows(cleanset: Cleanset) -> CorrectedRows:
    """Return the rows that are not excluded, with their current labels."""
    labels = _labels_read(cleanset)
    reviews = review_table(cleanset).select(["row_id", "action", "corrected_label"])
    kept = np.ones(len(labels), dtype=bool)
    parts = row_parts(cleanset)
    n_corrected = 0
    for row_id, action, corrected in zip(
        *(column.to_pylist() for column in reviews.columns), strict=True
    ):
        kept[row_id] = action != Action.EXCLUDE
        if corrected is not None:
            labels[row_id] = corrected
            is_learned = parts is None or parts[row_id] != Part.TEST
            if is_learned and action != Action.EXCLUDE:
                n_corrected += 1
    rows = np.flatnonzero(kept).astype(np.int64)
    return CorrectedRows(
        rows,
        [labels[i] for i in rows],
        n_corrected,
        len(labels) - len(rows),
        parts=None if parts is None else parts[rows],
    )


def rows_to_analyse(cleanset: Cleanset, labels: list[str | None]) -> CorrectedRows:
    """Return the rows that an analysis reads: all but those excluded when it was requested.

    `labels` are the `given_labels` of the cleanset.
    """
    is_kept = np.ones(len(labels), dtype=bool)
    if cleanset.base is not None:
        excluded = cleanset.reviews.filter(action=Action.EXCLUDE).values_list("row_id", flat=True)
        is_kept[list(excluded)] = False
    return _as_given(cleanset, labels, is_kept)


def previous_labels(cleanset: Cleanset, rows: CorrectedRows) -> list[str | None] | None:
    """Return the labels of the last full fit; None if there is none, or if it used other rows."""
    base = cleanset.base
    # A warm-started fit is no starting point for another: errors would add up along the chain.
    while base is not None and base.manifest.get("former_labels_sha256"):
        base = base.base
    if base is None or rows.n_excluded or base.version_id != cleanset.version_id:
        return None
    if not base.is_analysis:
        return None
    return given_labels(base)


def rows_analysed(cleanset: Cleanset) -> CorrectedRows:
    """Return the rows that a finished analysis read, whatever was decided since."""
    labels = given_labels(cleanset)
    issues = tables.local_path(cleanset.issues_key)
    left_out = np.zeros(len(labels), dtype=bool)
    if LEFT_OUT in pq.read_schema(issues).names:
        left_out = pq.read_table(issues, columns=[LEFT_OUT]).column(LEFT_OUT).to_numpy()
    return _as_given(cleanset, labels, ~left_out)


def _as_given(
    cleanset: Cleanset, labels: list[str | None], is_kept: npt.NDArray[np.bool_]
) -> CorrectedRows:
    rows = np.flatnonzero(is_kept).astype(np.int64)
    parts = kept_parts(cleanset)
    return CorrectedRows(
        rows,
        [labels[row] for row in rows],
        n_corrected=0,
        n_excluded=len(labels) - len(rows),
        parts=None if parts is None else parts[rows],
    )


def given_labels(cleanset: Cleanset) -> list[str | None]:
    """Return the labels that the analysis reads: uploaded ones, or corrected ones where it improves
    a cleanset.

    The corrections are fixed when the improved cleanset is made, which stores the decisions of that
    moment. Later decisions on its base have no effect on it.
    """
    if cleanset.base is None:
        return _labels_read(cleanset)
    if cleanset.issues_key:
        given: list[str | None] = _given_column(cleanset).to_pylist()
        return given
    labels = given_labels(cleanset.base)
    corrected = cleanset.reviews.filter(corrected_label__isnull=False)
    for row_id, label in corrected.values_list("row_id", "corrected_label"):
        labels[row_id] = label
    return labels


def original_analysis(cleanset: Cleanset) -> Cleanset | None:
    """Return the analysis of the uploaded labels that was configured like a cleanset.

    It is the cleanset itself or one that it descends from; None if there is no such analysis.
    """
    original = None
    ancestor: Cleanset | None = cleanset
    while ancestor is not None:
        if ancestor.configuration == cleanset.configuration and not ancestor.provided_key:
            original = ancestor
        ancestor = ancestor.base
    if original is not None and original.base is not None:
        is_corrected = bool(_uploaded_where_given_is_corrected(original))
        return None if is_corrected else original
    return original


def n_changed_for_training(cleanset: Cleanset, *, since: datetime) -> int:
    """Count the training rows changed since a moment: relabeled, excluded or included again."""
    events = ReviewEvent.objects.filter(
        review_action__cleanset=cleanset,
        review_action__number__isnull=False,
        review_action__created_at__gt=since,
    )
    # A row may change more than once; its first and its last state count.
    states: dict[int, tuple[Any, Any]] = {}
    for row_id, before, after in events.order_by("pk").values_list("row_id", "before", "after"):
        first, _ = states.get(row_id, (before, after))
        states[row_id] = (first, after)
    parts = row_parts(cleanset)
    if parts is not None:
        states = {row_id: pair for row_id, pair in states.items() if parts[row_id] != Part.TEST}
    given = _labels_at(cleanset, list(states))
    exclusions: list[tuple[bool, bool]] = []
    labels_before: list[str | None] = []
    labels_after: list[str | None] = []
    for (first, last), given_label in zip(states.values(), given, strict=True):
        was_excluded, label_before = _for_training(first, given_label)
        is_excluded, label_after = _for_training(last, given_label)
        exclusions.append((was_excluded, is_excluded))
        labels_before.append(label_before)
        labels_after.append(label_after)
    is_same_label = same_labels(
        cleanset.task, labels_before, labels_after, cleanset.label_convention
    )
    n_changed = 0
    for (was_excluded, is_excluded), is_same in zip(exclusions, is_same_label, strict=True):
        is_relabeled = not is_same and not is_excluded
        n_changed += was_excluded != is_excluded or is_relabeled
    return n_changed


def _for_training(state: Mapping[str, Any] | None, given: str | None) -> tuple[bool, str | None]:
    """Return whether a decision excludes the row, and the label it sets."""
    if state is None:
        return False, given
    label = state["corrected_label"]
    return state["action"] == Action.EXCLUDE, given if label is None else label


def corrected_in(cleanset: Cleanset, row_id: int) -> int | None:
    """Return the number of the cleanset in which a row's given label was corrected.

    None if it is the uploaded one or its merged spelling.
    """
    uploaded_of = _uploaded_where_given_is_corrected(cleanset)
    if row_id not in uploaded_of:
        return None
    [label] = _labels_at(cleanset, [row_id])
    if label == merged_label(uploaded_of[row_id], cleanset.project.spec()):
        return None
    # The correction was made in the earliest base that already has this label.
    base = cleanset.base
    while base is not None and base.base is not None and _labels_at(base, [row_id]) == [label]:
        base = base.base
    return None if base is None else base.number


def _labels_read(cleanset: Cleanset) -> list[str | None]:
    """Return the uploaded labels as the first analysis reads them."""
    return _uploaded_labels(cleanset, cleanset.project.spec())


def _uploaded_labels(cleanset: Cleanset, spec: CleansetSpec) -> list[str | None]:
    version = cleanset.version
    if spec.label_column is None:
        return [None] * (version.n_rows or 0)
    cells = read_frame(tables.local_path(version.table_key), [spec.label_column])[spec.label_column]
    return read_labels(cells.tolist(), spec)


def _labels_at(cleanset: Cleanset, row_ids: Sequence[int]) -> list[str | None]:
    """Return the given labels of some rows of a finished cleanset."""
    if not row_ids:
        return []
    labels: list[str | None] = _given_column(cleanset, row_ids).to_pylist()
    return labels


def _given_column(cleanset: Cleanset, row_ids: Sequence[int] | None = None) -> pa.ChunkedArray:
    """Return the given labels of a finished cleanset, or of some of its rows.

    Files written before list cells could be read store the empty set as null.
    """
    given = mapped_table(cleanset.issues_key).column(GIVEN_LABEL)
    if row_ids is not None and len(row_ids) <= MAX_SLICED_LABELS:
        # Taking rows out of a mapped column reads all of it.
        parts = [chunk for row_id in row_ids for chunk in given.slice(row_id, 1).chunks]
        given = pa.chunked_array(parts, given.type)
    elif row_ids is not None:
        given = given.take(pa.array(row_ids, pa.int64()))
    given = given.cast(pa.string())
    spec = cleanset.project.spec()
    if spec.task is MLTask.MULTI_LABEL and not spec.separator.is_list:
        return pc.fill_null(given, "")
    return given


@dataclass(frozen=True, slots=True)
class _Analysis:
    """A finished analysis as a cache key: its results, which never change, identify it."""

    issues_key: str
    cleanset: Cleanset = field(compare=False)


def _uploaded_where_given_is_corrected(cleanset: Cleanset) -> Mapping[int, str | None]:
    """Return the uploaded labels, by row, of the rows whose given label differs."""
    project = cleanset.project
    if not project.label_column or (cleanset.base is None and not project.merged_labels):
        return {}
    return _differing_labels(_Analysis(cleanset.issues_key, cleanset))


@lru_cache(maxsize=16)
def _differing_labels(analysis: _Analysis) -> Mapping[int, str | None]:
    cleanset = analysis.cleanset
    spec = cleanset.project.spec().as_spelled()
    uploaded = pa.array(_uploaded_labels(cleanset, spec), pa.string())
    given = _given_column(cleanset).combine_chunks()
    is_missing = pc.and_(given.is_null(), uploaded.is_null())
    is_same = pc.or_(pc.fill_null(pc.equal(given, uploaded), fill_value=False), is_missing)
    rows = pa.array(np.flatnonzero(~is_same.to_numpy(zero_copy_only=False)))
    labels = uploaded.take(rows).to_pylist()
    # Other text may still be the same label, as 1.0 and 1 are, or one set in another order.
    is_same_label = same_labels(
        cleanset.task, given.take(rows).to_pylist(), labels, cleanset.label_convention
    )
    found = zip(rows.to_pylist(), labels, is_same_label, strict=True)
    return {row_id: label for row_id, label, is_same in found if not is_same}
