"""Reads the cells of a label column into the one form of labels that the analysis, decisions and
models use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from studio.engine.conventions.blanks import is_blank
from studio.engine.conventions.label_sets import (
    Separator,
    join_labels,
    read_set,
    split_labels,
    written_set,
)
from studio.engine.ml_task import MLTask
from studio.engine.schema import CleansetSpec


def read_labels(cells: Iterable[str | None], spec: CleansetSpec) -> list[str | None]:
    """Return the label of every cell, with merged spellings replaced, and sets as one CSV record.

    None is no label; the empty text is a set of no class. Not idempotent: do not read labels twice.
    """
    known: dict[str | None, str | None] = {}
    labels = []
    for cell in cells:
        if cell not in known:
            known[cell] = _read_label(cell, spec)
        labels.append(known[cell])
    return labels


def _read_label(cell: str | None, spec: CleansetSpec) -> str | None:
    if spec.task is not MLTask.MULTI_LABEL:
        return merged_label(cell, spec)
    names = read_set(cell, spec.separator)
    if names is None:
        return None
    return merged_label(join_labels(names), spec)


def merged_label(label: str | None, spec: CleansetSpec) -> str | None:
    """Return a label with merged spellings replaced by the ones that are kept."""
    if label is None or not spec.merged_labels:
        return label
    if spec.task is MLTask.MULTI_CLASS:
        return spec.merged_labels.get(label, label)
    if spec.task is not MLTask.MULTI_LABEL:
        return label
    names = (spec.merged_labels.get(name, name) for name in split_labels(label))
    return join_labels(dict.fromkeys(names))  # two spellings in one set become one class


def written_labels(labels: Iterable[str | None], spec: CleansetSpec) -> list[str | None]:
    """Return labels as the cells of the label column write them."""
    if spec.task is not MLTask.MULTI_LABEL:
        return list(labels)
    return [written_cell(label, spec.separator) for label in labels]


def written_cell(label: str | None, separator: Separator) -> str | None:
    """Return the set as columns with this separator write it; None stays None."""
    if label is None:
        return None
    return written_set(split_labels(label), separator)


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """How often each class occurs.

    `classes` are (name, rows), most frequent first. `n_unlabeled` rows have no label; of sets,
    `n_without` rows have one without any class. `n_more` classes were not counted, as there are too
    many for labels.
    """

    classes: tuple[tuple[str, int], ...]
    n_rows: int
    n_unlabeled: int
    n_without: int = 0
    n_more: int = 0

    @property
    def n_classes(self) -> int:
        """How many different classes occur."""
        return len(self.classes) + self.n_more

    @property
    def n_per_row(self) -> float:
        """Mean number of classes of a labeled row."""
        n_labeled = self.n_rows - self.n_unlabeled
        if not n_labeled:
            return 0.0
        return sum(n for _, n in self.classes) / n_labeled


def class_counts(labels: Iterable[tuple[str | None, int]], task: MLTask) -> ClassCounts:
    """Count the classes in labels that `read_labels` returned, each with its number of rows."""
    n_rows: Counter[str] = Counter()
    n_all = 0
    n_unlabeled = 0
    n_without = 0
    for label, n in labels:
        n_all += n
        # An empty text is a set of no class, but in other tasks no label.
        if label is None or (task is not MLTask.MULTI_LABEL and is_blank(label)):
            n_unlabeled += n
            continue
        names = split_labels(label) if task is MLTask.MULTI_LABEL else (label,)
        n_rows.update(dict.fromkeys(names, n))
        if not names:
            n_without += n
    ordered = sorted(n_rows.items(), key=lambda pair: (-pair[1], pair[0]))
    return ClassCounts(tuple(ordered), n_all, n_unlabeled, n_without)
