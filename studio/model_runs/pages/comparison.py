"""The page that compares two runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cleansets.row_address import ALL_ROWS, RowQuery
from studio.engine.evaluation.metrics import Metric
from studio.engine.evaluation.runs.comparison import ClassChange, Comparison, PairedMetric
from studio.engine.ml_task import MLTask
from studio.model_runs.models import ModelRun
from studio.model_runs.pages.evaluation import figure
from studio.model_runs.run_row_sets import among
from studio.model_runs.selectors import comparison_of

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


def comparison_context(first: ModelRun, second: ModelRun) -> dict[str, object]:
    """Build the context of the page; differences are the second run less the first."""
    comparison = comparison_of(first, second)
    return {
        "comparison": comparison,
        "verdict": verdict_sentence(comparison, first, second),
        "metrics": [_pair(one) for one in comparison.metrics],
        "class_changes": sorted(comparison.classes, key=_by_change),
        "changed": _changed(comparison, first, second),
        "differences": _differences(first, second),
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
    n_rows = f"{comparison.n_rows:,} rows"
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


def _changed(comparison: Comparison, first: ModelRun, second: ModelRun) -> list[ChangedRows]:
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
        what = among(first, part.replace("_", ""), second.pk)
        query = RowQuery(issue=ALL_ROWS, among=what)
        rows: Any = getattr(comparison, part)
        found.append(ChangedRows(title, len(rows), f"{url}?{query.params()}" if url else ""))
    return found


def _differences(first: ModelRun, second: ModelRun) -> list[tuple[str, str, str]]:
    """Return the differing settings and data of the runs."""
    found = []
    for one, other in (
        (first.configuration, second.configuration),
        (first.snapshot, second.snapshot),
    ):
        for name in dict.fromkeys([*one, *other]):
            values = [in_words(one.get(name)), in_words(other.get(name))]
            if values[0] != values[1]:
                found.append((name.replace("_", " ").capitalize(), values[0], values[1]))
    return found


def in_words(value: Any) -> str:
    """Format a stored value."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    if isinstance(value, dict):
        return ", ".join(f"{name} {one}" for name, one in value.items()) or "–"
    return "–" if value in (None, "") else str(value)
