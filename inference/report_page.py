"""The report of a batch under guard, as its page and its printable file show it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from studio.charts import HEIGHT, TOP, Axis, Chart, Rectangle, Tick
from studio.engine.counted import counted
from studio.engine.guard.words import FEATURES, PREDICTIONS, SIGNIFICANCE
from studio.engine.ml_task import MLTask
from studio.figures import percent
from studio.model_runs.pages.evaluation import MetricLine, metric_lines

STYLES = tuple(
    f"css/{name}.css" for name in ("studio", "components", "data", "evaluation", "print")
)
MAX_NAMED_TICKS = 5
MAX_TICK_CHARS = 9
_SMALL_P = 0.001


@dataclass(frozen=True, slots=True)
class Figure:
    """A count with its share."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One line of the table of differences."""

    name: str
    size: str
    p_value: str
    trained_missing: str
    new_missing: str
    is_significant: bool


@dataclass(frozen=True, slots=True)
class CellRow:
    """Cells of one column that could not be read, or that training did not have."""

    name: str
    n_unreadable: int
    n_new: int


@dataclass(frozen=True, slots=True)
class ClassRow:
    """How one class is predicted, by the labels of the file."""

    name: str
    labeled: int
    predicted: int
    recall: str
    precision: str
    f1: str


@dataclass(frozen=True, slots=True)
class ReportPage:
    """What the page shows."""

    summary: str
    kind: str
    abstention: str
    figures: list[Figure]
    drifts: list[DriftRow]
    charts: list[Chart]
    cells: list[CellRow]
    set_sizes: list[tuple[str, str]]
    metrics: list[MetricLine]
    classes: list[ClassRow]
    n_evaluated: int
    n_sampled: int
    n_rows: int
    significance: str


def report_page(report: Mapping[str, Any], task: MLTask) -> ReportPage:
    """Return the page of a stored report."""
    evaluation = report.get("evaluation") or {}
    n_rows = report["n_rows"]
    comparisons = report["comparisons"]
    significant = [one for one in comparisons if one["drift"]["p_value"] < SIGNIFICANCE]
    drawn = [one for one in comparisons if one["bars"]]
    # What is told first is what differs, and how predictions are distributed.
    drawn.sort(
        key=lambda one: (
            one["drift"]["name"] != PREDICTIONS,
            one["drift"]["p_value"] >= SIGNIFICANCE,
            -one["drift"]["size"],
        )
    )
    return ReportPage(
        summary=_summary(significant, len(comparisons)),
        kind="warning" if significant else "good",
        abstention=abstention(report),
        figures=_figures(report),
        drifts=[_drift_row(one) for one in comparisons],
        charts=[_chart(one) for one in drawn],
        cells=[CellRow(**one) for one in report["cells"]],
        set_sizes=_set_sizes(report["n_sets"], n_rows),
        metrics=metric_lines(evaluation, task) if evaluation else [],
        classes=[_class_row(one) for one in evaluation.get("per_class", [])],
        n_evaluated=evaluation.get("n_rows", 0),
        n_sampled=report["n_sampled"],
        n_rows=n_rows,
        significance=percent(SIGNIFICANCE, 0),
    )


def abstention(report: Mapping[str, Any]) -> str:
    """Say from which confidence on rows do not abstain; empty for numbers and older reports."""
    least = report.get("least_confidence")
    if not least or not report["n_abstained"]:
        return ""
    coverage = percent(report["coverage"], 0)
    if least < 1:
        text = (
            f"Rows with a confidence below {_rounded_down(least)} abstain. Above it, {coverage} of"
            " the predictions agreed with the labels in cross-validation."
        )
    else:
        text = (
            f"All rows abstain: however confident, fewer than {coverage} of the predictions agreed"
            " with the labels in cross-validation."
        )
    if report["n_abstained"] > report["n_rows"] / 2:
        text += (
            " Labels that are wrong count against the model: review the flagged rows and deploy it"
            " again, or ask for a lower coverage."
        )
    return text


def _rounded_down(confidence: float) -> str:
    return f"{math.floor(confidence * 10_000) / 10_000:g}"


def _class_row(found: Mapping[str, Any]) -> ClassRow:
    return ClassRow(
        name=found["class"],
        labeled=found["labeled"],
        predicted=found["predicted"],
        recall=percent(found["recall"]["value"]),
        precision=percent(found["precision"]["value"]),
        f1=percent(found["f1"]["value"]),
    )


def printable_report(report: Mapping[str, Any], task: MLTask, title: str) -> str:
    """Return the report as one HTML file that needs no studio."""
    styles = [Path(str(finders.find(name))).read_text(encoding="utf-8") for name in STYLES]
    context = {
        "title": title,
        "page": report_page(report, task),
        # The style sheets are the studio's own.
        "styles": mark_safe(f"<style>{''.join(styles)}</style>"),  # noqa: S308
    }
    return render_to_string("inference/prediction_report_print.html", context)


def _summary(significant: Sequence[Mapping[str, Any]], n_compared: int) -> str:
    if not n_compared:
        return "There are no rows to compare with the training data."
    if not significant:
        return (
            "The rows are distributed as the training data: none of the"
            f" {n_compared:,} comparisons differs more than chance explains."
        )
    names = [_named(one["drift"]["name"]) for one in significant]
    shown = ", ".join(names[:5])
    if len(names) > 5:
        shown += f" and {len(names) - 5:,} more"
    return (
        f"{len(names):,} of {counted(n_compared, 'comparison')} with the training data"
        f" {'differs' if len(names) == 1 else 'differ'} more than chance explains: {shown}."
    )


def _named(name: str) -> str:
    if name in (PREDICTIONS, FEATURES):
        return name.lower()
    return f"“{name}”"


def _figures(report: Mapping[str, Any]) -> list[Figure]:
    n_rows = report["n_rows"]

    def figure(label: str, n: int) -> Figure:
        return Figure(label, f"{n:,}", percent(n / n_rows) if n_rows else "")

    return [
        Figure("Rows", f"{n_rows:,}"),
        figure("Out of distribution", report["n_out_of_distribution"]),
        figure("Abstained", report["n_abstained"]),
        figure("Rows without a readable cell", report["n_blank_rows"]),
        Figure("Unreadable cells", f"{sum(one['n_unreadable'] for one in report['cells']):,}"),
        Figure("Cells with a new category", f"{sum(one['n_new'] for one in report['cells']):,}"),
        Figure("Coverage", percent(report["coverage"], 0), "of sets or intervals"),
    ]


def _drift_row(comparison: Mapping[str, Any]) -> DriftRow:
    drift = comparison["drift"]
    p_value = drift["p_value"]
    return DriftRow(
        name=drift["name"],
        size=f"{drift['size']:.2f}",
        p_value=f"{p_value:.3f}" if p_value >= _SMALL_P else f"below {_SMALL_P}",
        trained_missing=percent(comparison["trained_missing"]),
        new_missing=percent(comparison["new_missing"]),
        is_significant=p_value < SIGNIFICANCE,
    )


def _set_sizes(n_sets: Sequence[int], n_rows: int) -> list[tuple[str, str]]:
    """Return how many sets have each number of classes, and their share."""
    return [
        (counted(size, "label"), f"{counted(n, 'row')} ({percent(n / n_rows)})")
        for size, n in enumerate(n_sets)
        if n
    ]


def _chart(comparison: Mapping[str, Any]) -> Chart:
    """Draw the shares of values in training and in the file, side by side."""
    name = _named(comparison["drift"]["name"])
    is_significant = comparison["drift"]["p_value"] < SIGNIFICANCE
    verb = "differs from" if is_significant else "is distributed as in"
    if name == PREDICTIONS.lower():
        name = "What is predicted"
    bars = comparison["bars"]
    across = Axis.across(0, len(bars))
    most = max(max(bar["trained"], bar["new"]) for bar in bars)
    upwards = Axis.upwards(0, min(1.0, -(-most * 10 // 1) / 10) or 1.0)
    width = (across.place(1) - across.place(0)) * 0.4
    rectangles = []
    ticks = []
    for place, bar in enumerate(bars):
        for side, (key, word, kind) in enumerate(
            (("trained", "training data", "right"), ("new", "this file", "wrong"))
        ):
            top = upwards.place(bar[key])
            x = across.place(place) + (0.1 + side * 0.42) * width / 0.4
            text = f"{bar['label']}: {percent(bar[key])} of the {word}"
            rectangles.append(Rectangle(x, top, width, TOP + HEIGHT - top, text, kind))
        if len(bars) <= MAX_NAMED_TICKS:
            shown = bar["label"][:MAX_TICK_CHARS]
            ticks.append(Tick(across.place(place + 0.5), shown))
    return Chart(
        title=f"{name} {verb} the training data.",
        x_label="Value",
        y_label="Share of rows",
        x_ticks=ticks,
        y_ticks=upwards.ticks(as_percent=True),
        rectangles=rectangles,
        header=["Value", "Training data", "This file"],
        table=[[bar["label"], percent(bar["trained"]), percent(bar["new"])] for bar in bars],
        legend=[("right", "training data"), ("wrong", "this file")],
    )
