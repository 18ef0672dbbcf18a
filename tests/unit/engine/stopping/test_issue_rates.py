"""In which groups issues are more frequent than chance explains."""

from __future__ import annotations

import numpy as np
import pytest

from studio.engine.stopping.issue_rates import GroupCounts, issue_rates


def test_the_bad_source_is_found_among_many() -> None:
    groups = [GroupCounts("source", str(i), 100, 5) for i in range(20)]
    groups.append(GroupCounts("source", "bad", 100, 30))
    first, *others = issue_rates(groups, n_rows=2_100, n_issues=130)
    assert first.group.value == "bad"
    assert first.is_worse
    assert not any(rate.is_worse for rate in others)


def test_chance_alone_hardly_ever_looks_like_a_bad_source() -> None:
    n_found = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        counts = rng.binomial(50, 0.1, 30)
        groups = [GroupCounts("annotator", str(i), 50, int(n)) for i, n in enumerate(counts)]
        rates = issue_rates(groups, n_rows=1_500, n_issues=int(counts.sum()))
        n_found += any(rate.p_value < 0.05 for rate in rates)
    assert n_found <= 8


def test_few_rows_are_compared_exactly() -> None:
    [rate, *_] = issue_rates([GroupCounts("a", "x", 3, 3)], n_rows=10, n_issues=3)
    assert rate.p_value == pytest.approx(2 / 120)


def test_without_issues_nothing_is_significant() -> None:
    assert issue_rates([GroupCounts("a", "x", 3, 0)], n_rows=10, n_issues=0)[0].p_value == 1
