"""How the scores of a view are distributed, and what was decided about its first rows."""

from __future__ import annotations

from dataclasses import dataclass

from cleansets.row_address import RowQuery
from cleansets.row_query.selection import select
from cleansets.row_query.source import RowSource

SCORE_STEP = 0.005  # between the scores that are counted apart


@dataclass(frozen=True, slots=True)
class ScoreCount:
    """The rows of a view with a score in [low, low + SCORE_STEP), and those among its first `k`.

    Of the latter, people decided some one by one: `n_changed` were changed or excluded and
    `n_kept` were not.
    """

    low: float
    n_rows: int
    n_first: int
    n_changed: int
    n_kept: int


def count_scores(query: RowQuery, source: RowSource, score: str, k: int) -> list[ScoreCount]:
    """Count the rows of a view by a score, lowest first; rows without the score are omitted."""
    selection = select(query, source)
    last = round(1 / SCORE_STEP) - 1
    found = source.fetch(
        f"""
        WITH placed AS (
            SELECT row_id, {score}::DOUBLE AS score,
                row_number() OVER (ORDER BY {selection.order}) <= {int(k)} AS is_first
            FROM {selection.sorted_from} WHERE {selection.condition}
        )
        SELECT least(floor(score / {SCORE_STEP} + 1e-9), {last}), count(*),
            count(*) FILTER (is_first),
            count(*) FILTER (is_first AND is_manual AND action IN ('auto-fix', 'label', 'exclude')),
            count(*) FILTER (is_first AND is_manual AND action = 'keep')
        FROM placed LEFT JOIN reviews USING (row_id)
        WHERE score IS NOT NULL AND NOT isnan(score) GROUP BY 1 ORDER BY 1""",
        selection.values,
    )
    return [ScoreCount(float(place) * SCORE_STEP, *map(int, counts)) for place, *counts in found]
