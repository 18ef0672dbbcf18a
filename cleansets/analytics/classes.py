"""Classes: how many rows have them before and after the review, and what is taken for what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cleansets import selectors
from cleansets.analytics.kept import kept
from cleansets.issue_columns import BADGES, IssueColumn, issues_in
from cleansets.models import Cleanset
from studio.engine.conventions.label_sets import split_labels
from studio.engine.ml_task import MLTask

Counts = npt.NDArray[np.int64]
HAS_CLASSES = (MLTask.MULTI_CLASS, MLTask.MULTI_LABEL)


@dataclass(frozen=True, slots=True)
class ClassCount:
    """The rows of a class: as given, as they are now, and how many of these are excluded."""

    name: str
    n_given: int
    n_now: int


@dataclass(frozen=True, slots=True)
class LabelPair:
    """Flagged rows by given and suggested label, and how many of them are undecided."""

    given: str
    suggested: str
    n_rows: int
    n_undecided: int


@dataclass(frozen=True, slots=True)
class NoiseMatrix:
    """Rows by given and estimated true class, shape (K, K), similar classes side by side.

    A row's estimated true class is its corrected label, else the suggested one where it is flagged
    and undecided, else the given one. Excluded rows are not counted.
    """

    classes: list[str]
    counts: Counts

    @property
    def n_differing(self) -> int:
        """The rows whose estimated true class is not the given one."""
        return int(self.counts.sum() - np.trace(self.counts))

    def merged(self, names: Sequence[str]) -> NoiseMatrix:
        """Return the matrix that there would be if some classes were one."""
        places = [place for place, name in enumerate(self.classes) if name in names]
        if len(places) < 2:
            return self
        kept_places = [place for place in range(len(self.classes)) if place not in places[1:]]
        codes = np.array(
            [kept_places.index(places[0] if p in places else p) for p in range(len(self.classes))]
        )
        counts = np.zeros((len(kept_places), len(kept_places)), dtype=np.int64)
        np.add.at(counts, (codes[:, None], codes[None, :]), self.counts)
        classes = [self.classes[place] for place in kept_places]
        classes[codes[places[0]]] = " + ".join(self.classes[place] for place in places)
        return NoiseMatrix(classes, counts)


def class_counts(cleanset: Cleanset) -> list[ClassCount]:
    """Return the classes, most frequent first; none for other tasks."""
    if cleanset.task not in HAS_CLASSES:
        return []
    return kept(cleanset, "class_counts", lambda: _class_counts(cleanset))


def _class_counts(cleanset: Cleanset) -> list[ClassCount]:
    given: Counter[str] = Counter()
    now: Counter[str] = Counter()
    found = selectors.row_source(cleanset).fetch(
        "SELECT given_label::VARCHAR, clean_label::VARCHAR, coalesce(action = 'exclude', false),"
        " count(*) FROM rows GROUP BY ALL"
    )
    for given_label, clean_label, is_excluded, n_rows in found:
        for name in selectors.classes_in(cleanset.task, given_label):
            given[name] += n_rows
        if not is_excluded:
            for name in selectors.classes_in(cleanset.task, clean_label):
                now[name] += n_rows
    names = sorted(given | now, key=lambda name: (-given[name], -now[name], name))
    return [ClassCount(name, given[name], now[name]) for name in names if name.strip()]


def label_pairs(cleanset: Cleanset) -> list[LabelPair]:
    """Return given and suggested labels of flagged rows, most frequent first."""
    source = selectors.row_source(cleanset)
    if cleanset.task not in HAS_CLASSES or "is_label_issue" not in source.result_columns:
        return []
    return kept(
        cleanset,
        "label_pairs",
        lambda: [
            LabelPair(*pair)
            for pair in source.fetch(
                "SELECT given_label::VARCHAR, suggested_label::VARCHAR, count(*),"
                " count(*) FILTER (action IS NULL) FROM rows WHERE is_label_issue"
                " AND suggested_label IS NOT NULL AND given_label IS NOT NULL"
                " GROUP BY ALL ORDER BY 3 DESC, 1, 2"
            )
        ],
    )


def noise_matrix(cleanset: Cleanset) -> NoiseMatrix | None:
    """Return the matrix of a task with one class per row; None for other tasks."""
    source = selectors.row_source(cleanset)
    if cleanset.task is not MLTask.MULTI_CLASS or "is_label_issue" not in source.result_columns:
        return None
    return kept(cleanset, "noise_matrix", lambda: _noise_matrix(cleanset))


def _noise_matrix(cleanset: Cleanset) -> NoiseMatrix:
    found = selectors.row_source(cleanset).fetch(
        """SELECT given_label::VARCHAR AS given, CASE
            WHEN action IS NOT NULL THEN clean_label
            WHEN is_label_issue THEN coalesce(suggested_label, given_label)
            ELSE given_label END::VARCHAR AS estimated, count(*)
        FROM rows WHERE action IS DISTINCT FROM 'exclude' AND given_label IS NOT NULL
        GROUP BY ALL"""
    )
    names = sorted({name for pair in found for name in pair[:2] if name})
    codes = {name: code for code, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    for given, estimated, n_rows in found:
        if given and estimated:
            counts[codes[given], codes[estimated]] += n_rows
    order = _similar_together(counts)
    return NoiseMatrix([names[code] for code in order], counts[np.ix_(order, order)])


def _similar_together(counts: Counts) -> list[int]:
    """Return an order in which classes that are taken for each other are neighbours.

    The chain begins with the largest confusion; each end takes the class most like it.
    """
    n_classes = len(counts)
    sizes = np.maximum(counts.sum(axis=1), 1)
    likeness = (counts + counts.T) / (sizes[:, None] + sizes[None, :])
    np.fill_diagonal(likeness, -1.0)
    if n_classes < 3:
        return list(range(n_classes))
    first, second = np.unravel_index(int(likeness.argmax()), likeness.shape)
    chain = [int(first), int(second)]
    left = [code for code in range(n_classes) if code not in chain]
    while left:
        at_start = max(left, key=lambda code: (likeness[chain[0], code], -code))
        at_end = max(left, key=lambda code: (likeness[chain[-1], code], -code))
        if likeness[chain[0], at_start] > likeness[chain[-1], at_end]:
            chain.insert(0, at_start)
            left.remove(at_start)
        else:
            chain.append(at_end)
            left.remove(at_end)
    return chain


@dataclass(frozen=True, slots=True)
class IssuesOfClass:
    """How many rows given a class have each kind of issue, in the order of `issue_types`."""

    name: str
    n_rows: int
    counts: tuple[int, ...]


def issue_types(cleanset: Cleanset) -> list[IssueColumn]:
    """Return the kinds of issue that some rows have."""
    found = issues_in(selectors.row_source(cleanset).result_columns)
    return [issue for issue in found if issue in BADGES and cleanset.counts.get(issue.flag)]


def issues_by_class(cleanset: Cleanset) -> list[IssuesOfClass]:
    """Count the kinds of issue by given class, the class with the most label issues first."""
    issues = issue_types(cleanset)
    if cleanset.task not in HAS_CLASSES or not issues:
        return []
    return kept(cleanset, "issues_by_class", lambda: _issues_by_class(cleanset, issues))


def _issues_by_class(cleanset: Cleanset, issues: Sequence[IssueColumn]) -> list[IssuesOfClass]:
    columns = ", ".join(f"count(*) FILTER ({issue.flag})" for issue in issues)
    totals: dict[str, Counts] = {}
    for label, *counts in selectors.row_source(cleanset).fetch(
        f"SELECT given_label::VARCHAR, count(*), {columns} FROM issues GROUP BY 1"
    ):
        names = split_labels(label) if cleanset.task is MLTask.MULTI_LABEL else (label,)
        for name in names:
            if name:
                totals[name] = totals.get(name, 0) + np.array(counts, dtype=np.int64)
    found = [
        IssuesOfClass(name, int(counts[0]), tuple(int(n) for n in counts[1:]))
        for name, counts in totals.items()
    ]
    return sorted(found, key=lambda row: (-row.counts[0], row.name))
