"""How the scores of the rows are distributed, and what a threshold would flag."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cleansets import selectors
from cleansets.analytics.kept import kept, kept_for_good
from cleansets.analytics.stopping import kept_review
from cleansets.issue_columns import IssueColumn, issues_in
from cleansets.models import Cleanset
from cleansets.review_order import FLAG, SCORE, is_labeled
from cleansets.row_query import RowSource
from studio.engine.stopping.estimate import errors_among
from studio.engine.stopping.interval import Interval

N_BARS = 40
_EVERY = 1 / N_BARS
_CONFIRMED = "count(*) FILTER (is_manual AND action IN ('auto-fix', 'label', 'exclude'))"
_KEPT = "count(*) FILTER (is_manual AND action = 'keep')"


@dataclass(frozen=True, slots=True)
class ScoreBar:
    """The rows whose score lies in [low, high); the last bar holds those with a score of 1, too.

    Of the rows that people decided one by one, `n_confirmed` were changed or excluded and `n_kept`
    were not.
    """

    low: float
    high: float
    n_rows: int
    n_flagged: int
    n_confirmed: int
    n_kept: int


@dataclass(frozen=True, slots=True)
class ScoreHistogram:
    """The distribution of a score; `threshold` is the lowest score of a flagged row."""

    issue: IssueColumn
    bars: tuple[ScoreBar, ...]
    threshold: float | None


@dataclass(frozen=True, slots=True)
class ThresholdEffect:
    """What a threshold flags: rows, decided ones among them, and how many would be right.

    `right` is the estimate for label issues: the expected number of wrong labels.
    """

    threshold: float
    n_rows: int
    n_confirmed: int
    n_kept: int
    right: Interval | None


def score_histograms(cleanset: Cleanset) -> list[ScoreHistogram]:
    """Return the distribution of each score."""
    return kept(cleanset, "score_histograms", lambda: _histograms(cleanset))


def _histograms(cleanset: Cleanset) -> list[ScoreHistogram]:
    source = selectors.row_source(cleanset)
    found = []
    for issue in issues_in(source.result_columns):
        if issue.score is None or issue.score not in source.result_columns:
            continue
        # Decisions are looked up for the decided rows only: there may be a million others.
        decided = source.fetch(
            f"SELECT {_place(issue)}, {_CONFIRMED}, {_KEPT} FROM issues JOIN reviews USING (row_id)"
            f" WHERE {_is_scored(issue)} GROUP BY 1"
        )
        counts, threshold = _scored_rows(cleanset, source, issue)
        decisions = {int(bar): (int(n), int(n_kept)) for bar, n, n_kept in decided}
        bars = tuple(
            ScoreBar(
                bar * _EVERY,
                (bar + 1) * _EVERY,
                *counts.get(bar, (0, 0)),
                *decisions.get(bar, (0, 0)),
            )
            for bar in range(N_BARS)
        )
        found.append(ScoreHistogram(issue, bars, threshold))
    return found


def _scored_rows(
    cleanset: Cleanset, source: RowSource, issue: IssueColumn
) -> tuple[dict[int, tuple[int, int]], float | None]:
    """Return rows and flagged rows by bar, and the lowest score of a flagged row."""

    def count() -> tuple[dict[int, tuple[int, int]], float | None]:
        rows = source.fetch(
            f"SELECT {_place(issue)}, count(*), count(*) FILTER ({issue.flag}),"
            f" min({issue.score}) FILTER ({issue.flag})"
            f" FROM issues WHERE {_is_scored(issue)} GROUP BY 1"
        )
        lowest = [float(score) for *_, score in rows if score is not None]
        counts = {int(bar): (int(n_rows), int(n_flagged)) for bar, n_rows, n_flagged, _ in rows}
        return counts, min(lowest, default=None)

    return kept_for_good(cleanset, f"scored_rows:{issue.key}", count)


def _place(issue: IssueColumn) -> str:
    return f"least(floor({issue.score} * {N_BARS}), {N_BARS - 1})"


def _is_scored(issue: IssueColumn) -> str:
    return f"{issue.score} IS NOT NULL AND NOT isnan({issue.score}::DOUBLE)"


def threshold_effect(
    cleanset: Cleanset, histogram: ScoreHistogram, threshold: float
) -> ThresholdEffect:
    """Return what a threshold would flag."""
    source = selectors.row_source(cleanset)
    score = histogram.issue.score
    [(n_rows,)] = source.fetch(f"SELECT count(*) FROM issues WHERE {score} >= ?", [threshold])
    [(n_confirmed, n_kept)] = source.fetch(
        f"SELECT {_CONFIRMED}, {_KEPT} FROM issues JOIN reviews USING (row_id) WHERE {score} >= ?",
        [threshold],
    )
    return ThresholdEffect(
        threshold=threshold,
        n_rows=int(n_rows),
        n_confirmed=int(n_confirmed),
        n_kept=int(n_kept),
        right=_right(cleanset, histogram, threshold, int(n_confirmed)),
    )


def _right(
    cleanset: Cleanset, histogram: ScoreHistogram, threshold: float, n_confirmed: int
) -> Interval | None:
    """Estimate how many labels from a score on are wrong, where labels are what is scored."""
    if histogram.issue.flag != FLAG:
        return None
    review = kept_review(cleanset)
    if review is None:
        return None
    source = selectors.row_source(cleanset)
    scores = source.results.column(SCORE).to_numpy()
    is_open = is_labeled(source.results) & (scores >= threshold)
    decided = source.reviews.filter(source.reviews.column("is_manual")).column("row_id")
    is_open[decided.to_numpy()] = False
    left = errors_among(review, scores[is_open].astype(np.float64))
    return Interval(left.value + n_confirmed, left.low + n_confirmed, left.high + n_confirmed)
