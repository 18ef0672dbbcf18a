"""The scores of a view as a histogram that shows what Clean Top K would take."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from cleansets import row_query, selectors
from cleansets.models import Cleanset
from cleansets.review_order import REVIEW_ORDERS, SCORE
from cleansets.row_address import Range, RowQuery
from cleansets.row_query import SCORE_STEP, RowSource, ScoreCount
from cleansets.top_k import TopK
from studio.engine.counted import counted
from studio.figures import percent

MAX_BARS = 40
STEPS_PER_BAR = (1, 2, 5, 10, 20)


@dataclass(frozen=True, slots=True)
class ScoreBar:
    """A bar, of which a part is among the first rows; heights go up to 100."""

    height: float
    part: float
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class ScorePicture:
    """A histogram of scores; `decided` says what people made of the first rows so far."""

    text: str
    decided: str
    low: str
    high: str
    bars: list[ScoreBar]


def score_picture(cleanset: Cleanset, top_k: TopK) -> ScorePicture | None:
    """Draw the scores of the view with its first rows; None if it is not about a score."""
    source = selectors.row_source(cleanset)
    score = _score(top_k.query, source)
    if not score:
        return None
    counts = row_query.count_scores(top_k.query, source, score, top_k.k)
    if not counts:
        return None
    width = _steps_per_bar(counts)
    first = _place(counts[0]) // width
    n_bars = _place(counts[-1]) // width + 1 - first
    n_rows = [0] * n_bars
    n_first = [0] * n_bars
    for count in counts:
        bar = _place(count) // width - first
        n_rows[bar] += count.n_rows
        n_first[bar] += count.n_first
    most = max(n_rows)
    bars = []
    for bar in range(n_bars):
        low = (first + bar) * width * SCORE_STEP
        shown = Range(score, low, min(low + width * SCORE_STEP, 1.0))
        rows = replace(top_k.query, ranges=(*top_k.query.ranges, shown), page=1)
        bars.append(
            ScoreBar(
                height=100 * n_rows[bar] / most,
                part=100 * n_first[bar] / most,
                label=_bar_label(shown, n_rows[bar], n_first[bar]),
                url=f"{cleanset.get_absolute_url()}?{rows.params()}" if n_rows[bar] else "",
            )
        )
    return ScorePicture(
        text=_text(counts),
        decided=_decided(counts),
        low=f"{first * width * SCORE_STEP:.3f}",
        high=f"{min((first + n_bars) * width * SCORE_STEP, 1.0):.3f}",
        bars=bars,
    )


def _score(query: RowQuery, source: RowSource) -> str:
    """Return the score that the view is sorted by; empty if it is sorted by something else."""
    column = source.sort_column(query)
    if column in REVIEW_ORDERS:
        return SCORE
    return column if column.endswith("_score") else ""


def _place(count: ScoreCount) -> int:
    return round(count.low / SCORE_STEP)


def _steps_per_bar(counts: list[ScoreCount]) -> int:
    """Return how wide the bars are, so that there are not too many."""
    n_steps = _place(counts[-1]) - _place(counts[0]) + 1
    wanted = math.ceil(n_steps / (MAX_BARS - 1))
    return next(steps for steps in STEPS_PER_BAR if steps >= wanted)


def _bar_label(shown: Range, n_rows: int, n_first: int) -> str:
    rows = counted(n_rows, "row")
    return f"Score {shown.low:.3f} to {shown.high:.3f}: {rows}, {n_first:,} among the first"


def _text(counts: list[ScoreCount]) -> str:
    n_rows = sum(count.n_rows for count in counts)
    n_first = sum(count.n_first for count in counts)
    if n_first == n_rows:
        return f"by score, all {n_rows:,} rows"
    return f"by score; in blue the first {n_first:,} of {n_rows:,} rows"


def _decided(counts: list[ScoreCount]) -> str:
    n_changed = sum(count.n_changed for count in counts)
    n_decided = n_changed + sum(count.n_kept for count in counts)
    if not n_decided:
        return ""
    return (
        f"Of {n_decided:,} of these rows that people decided one by one, they changed or excluded"
        f" {n_changed:,} ({percent(n_changed / n_decided, 0)})."
    )
