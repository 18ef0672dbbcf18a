"""When the review can stop: the curve of further errors, with what it says."""

from __future__ import annotations

from dataclasses import dataclass

from cleansets.analytics import advice
from cleansets.analytics.stopping import stopping
from cleansets.models import Cleanset
from cleansets.review_order import RANDOM_PERIODS, VALUABLE
from cleansets.row_address import ALL_ROWS, RANDOM, UNDECIDED, RowQuery
from studio.charts import N_TICKS, Axis, Chart, line
from studio.engine.counted import counted
from studio.engine.stopping.estimate import Estimate


@dataclass(frozen=True, slots=True)
class WorthLine:
    """What the next rows are worth, in words."""

    n_rows: int
    errors: str
    accuracy: str


@dataclass(frozen=True, slots=True)
class StopPanel:
    """The advice, what it rests on, what is left, and the curve."""

    advice: str
    evidence: str
    left_flagged: str
    left_unflagged: str
    worth: list[WorthLine]
    curve: Chart | None
    precision: Chart
    next_params: str
    valuable_params: str
    mixed_params: str
    random_params: str
    has_accuracy: bool


def stop_panel(cleanset: Cleanset) -> StopPanel | None:
    """Build the panel; None without label issues."""
    found = stopping(cleanset)
    if found is None:
        return None
    undecided = RowQuery(action=UNDECIDED)
    [mixed, *_] = RANDOM_PERIODS
    has_accuracy = bool(cleanset.classes)
    return StopPanel(
        advice=advice.advice(found),
        evidence=advice.evidence(found),
        left_flagged=advice.left_flagged(found),
        left_unflagged=advice.left_unflagged(found),
        worth=[
            WorthLine(step.n_rows, advice.errors_text(step.errors), advice.gain_text(step.accuracy))
            for step in found.next_rows
        ],
        curve=_curve(found),
        precision=_precision(found),
        next_params=undecided.params(),
        valuable_params=undecided.params(sort=VALUABLE),
        mixed_params=undecided.params(sort=mixed),
        random_params=RowQuery(issue=ALL_ROWS, only=RANDOM, action=UNDECIDED).params(),
        has_accuracy=has_accuracy,
    )


def _curve(found: Estimate) -> Chart | None:
    if not found.n_open:
        return None
    steps = found.curve
    axes = (
        Axis.across(0, -(-found.n_open // N_TICKS) * N_TICKS),
        Axis.of_counts(max(1, round(steps[-1].errors.high))),
    )
    texts = [
        f"After {counted(step.n_rows, 'more row')}: {advice.errors_text(step.errors)} errors found"
        for step in steps
    ]
    rows = [step.n_rows for step in steps]
    return Chart(
        title=(
            f"Reviewing all {found.n_open:,} remaining label issues would find about"
            f" {advice.errors_text(found.left_flagged)} errors"
        ),
        x_label="Further rows reviewed, highest scores first",
        y_label="Errors found",
        x_ticks=axes[0].ticks(),
        y_ticks=axes[1].ticks(),
        lines=[
            line(rows, [step.errors.low for step in steps], [], axes, "guide"),
            line(rows, [step.errors.high for step in steps], [], axes, "guide"),
            line(rows, [step.errors.value for step in steps], texts, axes),
        ],
        header=["Further rows", "Errors found", "Low", "High"],
        table=[
            [
                f"{step.n_rows:,}",
                f"{step.errors.value:,.1f}",
                f"{step.errors.low:,.0f}",
                f"{step.errors.high:,.0f}",
            ]
            for step in steps
        ],
    )


def _precision(found: Estimate) -> Chart:
    groups = found.precision
    scores = [group.score for group in groups]
    axes = Axis.across(scores[-1], scores[0]), Axis.upwards()
    texts = [
        f"Score {group.score:.2f}: {group.precision.value:.0%} wrong"
        f" ({group.precision.low:.0%} to {group.precision.high:.0%});"
        f" {group.n_wrong} of {group.n_wrong + group.n_right} decided"
        for group in groups
    ]
    ends = groups[0].precision.value, groups[-1].precision.value
    return Chart(
        title=(
            f"Labels with the highest scores are wrong in {ends[0]:.0%} of cases, flagged ones with"
            f" the lowest in {ends[1]:.0%}"
        ),
        x_label="Label issue score",
        y_label="Wrong labels",
        x_ticks=axes[0].ticks(),
        y_ticks=axes[1].ticks(as_percent=True),
        lines=[
            line(scores, [group.precision.low for group in groups], [], axes, "guide"),
            line(scores, [group.precision.high for group in groups], [], axes, "guide"),
            line(scores, [group.precision.value for group in groups], texts, axes),
        ],
        header=["Score", "Rows", "Found wrong", "Found right", "Wrong", "Low", "High"],
        table=[
            [
                f"{group.score:.3f}",
                f"{group.n_rows:,}",
                f"{group.n_wrong:,}",
                f"{group.n_right:,}",
                f"{group.precision.value:.0%}",
                f"{group.precision.low:.0%}",
                f"{group.precision.high:.0%}",
            ]
            for group in groups
        ],
    )
