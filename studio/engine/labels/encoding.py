"""Given labels in the form that models are fitted to, for every task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine.conventions import Convention
from studio.engine.conventions.blanks import is_blank
from studio.engine.conventions.label_sets import split_labels
from studio.engine.conventions.number_style import PLAIN_STYLE, NumberStyle, find_style
from studio.engine.labels.scale import AS_GIVEN, LabelScale
from studio.engine.ml_task import MLTask
from studio.engine.table.cells import Cells

UNLABELED = -1
_N_STRATA = 10  # of numbers: tenths of the rows
_MAX_DECIMALS = 12
_MAX_NUMBERS_READ = 1_000  # distinct ones, evenly spaced, to count decimals


@dataclass(frozen=True, slots=True)
class Labels:
    """The given labels of all rows.

    Attributes
    ----------
    targets
        Multi-class: index into `classes` per row, shape (n,), int32. Multi-label: whether each
        class applies, shape (n, K), bool. Regression: the numbers, shape (n,), float64. Unlabeled
        rows hold `UNLABELED`, False or NaN.
    classes
        Class names as they are spelled: sorted by `encode_labels`, in order of appearance in a
        study. Empty for regression and unsupervised.
    strata
        Rows with the same stratum are spread evenly over the folds, shape (n,), int32; `UNLABELED`
        (-1) for rows without a label.
    n_decimals
        Regression: as many decimals as the given numbers have, at most 12.
    scale
        Regression: in which scale the numbers are learned and compared.
    style
        Regression: how the given numbers are written.
    convention
        Regression: how the given numbers were read.
    texts
        The labels as they were given to `encode_labels`, shape (n,), object.
    unreadable
        Regression: positions of the rows whose label is neither blank nor a number.
    """

    targets: npt.NDArray[np.generic]
    classes: tuple[str, ...]
    strata: npt.NDArray[np.int32]
    n_decimals: int = 0
    scale: LabelScale = AS_GIVEN
    style: NumberStyle = PLAIN_STYLE
    convention: Convention | None = None
    texts: npt.NDArray[np.object_] = field(default_factory=lambda: np.empty(0, dtype=object))
    unreadable: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def of_rows(self, rows: npt.NDArray[np.int64]) -> Labels:
        """Return the labels of the rows at these positions, in this order."""
        return replace(
            self,
            targets=self.targets[rows],
            strata=self.strata[rows],
            texts=self.texts[rows],
            unreadable=np.flatnonzero(np.isin(rows, self.unreadable)),
        )

    @property
    def by_appearance(self) -> npt.NDArray[np.int64]:
        """Codes of the classes in the order of their first rows; of two in one row, the rarer
        first.
        """
        if not self.classes:
            return np.empty(0, dtype=np.int64)
        if self.targets.ndim == 2:
            first = np.argmax(self.targets, axis=0)
        else:
            # Each class is appended once, as it may have no row.
            with_all = np.append(self.codes, np.arange(len(self.classes)))
            _, first = np.unique(with_all, return_index=True)
            first = first[first.size - len(self.classes) :]  # without that of unlabeled rows
        return np.lexsort((self.class_counts, first))

    def with_classes_in(self, order: npt.NDArray[np.int64]) -> Labels:
        """Return the labels with their classes in another order, given by codes."""
        if not self.classes:
            return self
        classes = tuple(self.classes[code] for code in order)
        if self.targets.ndim == 2:
            members = np.asarray(self.targets[:, order], dtype=bool)
            strata = np.where(self.is_labeled, _rarest_class(members), UNLABELED).astype(np.int32)
            return replace(self, targets=members, classes=classes, strata=strata)
        place = np.argsort(order).astype(np.int32)
        codes = np.where(self.is_labeled, place[self.codes], UNLABELED).astype(np.int32)
        return replace(self, targets=codes, classes=classes, strata=codes)

    def extending(self, known: Labels) -> Labels:
        """Return these labels in the form of `known`, which are some of them: its classes come
        first, in its order, and numbers are on its scale.
        """
        code_of = {name: code for code, name in enumerate(self.classes)}
        further = code_of.keys() - set(known.classes)
        order = [code_of[name] for name in (*known.classes, *sorted(further))]
        labels = self.with_classes_in(np.array(order, dtype=np.int64))
        return replace(labels, scale=known.scale, n_decimals=known.n_decimals, style=known.style)

    @property
    def codes(self) -> npt.NDArray[np.int32]:
        """Class code per row of a multi-class task, shape (n,)."""
        return np.asarray(self.targets, dtype=np.int32)

    @property
    def is_labeled(self) -> npt.NDArray[np.bool_]:
        """Where there is a label, shape (n,)."""
        return np.not_equal(self.strata, UNLABELED)

    @property
    def n_outputs(self) -> int:
        """Numbers that a model predicts per row: one per class, or one."""
        return len(self.classes) or 1

    @property
    def class_counts(self) -> npt.NDArray[np.int64]:
        """Rows per class, shape (K,)."""
        if self.targets.ndim == 2:
            return np.asarray(np.asarray(self.targets, dtype=np.int64).sum(axis=0), dtype=np.int64)
        return np.bincount(self.codes[self.is_labeled], minlength=len(self.classes))


def encode_labels(
    given: Sequence[str | None],
    task: MLTask = MLTask.MULTI_CLASS,
    convention: Convention | None = None,
) -> Labels:
    """Encode labels, each distinct one once.

    Parameters
    ----------
    given
        One label per row, as `read_labels` returns them. None, NaN and blank text are no label; of
        sets, the empty text is no class.
    task
        Decides how a cell is read.
    convention
        How numbers are read; None finds it from the cells.

    Examples
    --------
    >>> encode_labels(["b", None, "a", " "]).codes.tolist()
    [1, -1, 0, -1]
    >>> sets = encode_labels(["b,a", "", "a", None], MLTask.MULTI_LABEL)
    >>> sets.targets.astype(int).tolist(), sets.is_labeled.tolist()
    ([[1, 1], [0, 0], [1, 0], [0, 0]], [True, True, True, False])
    >>> encode_labels(["1,50", "", "3"], MLTask.REGRESSION).targets.tolist()
    [1.5, nan, 3.0]
    """
    texts = np.empty(len(given), dtype=object)
    texts[:] = given
    if task is MLTask.MULTI_LABEL:
        labels = _encode_sets(texts)
    else:
        labels = _ENCODERS[task](Cells.of(texts, convention))
    return replace(labels, texts=texts)


def without_labels(labels: Labels, is_withheld: npt.NDArray[np.bool_], task: MLTask) -> Labels:
    """Encode the labels as if those of some rows were missing; `is_withheld` has shape (n,)."""
    texts = labels.texts.copy()
    texts[is_withheld] = None
    return encode_labels(texts.tolist(), task, labels.convention)


def _encode_classes(cells: Cells) -> Labels:
    names = cells.distinct.tolist()
    classes = tuple(sorted(name for name in names if not is_blank(name)))
    code_of = {name: code for code, name in enumerate(classes)}
    code_of_distinct = np.array([code_of.get(name, UNLABELED) for name in names], dtype=np.int32)
    codes = code_of_distinct[cells.codes]
    return Labels(codes, classes, codes)


def _encode_sets(texts: npt.NDArray[np.object_]) -> Labels:
    cells = Cells.of(texts)
    sets = [split_labels(cell) for cell in cells.distinct.tolist()]
    classes = tuple(sorted({name for names in sets for name in names}))
    code_of = {name: code for code, name in enumerate(classes)}
    distinct_members = np.zeros((len(sets), len(classes)), dtype=bool)
    for row, names in enumerate(sets):
        distinct_members[row, [code_of[name] for name in names]] = True
    members = distinct_members[cells.codes]
    is_labeled = pd.notna(texts)
    strata = np.where(is_labeled, _rarest_class(members), UNLABELED).astype(np.int32)
    return Labels(members, classes, strata)


def _rarest_class(members: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Return the code of each row's rarest class, K for rows of no class, shape (n,).

    Rare classes are the ones that folds may lack.
    """
    n_rows = len(members)
    counts = np.append(members.sum(axis=0), n_rows + 1)
    with_none = np.column_stack([members, np.ones(n_rows, dtype=bool)])
    own_counts = np.where(with_none, counts, n_rows + 2)
    return np.asarray(own_counts.argmin(axis=1), dtype=np.int32)


def _encode_numbers(cells: Cells) -> Labels:
    values = cells.numbers
    is_labeled = np.isfinite(values)
    strata = np.full(len(values), UNLABELED, dtype=np.int32)
    if is_labeled.any():
        # Fewer tenths where a number is so frequent that it spans several.
        edges = np.unique(np.quantile(values[is_labeled], np.linspace(0, 1, _N_STRATA + 1)[1:-1]))
        strata[is_labeled] = np.searchsorted(edges, values[is_labeled], side="right")
    known = values[is_labeled]
    is_unreadable = ~is_labeled & ~cells.is_blank
    return Labels(
        values,
        (),
        strata,
        n_decimals=_n_decimals(known),
        scale=LabelScale.of(known),
        style=find_style(cells.distinct.tolist(), cells.counts(), cells.decimal),
        convention=cells.decimal,
        unreadable=np.flatnonzero(is_unreadable),
    )


def _n_decimals(values: npt.NDArray[np.float64]) -> int:
    distinct = np.unique(values)
    step = max(1, -(-len(distinct) // _MAX_NUMBERS_READ))
    n_decimals = 0
    for value in distinct[::step].tolist():
        decimals = np.format_float_positional(value, trim="-").partition(".")[2]
        n_decimals = max(n_decimals, len(decimals))
    return min(_MAX_DECIMALS, n_decimals)


def _encode_nothing(cells: Cells) -> Labels:
    return Labels(np.empty((len(cells), 0)), (), np.full(len(cells), UNLABELED, dtype=np.int32))


_ENCODERS = {
    MLTask.MULTI_CLASS: _encode_classes,
    MLTask.REGRESSION: _encode_numbers,
    MLTask.UNSUPERVISED: _encode_nothing,
}
