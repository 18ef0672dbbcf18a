"""Rows made ready for learning: in canonical order, with class codes, folds and views of their
features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from studio.engine.conventions import Conventions
from studio.engine.features.catalogue import distance_view
from studio.engine.features.text import is_spaced
from studio.engine.fitting.candidates import Size
from studio.engine.labels.encoding import Labels, encode_labels
from studio.engine.ml_task import MLTask, Modality
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
from studio.engine.table.cells import Cells, Table
from studio.engine.table.columns import ColumnKind
from studio.engine.table.rows import canonical_order, content_hashes, copy_hashes, digest
from studio.engine.text.encoder import unknown_share
from studio.engine.text.processor import arithmetic_here

_CHANGES_OF_A_SITTING = 200
# Of the tokens; 0.63 of Chinese reviews, hardly any in a language of Europe
_MAX_UNKNOWN_SHARE = 0.2
# On average; what is shorter, such as names of people, is hardly worth encoding
_CHARACTERS_PER_PHRASE = 30


@dataclass(frozen=True, slots=True)
class Study:
    """What models are fitted on. Everything but `order` is in canonical order.

    Attributes
    ----------
    spec
        The choice that the study follows.
    order
        Position in the given table of each canonical row, shape (n,).
    table
        The feature columns, n rows.
    copies
        Hash per row, equal for exact copies, shape (n,).
    similar
        Pairs of rows that are copies or nearly so; such rows share a fold.
    labels
        Given labels.
    fold_id
        The fold that holds each row out, -1 for unlabeled rows, shape (n,).
    views
        Features.
    former
        Given labels of an earlier cleanset of the same rows, whose folds these are and from whose
        fits models may go on, as few labels were changed since; None if everything is fitted anew.
    """

    spec: CleansetSpec
    order: npt.NDArray[np.int64]
    table: Table
    copies: npt.NDArray[np.uint64]
    similar: Similar
    labels: Labels
    fold_id: npt.NDArray[np.int16]
    views: Views
    former: Labels | None = None

    @property
    def at_first(self) -> Study:
        """The study with its former labels. Raises ValueError where there are none."""
        if self.former is None:
            raise ValueError("this study has no former labels")
        return replace(self, labels=self.former, former=None)

    @property
    def n_folds(self) -> int:
        """Number of folds in use."""
        return int(self.fold_id.max()) + 1

    @property
    def is_class_seen(self) -> npt.NDArray[np.bool_]:
        """Multi-class: where the given class also occurs outside the row's fold, so that it could
        be learned, (n,).
        """
        is_labeled = self.labels.is_labeled
        n_in_fold = np.zeros((self.n_folds, len(self.labels.classes)), dtype=np.int64)
        np.add.at(n_in_fold, (self.fold_id[is_labeled], self.labels.codes[is_labeled]), 1)
        is_seen = self.labels.class_counts > n_in_fold
        result = np.zeros(len(self.fold_id), dtype=bool)
        result[is_labeled] = is_seen[self.fold_id[is_labeled], self.labels.codes[is_labeled]]
        return result

    def in_given_order(self, values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        """Return canonical rows in the order of the given table."""
        result = np.empty_like(values)
        result[self.order] = values
        return result


def make_study(
    as_given: Table,
    given: Sequence[str | None],
    spec: CleansetSpec,
    resources: Resources,
    former: Sequence[str | None] | None = None,
) -> Study:
    """Make rows ready for learning.

    Parameters
    ----------
    as_given
        n rows of the spec's feature columns.
    given
        One cell of labels per row; see `encode_labels`.
    spec
        The choice of columns, folds and seed.
    resources
        For the features that are computed later on.
    former
        Cells of labels that were corrected since. If so few were that models can go on from fits to
        these, their folds stay, so that no row is held out from a model that has seen it.

    Notes
    -----
    Rows are sorted by their content, and classes by their first rows in that order, so that the
    same rows in another order, or with classes of other names, give the same result.
    """
    spec = replace(spec, conventions=settled_conventions(as_given, given, spec))
    as_given = as_given.read_as(spec.conventions)
    content, convention = content_hashes(as_given), spec.conventions.get(spec.label_column or "")
    labels = encode_labels(given, spec.task, convention)
    before = encode_labels(former, spec.task, convention) if former is not None else None
    if former is None or before is None or not _is_near(labels, before):
        former, before = given, None
    else:
        labels = replace(labels, scale=before.scale)  # what is gone on from was learned in it
    order = canonical_order(content, former)
    table = as_given.reordered(order)
    spec = replace(spec, is_script_known=_is_script_known(table, spec, resources))
    if spec.may_encode:
        spec = replace(spec, arithmetic=arithmetic_here(spec.arithmetic))
    labels = labels.reordered(order)
    before = before.reordered(order) if before else None
    by_appearance = (before or labels).by_appearance
    labels = labels.with_classes_in(by_appearance)
    before = before.with_classes_in(by_appearance) if before else None
    content, cache = content[order], resources.cache
    kinds = str(
        [(spec.column_kinds[name], spec.conventions.get(name)) for name in spec.feature_columns]
    )
    copies = cache.recall(
        digest("copies", content, kinds), lambda: copy_hashes(table, spec.column_kinds)
    )
    views = Views(table, content, spec, resources)
    similar = _similar(table, copies, views, spec, resources)
    # the distances of a table are its largest matrix, and models of many rows don't read it
    views.release()
    dealt, groups = before or labels, similar.groups()
    fold_id = cache.recall(
        digest("folds", dealt.strata, dealt.is_labeled, groups, f"{spec.n_folds} {spec.seed}"),
        lambda: assign_folds(dealt, groups, n_folds=spec.n_folds, seed=spec.seed),
    )
    return Study(spec, order, table, copies, similar, labels, fold_id, views, before)


def settled_conventions(
    table: Table, given: Sequence[str | None], spec: CleansetSpec
) -> Conventions:
    """Return how the numbers and dates of every column are read, found from its cells where the
    spec does not say.
    """
    conventions = dict(spec.conventions)
    for name, cells in table.items():
        found = None if name in conventions else cells.found_convention(spec.column_kinds[name])
        if found is not None:
            conventions[name] = found.convention
    if (
        spec.task is MLTask.REGRESSION
        and spec.label_column
        and spec.label_column not in conventions
    ):
        conventions[spec.label_column] = Cells.of(given).decimal
    return conventions


def _is_script_known(table: Table, spec: CleansetSpec, resources: Resources) -> bool:
    """Say whether the sentence encoder knows most characters of the text, if it may be asked at
    all.
    """
    columns = [name for name in spec.feature_columns if spec.column_kinds[name] is ColumnKind.TEXT]
    if not spec.may_encode:
        return True
    share = unknown_share([cell for name in columns for cell in table[name]], spec.encoder_folder)
    if share <= _MAX_UNKNOWN_SHARE:
        return True
    resources.progress.log(
        f"The sentence encoder does not know {share:.0%} of this text and is left out"
    )
    return False


def _is_near(now: Labels, before: Labels) -> bool:
    """Say whether some labels differ, though few, and neither the classes nor the labeled rows."""
    if now.classes != before.classes or not np.array_equal(now.is_labeled, before.is_labeled):
        return False
    differs = (
        np.reshape(now.targets != before.targets, (len(now.strata), -1)).any(axis=1)
        & now.is_labeled
    )
    return 0 < int(differs.sum()) <= max_changes(int(now.is_labeled.sum()))


def max_changes(n_labeled: int) -> int:
    """Return how many labels may differ for fits to go on; with more, fitting anew finds more of
    the errors left.

    A twentieth; of few rows up to a fifth, as one sitting corrects as much.
    """
    return max(n_labeled // 20, min(n_labeled // 5, _CHANGES_OF_A_SITTING))


def _similar(
    table: Table,
    copies: npt.NDArray[np.uint64],
    views: Views,
    spec: CleansetSpec,
    resources: Resources,
) -> Similar:
    """Meet near duplicates, or recall those that were met among the same rows."""
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
    """Measure what decides which candidates are tried."""
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
