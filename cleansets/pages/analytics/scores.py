"""Histograms of the scores, each with its threshold as a line that can be moved."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import QueryDict

from cleansets.analytics.advice import errors_text
from cleansets.analytics.scores import (
    ScoreHistogram,
    ThresholdEffect,
    score_histograms,
    threshold_effect,
)
from cleansets.models import Cleanset
from cleansets.row_address import ALL_ROWS, Range, RowQuery
from studio.charts import Axis, Chart, Rectangle, line
from studio.engine.counted import counted
from studio.figures import percent


@dataclass(frozen=True, slots=True)
class ScorePanel:
    """A histogram with the threshold in view; `field` is its name in the address."""

    key: str
    title: str
    field: str
    threshold: str
    chart: Chart
    effect: str
    rows: str
    is_moved: bool


def score_panels(cleanset: Cleanset, params: QueryDict) -> list[ScorePanel]:
    """Build a panel for each score."""
    return [_panel(cleanset, found, params) for found in score_histograms(cleanset)]


def _panel(cleanset: Cleanset, found: ScoreHistogram, params: QueryDict) -> ScorePanel:
    field = f"threshold.{found.issue.key}"
    chosen = _fraction(params.get(field, ""))
    threshold = found.threshold if chosen is None else chosen
    effect = None
    if threshold is not None:
        effect = threshold_effect(cleanset, found, threshold)
    shown_range = Range(found.issue.score or "", threshold or 0.0, 1.0)
    return ScorePanel(
        key=found.issue.key,
        title=found.issue.title,
        field=field,
        threshold=f"{1.0 if threshold is None else threshold:.3f}",
        chart=_chart(cleanset, found, threshold),
        effect="No row is flagged." if effect is None else _effect_text(effect),
        rows=RowQuery(issue=ALL_ROWS, ranges=(shown_range,)).params(sort=found.issue.score),
        is_moved=chosen is not None,
    )


def _fraction(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None


def _effect_text(effect: ThresholdEffect) -> str:
    rows = counted(effect.n_rows, "row")
    sentence = f"From {effect.threshold:.3f} on, {rows} would be flagged."
    if effect.right is not None and effect.n_rows:
        share = percent(effect.right.value / effect.n_rows, 0)
        sentence = f"{sentence} About {errors_text(effect.right)} of them are wrong, {share}."
    n_decided = effect.n_confirmed + effect.n_kept
    if not n_decided:
        return f"{sentence} Nobody has decided any of them."
    return (
        f"{sentence} Of the {n_decided:,} that people decided, {effect.n_confirmed:,} were changed"
        f" or excluded ({percent(effect.n_confirmed / n_decided, 0)})."
    )


def _chart(cleanset: Cleanset, found: ScoreHistogram, threshold: float | None) -> Chart:
    across = Axis.across()
    upwards = Axis.of_counts(max(bar.n_rows for bar in found.bars))
    url = cleanset.get_absolute_url()
    score = found.issue.score or ""
    rectangles = []
    table = []
    urls = []
    for bar in found.bars:
        if not bar.n_rows:
            continue
        rows = RowQuery(issue=ALL_ROWS, ranges=(Range(score, bar.low, bar.high),)).params(
            sort=score
        )
        top = upwards.place(bar.n_rows)
        rows = counted(bar.n_rows, "row")
        text = f"{bar.low:.3f} to {bar.high:.3f}: {rows}, {bar.n_flagged:,} flagged"
        is_flagged = threshold is not None and bar.low >= threshold - 1e-9
        rectangles.append(
            Rectangle(
                x=across.place(bar.low),
                y=top,
                width=across.place(bar.high) - across.place(bar.low) - 0.5,
                height=max(upwards.place(0) - top, 0.6),
                text=text,
                kind="wrong" if is_flagged else "right",
                url=f"{url}?{rows}",
            )
        )
        urls.append(f"{url}?{rows}")
        decided = bar.n_confirmed + bar.n_kept
        table.append(
            [
                f"{bar.low:.3f} to {bar.high:.3f}",
                f"{bar.n_rows:,}",
                f"{bar.n_flagged:,}",
                f"{decided:,}",
                f"{bar.n_confirmed:,}",
            ]
        )
    lines = []
    if threshold is not None:
        lines = [line([threshold, threshold], [0, upwards.high], [], (across, upwards), "guide")]
    return Chart(
        title=_title(found),
        x_label="Score, 1 is the worst",
        y_label="Rows",
        x_ticks=across.ticks(),
        y_ticks=upwards.ticks(),
        lines=lines,
        rectangles=rectangles,
        header=["Score", "Rows", "Flagged", "Decided", "Changed or excluded"],
        table=table,
        row_urls=urls,
        legend=[("right", "below the threshold"), ("wrong", "from it on")],
    )


def _title(found: ScoreHistogram) -> str:
    n_flagged = sum(bar.n_flagged for bar in found.bars)
    n_rows = sum(bar.n_rows for bar in found.bars)
    name = found.issue.title
    if not n_flagged:
        return f"{name}: none of the {n_rows:,} rows is flagged"
    verb = "is" if n_flagged == 1 else "are"
    return f"{name}: {n_flagged:,} of {counted(n_rows, 'row')} {verb} flagged"
