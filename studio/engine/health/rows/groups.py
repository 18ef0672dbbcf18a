"""Groups of rows whose labels are worse than those of the rest."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from studio.engine.groups.partitions import Partition
from studio.engine.health.base import Analysis
from studio.engine.schema.health import Group

MAX_GROUPS = 8
MIN_ROWS = 20
MIN_RATIO = 1.5  # of the mean label issue scores of group and rest
# Standard errors; with hundreds of groups, some would exceed 2 or 3 by chance
MIN_DEVIATIONS = 5.0


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
    found: list[Group] = []
    for partition in analysis.evidence.partitions:
        members = partition.members[is_labeled]
        found.extend(_groups(partition, members, scores[is_labeled], flags[is_labeled]))
    found.sort(key=lambda group: (-group.score, group.description))
    return tuple(found[:MAX_GROUPS])


def _groups(
    partition: Partition,
    members: npt.NDArray[np.int8],
    scores: npt.NDArray[np.float64],
    flags: npt.NDArray[np.bool_],
) -> Iterator[Group]:
    n_bins = len(partition.descriptions) + 1
    bins = members + 1  # rows of no group fall into bin 0
    counts = np.bincount(bins, minlength=n_bins)[1:]
    sums = np.bincount(bins, weights=scores, minlength=n_bins)[1:]
    flagged = np.bincount(bins, weights=flags, minlength=n_bins)[1:]
    means = sums / np.maximum(counts, 1)
    rests = (scores.sum() - sums) / np.maximum(len(scores) - counts, 1)
    errors = scores.std() / np.sqrt(np.maximum(counts, 1))
    is_large = (counts >= MIN_ROWS) & (len(scores) - counts >= MIN_ROWS)
    is_worse = is_large & (means >= MIN_RATIO * rests) & (means - rests >= MIN_DEVIATIONS * errors)
    for k in np.flatnonzero(is_worse):
        yield Group(
            partition.descriptions[k],
            int(counts[k]),
            int(flagged[k]),
            float(means[k]),
            float(rests[k]),
        )
