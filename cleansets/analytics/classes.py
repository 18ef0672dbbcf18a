"""Classes: how many rows have them before and after the review, and what is taken for what."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cleansets import selectors
from cleansets.analytics.kept import kept, kept_for_good
from cleansets.analytics.label_counts import decided_counts, label_counts
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
    for row in label_counts(cleanset):
        for name in selectors.classes_in(cleanset.task, row.given):
            given[name] += row.n_rows
    now = given.copy()
    for decided in decided_counts(cleanset):
        n_rows = decided.before.n_rows
        for name in selectors.classes_in(cleanset.task, decided.before.given):
            now[name] -= n_rows
        if not decided.is_excluded:
            for name in selectors.classes_in(cleanset.task, decided.label):
                now[name] += n_rows
    names = sorted(given | now, key=lambda name: (-given[name], -now[name], name))
    return [ClassCount(name, given[name], now[name]) for name in names if name.strip()]


def label_pairs(cleanset: Cleanset) -> list[LabelPair]:
    """Return given and suggested labels of flagged rows, most frequent first."""
    if cleanset.task not in HAS_CLASSES:
        return []
    n_decided: Counter[tuple[str | None, str | None]] = Counter()
    for decided in decided_counts(cleanset):
        if decided.action is not None and decided.before.is_flagged:
            n_decided[decided.before.given, decided.before.suggested] += decided.before.n_rows
    pairs = [
        LabelPair(
            row.given, row.suggested, row.n_rows, row.n_rows - n_decided[row.given, row.suggested]
        )
        for row in label_counts(cleanset)
        if row.is_flagged and row.given is not None and row.suggested is not None
    ]
    return sorted(pairs, key=lambda pair: (-pair.n_rows, pair.given, pair.suggested))


def noise_matrix(cleanset: Cleanset) -> NoiseMatrix | None:
    """Return the matrix of a task with one class per row; None for other tasks."""
    if cleanset.task is not MLTask.MULTI_CLASS or not _has_label_issues(cleanset):
        return None
    return kept(cleanset, "noise_matrix", lambda: _noise_matrix(cleanset))


def _has_label_issues(cleanset: Cleanset) -> bool:
    return "is_label_issue" in selectors.row_source(cleanset).result_columns


def _noise_matrix(cleanset: Cleanset) -> NoiseMatrix:
    found = estimated_labels(cleanset)
    pairs = [(given, true, n) for (given, true), n in found.items() if given and true and n]
    names = sorted({name for pair in pairs for name in pair[:2]})
    codes = {name: code for code, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    for given, true, n_rows in pairs:
        counts[codes[given], codes[true]] += n_rows
    order = _similar_together(counts)
    return NoiseMatrix([names[code] for code in order], counts[np.ix_(order, order)])


def estimated_labels(cleanset: Cleanset) -> Counter[tuple[str | None, str | None]]:
    """Count rows by their given and their estimated true label, without excluded ones.

    None are counted for tasks without classes.
    """
    if cleanset.task not in HAS_CLASSES:
        return Counter()
    found: Counter[tuple[str | None, str | None]] = Counter()
    for row in label_counts(cleanset):
        found[row.given, row.estimated] += row.n_rows
    for decided in decided_counts(cleanset):
        if decided.action is None:
            continue
        before = decided.before
        found[before.given, before.estimated] -= before.n_rows
        if not decided.is_excluded:
            found[before.given, decided.label] += before.n_rows
    return found


@dataclass(frozen=True, slots=True)
class ClassNoise:
    """Rows by whether a class of a set is given and whether it probably applies."""

    name: str
    n_both: int
    n_given_wrongly: int
    n_missing: int
    n_neither: int

    @property
    def n_differing(self) -> int:
        """The rows in which the class probably is wrong or missing."""
        return self.n_given_wrongly + self.n_missing


def class_noise(cleanset: Cleanset) -> list[ClassNoise]:
    """Return a matrix for each class of a task with sets of classes, most differences first."""
    if cleanset.task is not MLTask.MULTI_LABEL or not _has_label_issues(cleanset):
        return []
    return kept(cleanset, "class_noise", lambda: _class_noise(cleanset))


def _class_noise(cleanset: Cleanset) -> list[ClassNoise]:
    n_rows = 0
    counts: dict[str, Counter[tuple[bool, bool]]] = defaultdict(Counter)
    for (given, true), n in estimated_labels(cleanset).items():
        if given is None or true is None:
            continue
        n_rows += n
        given_names = set(split_labels(given))
        true_names = set(split_labels(true))
        for name in given_names | true_names:
            counts[name][name in given_names, name in true_names] += n
    found = []
    for name, cells in counts.items():
        n_neither = n_rows - cells.total()
        both, wrong, missing = cells[True, True], cells[True, False], cells[False, True]
        found.append(ClassNoise(name, both, wrong, missing, n_neither))
    return sorted(found, key=lambda row: (-row.n_differing, row.name))


def _similar_together(counts: Counts) -> list[int]:
    """Return an order in which classes that are taken for each other are neighbours.

    The chain begins with the largest confusion; each end takes the class most like it.
    """
    n_classes = len(counts)
    if n_classes < 3:
        return list(range(n_classes))
    sizes = np.maximum(counts.sum(axis=1), 1)
    likeness = (counts + counts.T) / (sizes[:, None] + sizes[None, :])
    np.fill_diagonal(likeness, -1.0)
    first, second = np.unravel_index(int(likeness.argmax()), likeness.shape)
    chain = deque([int(first), int(second)])
    # A class that is in the chain is like no other.
    likeness[:, chain] = -1.0
    while len(chain) < n_classes:
        at_start = int(likeness[chain[0]].argmax())
        at_end = int(likeness[chain[-1]].argmax())
        if likeness[chain[0], at_start] > likeness[chain[-1], at_end]:
            chain.appendleft(at_start)
            likeness[:, at_start] = -1.0
        else:
            chain.append(at_end)
            likeness[:, at_end] = -1.0
    return list(chain)


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
    return kept_for_good(cleanset, "issues_by_class", lambda: _issues_by_class(cleanset, issues))


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
