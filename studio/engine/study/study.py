"""Prepares rows for learning: canonical order, class codes, folds and views of the features."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from studio.engine.choices.labels import check_learned
from studio.engine.conventions import Conventions
from studio.engine.features.catalogue import distance_view
from studio.engine.features.text import is_spaced
from studio.engine.fitting.candidate import Size
from studio.engine.labels.encoding import Labels, without_labels
from studio.engine.ml_task import Modality
from studio.engine.runtime.resources import Resources
from studio.engine.schema import CleansetSpec, Part
from studio.engine.similar.near_duplicates import (
    SIMILAR_VERSION,
    Similar,
    similar_rows,
    similar_texts,
)
from studio.engine.study.folds import NO_FOLD, assign_folds
from studio.engine.study.test_rows import PART_TYPE, made_parts
from studio.engine.study.views import Views
from studio.engine.table.cells import Table
from studio.engine.table.columns import ColumnKind
from studio.engine.table.rows import canonical_order, content_hashes, copy_hashes, digest
from studio.engine.text.encoder import unknown_share
from studio.engine.text.processor import arithmetic_here
from studio.engine.warm_start.corrections import has_few_corrections

# Of the tokens: 0.63 are unknown in Chinese reviews, hardly any in European languages
_MAX_UNKNOWN_SHARE = 0.2
# On average; shorter cells, such as names of people, are hardly worth encoding
_CHARACTERS_PER_PHRASE = 30


@dataclass(frozen=True, slots=True)
class Study:
    """What models are fitted on. Everything but `order` is in canonical order.

    Attributes
    ----------
    spec
        The choice of columns, task, folds and seed, with its conventions settled.
    order
        Position in the given table of each canonical row, shape (n,).
    table
        The feature columns, n rows.
    copies
        Hash per row, equal for exact copies, shape (n,).
    similar
        Pairs of rows that are copies or nearly so; such rows share a fold.
    labels
        Given labels of the n rows, without those of test rows.
    given
        Given labels of all n rows. Classes that only test rows have come last.
    fold_id
        The fold that holds each row out, -1 for unlabeled and for test rows, shape (n,).
    parts
        The part of a split to which each row belongs, shape (n,); None without a split.
    views
        Feature matrices, each computed once.
    previous_labels
        Labels of an earlier cleanset of the same rows, if few of them have changed since. Its folds
        are used, and models may be warm-started from its fits. None if everything is fitted from
        scratch.
    """

    spec: CleansetSpec
    order: npt.NDArray[np.int64]
    table: Table
    copies: npt.NDArray[np.uint64]
    similar: Similar
    labels: Labels
    given: Labels
    fold_id: npt.NDArray[np.int16]
    views: Views
    parts: npt.NDArray[np.str_] | None = None
    previous_labels: Labels | None = None

    @property
    def before_corrections(self) -> Study | None:
        """The study with its previous labels; None if it has none."""
        if self.previous_labels is None:
            return None
        return replace(self, labels=self.previous_labels, previous_labels=None)

    @property
    def n_folds(self) -> int:
        return int(self.fold_id.max()) + 1

    @property
    def judged(self) -> Study:
        """The study with the labels of all rows, for what looks at labels but learns nothing."""
        return replace(self, labels=self.given)

    @property
    def is_test(self) -> npt.NDArray[np.bool_]:
        """Whether the row is for testing, shape (n,)."""
        if self.parts is None:
            return np.zeros(len(self.order), dtype=bool)
        return np.equal(self.parts, Part.TEST.value)

    @property
    def is_learned(self) -> npt.NDArray[np.bool_]:
        """Whether models are fitted to the row: it has a label and is not for testing."""
        return np.not_equal(self.fold_id, NO_FOLD)

    @property
    def n_learned_classes(self) -> int:
        """How many classes the rows that are learned from have; these are the first ones."""
        learned = self.labels.of_rows(np.flatnonzero(self.is_learned))
        if not learned.classes:
            return 0
        return int((learned.class_counts > 0).sum())

    @property
    def is_class_learnable(self) -> npt.NDArray[np.bool_]:
        """Multi-class: whether the given class can be learned where its row is held out, which
        takes learned rows of it in two folds, shape (n,).
        """
        is_learned = self.is_learned
        n_in_fold = np.zeros((self.n_folds, len(self.labels.classes)), dtype=np.int64)
        np.add.at(n_in_fold, (self.fold_id[is_learned], self.labels.codes[is_learned]), 1)
        is_learnable = (n_in_fold > 0).sum(axis=0) > 1
        is_labeled = self.labels.is_labeled
        result = np.zeros(len(self.fold_id), dtype=bool)
        result[is_labeled] = is_learnable[self.labels.codes[is_labeled]]
        return result

    def in_given_order(self, values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """Return canonical rows in the order of the given table."""
        result = np.empty_like(values)
        result[self.order] = values
        return result


def make_study(
    given_table: Table,
    given_labels: Labels,
    spec: CleansetSpec,
    resources: Resources,
    previous_labels: Labels | None = None,
    given_parts: npt.NDArray[np.str_] | None = None,
) -> Study:
    """Prepare rows for learning.

    Parameters
    ----------
    given_table
        n rows of the spec's feature columns.
    given_labels
        Labels of the n rows, as `encode_labels` returns them.
    spec
        The choice of columns, folds and seed.
    resources
        The cache, processes and progress of this run.
    previous_labels
        The labels before they were corrected. If the corrections are few enough for a warm start,
        the folds of these labels are kept: a warm-started model must not have been trained on the
        rows that it holds out.
    given_parts
        The part of a split to which each row belongs. None makes the spec's split, if it has one.

    Notes
    -----
    Rows are sorted by their content, and classes by their first rows in that order. The result
    therefore depends neither on the order of the rows nor on the names of the classes. Labels of
    test rows decide nothing but a split that is made.
    """
    spec = replace(spec, conventions=settled_conventions(given_table, given_labels, spec))
    given_table = given_table.read_as(spec.conventions)
    given_content = content_hashes(given_table)
    # What depends on the cells alone is the same whatever the order of rows of equal content.
    order = canonical_order(given_content, given_labels.texts.tolist())
    rows = _rows(given_table.reordered(order), given_content[order], spec, resources)
    groups = rows.similar.groups()
    if given_parts is None and spec.split is not None:
        given_parts = np.empty(len(order), dtype=PART_TYPE)
        given_parts[order] = made_parts(
            given_labels.of_rows(order), groups, percent=spec.split.test_percent, seed=spec.seed
        )
    labels, previous = _learned_labels(given_labels, previous_labels, given_parts, spec)
    order = canonical_order(given_content, (previous or labels).texts.tolist())
    labels = labels.of_rows(order)
    if previous is None:
        labels = labels.with_classes_in(labels.by_appearance)
    else:
        previous = previous.of_rows(order)
        by_appearance = previous.by_appearance
        previous = previous.with_classes_in(by_appearance)
        # The previous models were fitted to labels on this scale.
        labels = replace(labels.with_classes_in(by_appearance), scale=previous.scale)
    return Study(
        spec=rows.spec,
        order=order,
        table=rows.table,
        copies=rows.copies,
        similar=rows.similar,
        labels=labels,
        given=given_labels.of_rows(order).extending(labels),
        # A warm start must not be fitted to the rows that it holds out.
        fold_id=_folds(previous or labels, groups, spec, resources),
        views=rows.views,
        parts=None if given_parts is None else given_parts[order],
        previous_labels=previous,
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """What a study has whatever the labels of its rows."""

    spec: CleansetSpec
    table: Table
    copies: npt.NDArray[np.uint64]
    similar: Similar
    views: Views


def _rows(
    table: Table, content: npt.NDArray[np.uint64], spec: CleansetSpec, resources: Resources
) -> _Rows:
    spec = replace(spec, is_script_known=_is_script_known(table, spec, resources))
    if spec.may_encode:
        spec = replace(spec, arithmetic=arithmetic_here(spec.arithmetic))
    kinds = [(spec.column_kinds[name], spec.conventions.get(name)) for name in spec.feature_columns]
    copies = resources.cache.recall(
        digest("copies", content, str(kinds)), lambda: copy_hashes(table, spec.column_kinds)
    )
    views = Views(table, content, spec, resources)
    similar = _similar(table, copies, views, spec, resources)
    resources.progress.log(_similar_text(similar))
    # The distance view is a table's largest matrix, and models of many rows do not read it.
    views.release()
    return _Rows(spec, table, copies, similar, views)


def _learned_labels(
    given: Labels,
    previous: Labels | None,
    parts: npt.NDArray[np.str_] | None,
    spec: CleansetSpec,
) -> tuple[Labels, Labels | None]:
    """Return given and previous labels without those of test rows; None for previous labels from
    which no warm start is made.
    """
    if parts is not None:
        is_test = parts == Part.TEST.value
        given = without_labels(given, is_test, spec.task)
        check_learned(given, spec)
        if previous is not None:
            previous = without_labels(previous, is_test, spec.task)
    if previous is not None and not has_few_corrections(given, previous):
        previous = None
    return given, previous


def _folds(
    labels: Labels, groups: npt.NDArray[np.int32], spec: CleansetSpec, resources: Resources
) -> npt.NDArray[np.int16]:
    choice = f"{spec.n_folds} {spec.seed}"
    return resources.cache.recall(
        digest("folds", labels.strata, labels.is_labeled, groups, choice),
        lambda: assign_folds(labels, groups, n_folds=spec.n_folds, seed=spec.seed),
    )


def settled_conventions(table: Table, labels: Labels, spec: CleansetSpec) -> Conventions:
    """Return the convention of the numbers and dates of each column.

    The spec's choice comes first; for other columns it is inferred from the cells.
    """
    conventions = dict(spec.conventions)
    for name, cells in table.items():
        if name in conventions:
            continue
        found = cells.found_convention(spec.column_kinds[name])
        if found is not None:
            conventions[name] = found.convention
    label_column = spec.label_column or ""
    if labels.convention is not None and label_column and label_column not in conventions:
        conventions[label_column] = labels.convention
    return conventions


def _is_script_known(table: Table, spec: CleansetSpec, resources: Resources) -> bool:
    """Return whether the sentence encoder knows most tokens; True if it may not be used anyway."""
    if not spec.may_encode:
        return True
    columns = [name for name in spec.feature_columns if spec.column_kinds[name] is ColumnKind.TEXT]
    cells = list(itertools.chain.from_iterable(table[name] for name in columns))
    share = unknown_share(cells, spec.encoder_folder)
    if share <= _MAX_UNKNOWN_SHARE:
        return True
    resources.progress.log(
        f"The sentence encoder does not know {share:.0%} of this text and is left out"
    )
    return False


def _similar_text(similar: Similar) -> str:
    n_copies = int((similar.scores() >= similar.threshold).sum())
    if not n_copies:
        return "No row is a near duplicate of another"
    return f"{n_copies:,} of {similar.n_rows:,} rows are near duplicates of another"


def _similar(
    table: Table,
    copies: npt.NDArray[np.uint64],
    views: Views,
    spec: CleansetSpec,
    resources: Resources,
) -> Similar:
    """Find near duplicates, or recall those of the same rows from the cache."""
    key = digest("similar", SIMILAR_VERSION, views.key(distance_view(spec)), copies, str(spec.seed))
    stored = resources.cache.get(key)
    if stored is not None:
        return Similar.from_arrays(stored)
    if spec.modality is Modality.TEXT:
        similar = similar_texts(table[spec.feature_columns[0]], copies, spec.seed)
    else:
        space = views.matrix(distance_view(spec))
        similar = similar_rows(table, copies, space, spec, n_jobs=resources.n_jobs)
    resources.cache.put(key, similar.to_arrays())
    return similar


def size_of(study: Study) -> Size:
    """Measure the study's labeled rows, classes and texts."""
    spec = study.spec
    columns = [name for name in spec.feature_columns if spec.column_kinds[name] is ColumnKind.TEXT]
    cells = list(itertools.chain.from_iterable(study.table[name] for name in columns)) or [""]
    n_characters = max(1, sum(map(len, cells)))
    return Size(
        n_rows=int(study.labels.is_labeled.sum()),
        n_classes=len(study.labels.classes),
        mean_characters=n_characters / len(cells),
        is_spaced=is_spaced(cells),
        is_by_ratio=study.labels.scale.is_by_ratio,
        has_phrases=bool(columns) and n_characters / len(cells) >= _CHARACTERS_PER_PHRASE,
    )
