"""Groups of rows whose labels are worse than those of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.cluster import MiniBatchKMeans
from sklearn.feature_extraction.text import CountVectorizer

from studio.engine import cell_values
from studio.engine.columns import ColumnKind
from studio.engine.health.base import Analysis
from studio.engine.health.report import Group
from studio.engine.ml_task import Modality

MAX_GROUPS = 8
MIN_ROWS = 20
MIN_RATIO = 1.5  # of the mean label issue scores of group and rest
MIN_DEVIATIONS = 5.0  # standard errors; hundreds of groups are looked at, so that 2 or 3 would find some by chance
MAX_CLUSTERS, ROWS_PER_CLUSTER = 60, 50
MAX_VALUES = 50  # of a column that counts as categories
N_BINS = 5  # of a column of numbers: fifths of the rows
N_WORDS = 5
_MAX_TEXTS = 20_000  # whose words describe the clusters
_VALUE_KINDS = (ColumnKind.CATEGORICAL, ColumnKind.BOOLEAN)
_NUMBER_KINDS = (ColumnKind.INTEGER, ColumnKind.NUMBER)


def find_groups(analysis: Analysis) -> tuple[Group, ...]:
    """Find groups with worse labels, the worst first.

    Notes
    -----
    Groups are the values of columns of categories, fifths of columns of numbers, rows without a value, and for texts
    clusters in the space of distances, described by the words that are most frequent in them against the rest. Such
    a group counts if its mean `label_issue_score` is at least 1.5 times that of the rest and 5 standard errors above.

    References
    ----------
    cleanlab Datalab's underperforming group issue; Chung et al., Slice Finder (2019).
    """
    is_labeled = analysis.evidence.study.labels.is_labeled
    scores = analysis.issues["label_issue_score"].to_numpy(dtype=np.float64)
    flags = analysis.issues["is_label_issue"].to_numpy()
    found = [
        group
        for partition in _partitions(analysis)
        for group in _groups(partition, partition.members[is_labeled], scores[is_labeled], flags[is_labeled])
    ]
    return tuple(sorted(found, key=lambda group: (-group.score, group.description))[:MAX_GROUPS])


@dataclass(frozen=True, slots=True)
class _Partition:
    """Rows in groups: the number of each row's group, shape (n,), -1 for none; and the groups' descriptions."""

    members: npt.NDArray[np.int64]
    descriptions: list[str]


def _groups(
    partition: _Partition,
    members: npt.NDArray[np.int64],
    scores: npt.NDArray[np.float64],
    flags: npt.NDArray[np.bool_],
) -> Iterator[Group]:
    n_groups, place = len(partition.descriptions), members + 1
    counts = np.bincount(place, minlength=n_groups + 1)[1:]
    sums = np.bincount(place, weights=scores, minlength=n_groups + 1)[1:]
    flagged = np.bincount(place, weights=flags, minlength=n_groups + 1)[1:]
    means = sums / np.maximum(counts, 1)
    rests = (scores.sum() - sums) / np.maximum(len(scores) - counts, 1)
    errors = scores.std() / np.sqrt(np.maximum(counts, 1))
    is_large = (counts >= MIN_ROWS) & (len(scores) - counts >= MIN_ROWS)
    is_worse = is_large & (means >= MIN_RATIO * rests) & (means - rests >= MIN_DEVIATIONS * errors)
    for k in np.flatnonzero(is_worse):
        yield Group(partition.descriptions[k], int(counts[k]), int(flagged[k]), float(means[k]), float(rests[k]))


def _partitions(analysis: Analysis) -> Iterator[_Partition]:
    study = analysis.evidence.study
    if study.spec.modality is Modality.TEXT:
        yield from _clusters(analysis)
        return
    for name in study.spec.feature_columns:
        cells, kind = cell_values.texts(study.frame, name), study.spec.column_kinds[name]
        yield _Partition(cell_values.is_blank(cells) - 1, [f"{name} is empty"])
        if kind in _NUMBER_KINDS:
            yield from _fifths(name, cell_values.numbers(cells))
        elif kind in _VALUE_KINDS:
            yield _values(name, cells)


def _values(name: str, cells: list[str]) -> _Partition:
    codes, values = pd.factorize(np.array(cells, dtype=object))
    frequent = np.argsort(-np.bincount(codes, minlength=len(values)), kind="stable")[:MAX_VALUES]
    kept = [code for code in frequent if values[code].strip()]
    place = np.full(len(values), -1)
    place[kept] = np.arange(len(kept))
    return _Partition(place[codes], [f"{name} = {values[code].strip()}" for code in kept])


def _fifths(name: str, numbers: npt.NDArray[np.float64]) -> Iterator[_Partition]:
    is_number = np.isfinite(numbers)
    if not is_number.any():
        return
    edges = np.unique(np.quantile(numbers[is_number], np.linspace(0, 1, N_BINS + 1)))
    place = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, max(0, len(edges) - 2))
    yield _Partition(
        np.where(is_number, place, -1), [f"{name} from {low:g} to {high:g}" for low, high in pairwise(edges)]
    )


def _clusters(analysis: Analysis) -> Iterator[_Partition]:
    study = analysis.evidence.study
    space = np.asarray(analysis.evidence.space, dtype=np.float32)
    n_clusters = min(MAX_CLUSTERS, len(space) // ROWS_PER_CLUSTER)
    if n_clusters < 2:
        return
    clusters = MiniBatchKMeans(n_clusters, random_state=study.spec.seed, n_init=1, batch_size=4096).fit_predict(space)
    words = _words(analysis.evidence.texts.cells, clusters, n_clusters)
    yield _Partition(clusters.astype(np.int64), [f"texts about {own}" for own in words])


def _words(cells: list[str], clusters: npt.NDArray[np.int32], n_clusters: int) -> list[str]:
    """Return for each cluster the words that it has more often than the rest."""
    few = slice(None, None, max(1, len(cells) // _MAX_TEXTS))
    counter = CountVectorizer(stop_words="english", min_df=2, max_features=20_000, binary=True)
    try:
        counts = counter.fit_transform(cells[few])
    except ValueError:  # no word is in two texts
        return [f"the same (group {cluster + 1})" for cluster in range(n_clusters)]
    members = np.eye(n_clusters, dtype=np.float32)[clusters[few]]
    inside = counts.T @ members
    total = inside.sum(axis=1, keepdims=True)
    share = inside / np.maximum(members.sum(axis=0), 1)
    lift = share * np.log((inside + 0.5) / (total * members.mean(axis=0) + 0.5))
    names = counter.get_feature_names_out()
    return [", ".join(names[np.argsort(-lift[:, cluster])[:N_WORDS]]) for cluster in range(n_clusters)]
