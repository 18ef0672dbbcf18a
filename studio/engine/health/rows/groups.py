"""Groups of rows whose labels are worse than those of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from studio.engine.groups.partitions import Partition
from studio.engine.health.base import Analysis
from studio.engine.ml_task import Modality
from studio.engine.schema.health import Group

MAX_GROUPS = 8
MIN_ROWS = 20
MIN_RATIO = 1.5  # of the mean label issue scores of group and rest
# Standard errors; with hundreds of groups, some would exceed 2 or 3 by chance
MIN_DEVIATIONS = 5.0
MAX_ISSUE_ROWS = 500  # of a group that are listed


def find_groups(analysis: Analysis) -> tuple[Group, ...]:
    """Find groups with worse labels, the worst first.

    Notes
    -----
    Groups are the values of categorical columns, the quintiles of numeric columns, and rows without
    a value. For texts they are clusters of embeddings, described by the words that are most
    frequent in them compared with the rest, and groups by form: markup, links, digits, capitals,
    length, language. A group is reported if its mean `label_issue_score` is at least 1.5 times that
    of the rest, and at least 5 standard errors above it.

    References
    ----------
    cleanlab Datalab's underperforming group issue; Chung et al., Slice Finder (2019).
    """
    is_labeled = analysis.evidence.study.labels.is_labeled
    scores = analysis.issues["label_issue_score"].to_numpy(dtype=np.float64)
    flags = analysis.issues["is_label_issue"].to_numpy()
    is_text = analysis.evidence.study.spec.modality is Modality.TEXT
    found: list[Group] = []
    for partition in analysis.evidence.partitions:
        for k, group in _groups(partition, scores, flags, is_labeled):
            if is_text and analysis.row_ids is not None:
                is_listed = (partition.members == k) & flags & is_labeled
                rows = _highest_first(analysis.row_ids, scores, is_listed)
                found.append(replace(group, issue_rows=rows))
            else:
                found.append(group)
    found.sort(key=lambda group: (-group.score, group.description))
    return tuple(found[:MAX_GROUPS])


def _highest_first(
    row_ids: npt.NDArray[np.int64],
    scores: npt.NDArray[np.float64],
    is_listed: npt.NDArray[np.bool_],
) -> tuple[int, ...]:
    listed = row_ids[is_listed]
    order = np.lexsort((listed, -scores[is_listed]))
    return tuple(listed[order[:MAX_ISSUE_ROWS]].tolist())


def _groups(
    partition: Partition,
    scores: npt.NDArray[np.float64],
    flags: npt.NDArray[np.bool_],
    is_labeled: npt.NDArray[np.bool_],
) -> Iterator[tuple[int, Group]]:
    """Yield the worse groups of a partition with their places in it."""
    scores = scores[is_labeled]
    flags = flags[is_labeled]
    n_bins = len(partition.descriptions) + 1
    bins = partition.members[is_labeled] + 1  # rows of no group fall into bin 0
    counts = np.bincount(bins, minlength=n_bins)[1:]
    sums = np.bincount(bins, weights=scores, minlength=n_bins)[1:]
    flagged = np.bincount(bins, weights=flags, minlength=n_bins)[1:]
    means = sums / np.maximum(counts, 1)
    rests = (scores.sum() - sums) / np.maximum(len(scores) - counts, 1)
    errors = scores.std() / np.sqrt(np.maximum(counts, 1))
    is_large = (counts >= MIN_ROWS) & (len(scores) - counts >= MIN_ROWS)
    is_worse = is_large & (means >= MIN_RATIO * rests) & (means - rests >= MIN_DEVIATIONS * errors)
    for k in np.flatnonzero(is_worse):
        group = Group(
            partition.descriptions[k],
            int(counts[k]),
            int(flagged[k]),
            float(means[k]),
            float(rests[k]),
        )
        yield int(k), group
