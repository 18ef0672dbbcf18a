"""In which groups of rows issues are more frequent than chance explains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_ENOUGH = 10.0  # expected issues from which the normal distribution is close enough
SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """The rows that have one value in a column, and how many of them have an issue."""

    column: str
    value: str
    n_rows: int
    n_issues: int


@dataclass(frozen=True, slots=True)
class IssueRate:
    """How frequent issues are in a group, and elsewhere.

    `p_value` is corrected for all groups that were looked at.
    """

    group: GroupCounts
    rate: float
    rate_of_rest: float
    p_value: float

    @property
    def is_worse(self) -> bool:
        """Whether the group has more issues than chance explains."""
        return self.rate > self.rate_of_rest and self.p_value < SIGNIFICANT


def issue_rates(groups: Sequence[GroupCounts], n_rows: int, n_issues: int) -> list[IssueRate]:
    """Compare each group with all other rows, those least explained by chance first.

    Notes
    -----
    The p-values are two-sided, and corrected by the method of Holm: the chance that any group of a
    data set without differences is called significant is at most 5%.
    """
    raw = [_p_value(group, n_rows, n_issues) for group in groups]
    order = sorted(range(len(groups)), key=lambda i: raw[i])
    found: list[IssueRate] = []
    highest = 0.0
    for place, i in enumerate(order):
        group = groups[i]
        highest = max(highest, min(1.0, raw[i] * (len(groups) - place)))
        n_rest = n_rows - group.n_rows
        found.append(
            IssueRate(
                group=group,
                rate=group.n_issues / max(group.n_rows, 1),
                rate_of_rest=(n_issues - group.n_issues) / max(n_rest, 1),
                p_value=highest,
            )
        )
    return found


def _p_value(group: GroupCounts, n_rows: int, n_issues: int) -> float:
    """Return how likely chance gives a group of this size so many issues, or so few."""
    n_rest = n_rows - group.n_rows
    if n_rest <= 0 or not group.n_rows or not 0 < n_issues < n_rows:
        return 1.0
    expected = group.n_rows * n_issues / n_rows
    n_without = group.n_rows * (n_rows - n_issues) / n_rows
    if min(expected, n_without) < _ENOUGH:
        return _exact(group, n_rows, n_issues)
    variance = expected * (n_rows - n_issues) / n_rows * n_rest / (n_rows - 1)
    distance = max(0.0, abs(group.n_issues - expected) - 0.5)
    return math.erfc(distance / math.sqrt(2 * variance))


def _exact(group: GroupCounts, n_rows: int, n_issues: int) -> float:
    """Return the p-value of the hypergeometric distribution: twice its smaller tail."""
    lowest = max(0, group.n_rows + n_issues - n_rows)
    highest = min(group.n_rows, n_issues)
    here = _chance(group.n_issues, group.n_rows, n_rows, n_issues)
    below = range(lowest, group.n_issues)
    above = range(group.n_issues + 1, highest + 1)
    shorter = min(below, above, key=len)
    tail = here + sum(_chance(k, group.n_rows, n_rows, n_issues) for k in shorter)
    other = max(0.0, 1 - tail + here)
    return min(1.0, 2 * min(tail, other))


def _chance(k: int, n_group: int, n_rows: int, n_issues: int) -> float:
    return math.exp(
        _log_choose(n_issues, k)
        + _log_choose(n_rows - n_issues, n_group - k)
        - _log_choose(n_rows, n_group)
    )


def _log_choose(n: int, k: int) -> float:
    if not 0 <= k <= n:
        return -math.inf
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
