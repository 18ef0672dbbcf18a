"""The page that compares two runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cleansets.row_address import ALL_ROWS, RowQuery
from studio.engine.counted import counted
from studio.engine.evaluation.metrics import Metric
from studio.engine.evaluation.runs.comparison import ClassChange, Comparison, PairedMetric
from studio.engine.evaluation.runs.slice_changes import SliceChange
from studio.engine.ml_task import MLTask
from studio.model_runs.compared_runs import comparison_of, threshold_choices
from studio.model_runs.models import ModelRun
from studio.model_runs.pages.configuration import differences
from studio.model_runs.pages.evaluation import error_text, figure
from studio.model_runs.pages.gallery import rows_of_view
from studio.model_runs.run_row_sets import among

VERDICTS = {
    "better": ("good", "Better"),
    "worse": ("bad", "Worse"),
    "unclear": ("neutral", "Unclear"),
}


@dataclass(frozen=True, slots=True)
class MetricPair:
    """A metric of both runs."""

    name: str
    meaning: str
    first: str
    second: str
    difference: str
    interval: str
    badge: str
    verdict: str


@dataclass(frozen=True, slots=True)
class ChangedRows:
    """Rows on which the runs differ."""

    title: str
    n_rows: int
    url: str


@dataclass(frozen=True, slots=True)
class SliceChangeLine:
    """A slice with the errors of both runs."""

    description: str
    url: str
    found_in: str
    n_rows: int
    first: str
    second: str
    difference: str
    badge: str
    verdict: str


def comparison_context(
    first: ModelRun, second: ModelRun, thresholds_of: str = "", slice_id: str = ""
) -> dict[str, object]:
    """Build the context of the page; differences are the second run less the first.

    `thresholds_of` is the id of the run whose thresholds are applied to both, and `slice_id` that
    of the saved view on whose rows they are compared.
    """
    views = list(first.project.saved_views.all())
    view = next((one for one in views if str(one.pk) == slice_id), None)
    within = None if view is None else rows_of_view(first, view)
    choices = threshold_choices(first, second)
    by = next((run for run in choices if str(run.pk) == thresholds_of), None)
    comparison = comparison_of(first, second, by, within)
    return {
        "views": views,
        "view": view,
        "comparison": comparison,
        "verdict": verdict_sentence(comparison, first, second),
        "metrics": [_pair(one) for one in comparison.metrics],
        "class_changes": sorted(comparison.classes, key=_by_change),
        "changed": _changed(comparison, first, second, by),
        "slices": _slices(comparison, first, second),
        "threshold_choices": choices,
        "by": by,
        "differences": differences(first, second),
        "custom": [
            (name, first.custom_metrics.get(name), second.custom_metrics.get(name))
            for name in sorted({*first.custom_metrics, *second.custom_metrics})
        ],
    }


def verdict_sentence(comparison: Comparison, first: ModelRun, second: ModelRun) -> str:
    """State whether the difference of the main metric is significant."""
    main = comparison.metrics[0]
    low = main.difference.low
    high = main.difference.high
    name = main.metric.name
    if low is None or high is None:
        return f"{name} is not defined for the rows that both runs have."
    span = f"{signed(main.metric, low)} to {signed(main.metric, high)}"
    n_rows = counted(comparison.n_rows, "row")
    if main.verdict == "unclear":
        return (
            f"On {n_rows}, no difference in {name} can be told: {second.name} less {first.name} is"
            f" {signed(main.metric, main.difference.value or 0.0)}, with 95% confidence {span}."
        )
    return (
        f"On {n_rows}, {second.name} is really {main.verdict} than {first.name}: {name} differs by"
        f" {signed(main.metric, main.difference.value or 0.0)}, with 95% confidence {span}."
    )


def _pair(one: PairedMetric) -> MetricPair:
    badge, verdict = VERDICTS[one.verdict]
    low = one.difference.low
    high = one.difference.high
    change = "–"
    interval = ""
    if one.difference.value is not None:
        change = signed(one.metric, one.difference.value)
    if low is not None and high is not None:
        interval = f"{signed(one.metric, low)} to {signed(one.metric, high)}"
    return MetricPair(
        name=one.metric.name,
        meaning=one.metric.meaning,
        first=figure(one.metric, one.first),
        second=figure(one.metric, one.second),
        difference=change,
        interval=interval,
        badge=badge,
        verdict=verdict,
    )


def signed(metric: Metric, value: float) -> str:
    """Format a difference with its sign; of fractions in percentage points."""
    text = figure(metric, abs(value)).replace("%", " points")
    return f"−{text}" if value < 0 else f"+{text}"


def _by_change(change: ClassChange) -> float:
    return -abs(change.f1_difference.value or 0.0)


def _changed(
    comparison: Comparison, first: ModelRun, second: ModelRun, by: ModelRun | None
) -> list[ChangedRows]:
    titles: dict[str, str] = {
        "gained": f"Right only in {second.name}",
        "lost": f"Right only in {first.name}",
        "both_wrong": "Wrong in both",
    }
    if first.task is MLTask.REGRESSION:
        titles = {
            "gained": f"{second.name} comes closer",
            "lost": f"{first.name} comes closer",
        }
    url = "" if first.cleanset is None else first.cleanset.get_absolute_url()
    found = []
    for part, title in titles.items():
        runs = [second.pk] if by is None else [second.pk, by.pk]
        query = RowQuery(issue=ALL_ROWS, among=among(first, part.replace("_", ""), *runs))
        rows: Any = getattr(comparison, part)
        found.append(ChangedRows(title, len(rows), f"{url}?{query.params()}" if url else ""))
    return found


def _slices(comparison: Comparison, first: ModelRun, second: ModelRun) -> list[SliceChangeLine]:
    """Return the slices, the largest differences first."""
    runs = {str(run.pk): run for run in (first, second)}
    address = "" if first.cleanset is None else first.cleanset.get_absolute_url()
    return [
        _slice_line(one, runs, address) for one in sorted(comparison.slices, key=_by_slice_change)
    ]


def _slice_line(one: SliceChange, runs: Mapping[str, ModelRun], address: str) -> SliceChangeLine:
    found_in = [runs[run_id] for run_id in one.found_in]
    place = among(found_in[0], "slice", one.found_in[str(found_in[0].pk)])
    query = RowQuery(issue=ALL_ROWS, among=place)
    is_share = found_in[0].task is not MLTask.REGRESSION
    low = one.difference.low or 0.0
    high = one.difference.high or 0.0
    span = f"{_error_change(low, is_share=is_share)} to {_error_change(high, is_share=is_share)}"
    badge, verdict = VERDICTS[one.verdict]
    return SliceChangeLine(
        description=one.description,
        url=f"{address}?{query.params()}" if address else "",
        found_in="both" if len(found_in) > 1 else found_in[0].name,
        n_rows=one.n_rows,
        first=error_text(one.first, is_share=is_share),
        second=error_text(one.second, is_share=is_share),
        difference=f"{_error_change(one.second - one.first, is_share=is_share)} ({span})",
        badge=badge,
        verdict=verdict,
    )


def _error_change(value: float, *, is_share: bool) -> str:
    """Format a difference of errors with its sign; of shares in percentage points."""
    text = error_text(abs(value), is_share=is_share).replace("%", " points")
    return f"−{text}" if value < 0 else f"+{text}"


def _by_slice_change(change: SliceChange) -> float:
    return -abs(change.difference.value or 0.0)
