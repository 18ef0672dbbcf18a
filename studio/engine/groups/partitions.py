"""Divides rows into groups that can be named: by values of columns, ranges of numbers, clusters of
texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from sklearn.cluster import MiniBatchKMeans
from sklearn.feature_extraction.text import CountVectorizer

from studio.engine.features.base import Matrix
from studio.engine.ml_task import Modality
from studio.engine.runtime.cache import Cache, as_array, from_array
from studio.engine.study.study import Study
from studio.engine.table.cells import Cells
from studio.engine.table.columns import ColumnKind

PARTITIONS_VERSION = "2"  # raised when the same rows are divided in another way
MAX_CLUSTERS = 60
ROWS_PER_CLUSTER = 50
MAX_VALUES = 50  # of a column that counts as categories
N_BINS = 5  # of a column of numbers: fifths of the rows
N_WORDS = 5  # that describe a cluster
_MAX_CHARACTERS = 4_000_000  # of the texts whose words describe the clusters
_VALUE_KINDS = (ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN)
_NUMBER_KINDS = (ColumnKind.INTEGER, ColumnKind.NUMBER)


@dataclass(frozen=True, slots=True)
class Partition:
    """Disjoint groups of rows.

    Attributes
    ----------
    members
        Index of each row's group, shape (n,); -1 for none.
    descriptions
        One per group.
    """

    members: npt.NDArray[np.int8]
    descriptions: list[str]


def recalled(
    cache: Cache, key: str, divide: Callable[[], Iterable[Partition]]
) -> tuple[Partition, ...]:
    """Return the partitions cached under a key; if there are none, call `divide` and cache them."""
    if (stored := cache.get(key)) is not None:
        descriptions = from_array(stored["descriptions"])
        return tuple(map(Partition, stored["members"], descriptions))
    divided = tuple(divide())
    members = np.array([partition.members for partition in divided], dtype=np.int8)
    descriptions = as_array([partition.descriptions for partition in divided])
    cache.put(key, {"members": members, "descriptions": descriptions})
    return divided


def partitions(study: Study, space: Matrix) -> Iterator[Partition]:
    """Divide the rows by each column in turn; texts, by clusters in `space`."""
    if study.spec.modality is Modality.TEXT:
        yield from topics(study.table[study.spec.feature_columns[0]], space, study.spec.seed)
        return
    for name in study.spec.feature_columns:
        yield from column_partitions(name, study.table[name], study.spec.column_kinds[name])


def column_partitions(name: str, cells: Cells, kind: ColumnKind) -> Iterator[Partition]:
    """Divide the rows by the values of a column: empty cells, categories, fifths of numbers."""
    yield Partition(cells.is_blank.astype(np.int8) - np.int8(1), [f"{name} is empty"])
    if kind in _NUMBER_KINDS:
        yield from _ranges(name, cells.numbers, N_BINS)
    elif kind in _VALUE_KINDS:
        yield _values(name, cells)


def number_ranges(study: Study, n_bins: int) -> Iterator[Partition]:
    """Divide the rows of a table by each column of numbers, into ranges with equally many rows."""
    for name in study.spec.feature_columns:
        if study.spec.column_kinds[name] in _NUMBER_KINDS:
            yield from _ranges(name, study.table[name].numbers, n_bins)


def _values(name: str, cells: Cells) -> Partition:
    values = cells.distinct
    frequent = np.lexsort((values, -cells.counts()))[:MAX_VALUES]  # ties by value
    kept = [code for code in frequent if values[code].strip()]
    place = np.full(len(values), -1, dtype=np.int8)
    place[kept] = np.arange(len(kept))
    descriptions = [f"{name} = {values[code].strip()}" for code in kept]
    return Partition(place[cells.codes], descriptions)


def _ranges(name: str, numbers: npt.NDArray[np.float64], n_bins: int) -> Iterator[Partition]:
    is_number = np.isfinite(numbers)
    if not is_number.any():
        return
    edges = np.unique(np.quantile(numbers[is_number], np.linspace(0, 1, n_bins + 1)))
    if len(edges) < 2:  # all numbers are equal
        return
    members = np.where(is_number, range_of_each(numbers, edges), -1).astype(np.int8)
    descriptions = [f"{name} from {low:g} to {high:g}" for low, high in pairwise(edges)]
    yield Partition(members, descriptions)


def range_of_each(
    values: npt.NDArray[np.generic], edges: npt.NDArray[np.generic]
) -> npt.NDArray[np.int64]:
    """Return which of the ranges between ascending edges holds each value, shape (n,).

    A value on an edge belongs to the range above, but the highest one to the last range.
    """
    last = max(0, len(edges) - 2)
    return np.clip(np.searchsorted(edges, values, side="right") - 1, 0, last)


def topics(texts: Cells, space: Matrix, seed: int) -> Iterator[Partition]:
    """Divide texts into clusters of their points in `space`, shape (n, d); none for few texts."""
    points = np.asarray(space, dtype=np.float32)
    n_clusters = min(MAX_CLUSTERS, len(points) // ROWS_PER_CLUSTER)
    if n_clusters < 2:
        return
    model = MiniBatchKMeans(n_clusters, random_state=seed, n_init=1, batch_size=4096)
    clusters = model.fit_predict(points)
    topic_names = _topic_names(texts, clusters, n_clusters)
    yield Partition(clusters.astype(np.int8), [f"texts about {name}" for name in topic_names])


def _topic_names(cells: Cells, clusters: npt.NDArray[np.int32], n_clusters: int) -> list[str]:
    """Return for each cluster the words that are most over-represented in it."""
    sample = slice(None, None, 1 + sum(map(len, cells)) // _MAX_CHARACTERS)
    counter = CountVectorizer(stop_words="english", min_df=2, max_features=20_000, binary=True)
    try:
        counts = counter.fit_transform(cells[sample])
    except ValueError:  # no word occurs in two texts
        return [f"the same (group {cluster + 1})" for cluster in range(n_clusters)]
    members = np.eye(n_clusters, dtype=np.float32)[clusters[sample]]
    inside = counts.T @ members
    total = inside.sum(axis=1, keepdims=True)
    share = inside / np.maximum(members.sum(axis=0), 1)
    # Half a text is added on both sides, or a word of a single text would have the largest lift.
    lift = share * np.log((inside + 0.5) / (total * members.mean(axis=0) + 0.5))
    vocabulary = counter.get_feature_names_out()
    names = []
    for cluster in range(n_clusters):
        best = np.argsort(-lift[:, cluster])[:N_WORDS]
        names.append(", ".join(vocabulary[best]))
    return names
