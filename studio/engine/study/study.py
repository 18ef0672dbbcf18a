"""Prepares rows for learning: canonical order, class codes, folds and views of the features."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from studio.engine.conventions import Conventions
from studio.engine.features.catalogue import distance_view
from studio.engine.features.text import is_spaced
from studio.engine.fitting.candidate import Size
from studio.engine.labels.encoding import Labels
from studio.engine.ml_task import Modality
from studio.engine.runtime.resources import Resources
from studio.engine.schema import CleansetSpec
from studio.engine.similar.near_duplicates import (
    SIMILAR_VERSION,
    Similar,
    similar_rows,
    similar_texts,
)
from studio.engine.study.folds import assign_folds
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
        Given labels of the n rows.
    fold_id
        The fold that holds each row out, -1 for unlabeled rows, shape (n,).
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
    fold_id: npt.NDArray[np.int16]
    views: Views
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
    def is_class_learnable(self) -> npt.NDArray[np.bool_]:
        """Multi-class: whether the given class also occurs outside the row's fold, shape (n,)."""
        is_labeled = self.labels.is_labeled
        n_in_fold = np.zeros((self.n_folds, len(self.labels.classes)), dtype=np.int64)
        np.add.at(n_in_fold, (self.fold_id[is_labeled], self.labels.codes[is_labeled]), 1)
        is_learnable = self.labels.class_counts > n_in_fold
        result = np.zeros(len(self.fold_id), dtype=bool)
        result[is_labeled] = is_learnable[self.fold_id[is_labeled], self.labels.codes[is_labeled]]
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

    Notes
    -----
    Rows are sorted by their content, and classes by their first rows in that order. The result
    therefore depends neither on the order of the rows nor on the names of the classes.
    """
    spec = replace(spec, conventions=settled_conventions(given_table, given_labels, spec))
    given_table = given_table.read_as(spec.conventions)
    content = content_hashes(given_table)

    if previous_labels is not None and not has_few_corrections(given_labels, previous_labels):
        previous_labels = None
    order = canonical_order(content, (previous_labels or given_labels).texts.tolist())
    content = content[order]
    table = given_table.reordered(order)
    labels = given_labels.of_rows(order)
    if previous_labels is None:
        labels = labels.with_classes_in(labels.by_appearance)
    else:
        previous_labels = previous_labels.of_rows(order)
        by_appearance = previous_labels.by_appearance
        labels = labels.with_classes_in(by_appearance)
        previous_labels = previous_labels.with_classes_in(by_appearance)
        # The previous models were fitted to labels on this scale.
        labels = replace(labels, scale=previous_labels.scale)

    spec = replace(spec, is_script_known=_is_script_known(table, spec, resources))
    if spec.may_encode:
        spec = replace(spec, arithmetic=arithmetic_here(spec.arithmetic))

    kinds = [(spec.column_kinds[name], spec.conventions.get(name)) for name in spec.feature_columns]
    copies = resources.cache.recall(
        digest("copies", content, str(kinds)), lambda: copy_hashes(table, spec.column_kinds)
    )
    views = Views(table, content, spec, resources)
    similar = _similar(table, copies, views, spec, resources)
    # The distance view is a table's largest matrix, and models of many rows do not read it.
    views.release()

    fold_labels = previous_labels or labels
    groups = similar.groups()
    fold_id = resources.cache.recall(
        digest(
            "folds",
            fold_labels.strata,
            fold_labels.is_labeled,
            groups,
            f"{spec.n_folds} {spec.seed}",
        ),
        lambda: assign_folds(fold_labels, groups, n_folds=spec.n_folds, seed=spec.seed),
    )
    return Study(spec, order, table, copies, similar, labels, fold_id, views, previous_labels)


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
    share = unknown_share([cell for name in columns for cell in table[name]], spec.encoder_folder)
    if share <= _MAX_UNKNOWN_SHARE:
        return True
    resources.progress.log(
        f"The sentence encoder does not know {share:.0%} of this text and is left out"
    )
    return False


def _similar(
    table: Table,
    copies: npt.NDArray[np.uint64],
    views: Views,
    spec: CleansetSpec,
    resources: Resources,
) -> Similar:
    """Find near duplicates, or recall those of the same rows from the cache."""
    key = digest("similar", SIMILAR_VERSION, views.key(distance_view(spec)), copies, str(spec.seed))
    if (stored := resources.cache.get(key)) is not None:
        return Similar.from_arrays(stored)
    if spec.modality is Modality.TEXT:
        similar = similar_texts(table[spec.feature_columns[0]], copies, spec.seed)
    else:
        similar = similar_rows(
            table, copies, views.matrix(distance_view(spec)), spec, n_jobs=resources.n_jobs
        )
    resources.cache.put(key, similar.to_arrays())
    return similar


def size_of(study: Study) -> Size:
    """Measure the study's labeled rows, classes and texts."""
    spec = study.spec
    columns = [name for name in spec.feature_columns if spec.column_kinds[name] is ColumnKind.TEXT]
    cells = [cell for name in columns for cell in study.table[name]] or [""]
    n_characters = max(1, sum(map(len, cells)))
    return Size(
        n_rows=int(study.labels.is_labeled.sum()),
        n_classes=len(study.labels.classes),
        mean_characters=n_characters / len(cells),
        is_spaced=is_spaced(cells),
        is_by_ratio=study.labels.scale.is_by_ratio,
        has_phrases=bool(columns) and n_characters / len(cells) >= _CHARACTERS_PER_PHRASE,
    )
