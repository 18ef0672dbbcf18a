"""Evaluations and comparisons as terminal tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.engine.counted import counted
from studio.engine.evaluation.metrics import Metric
from studio.engine.evaluation.runs.comparison import Comparison

MAX_CLASSES = 20
_MAX_SLICES = 5
_MAX_TEXT = 40


def evaluation_summary(values: Mapping[str, Any], metrics: Sequence[Metric]) -> str:
    """Return the summary of an evaluation."""
    on = values["measured_on"]
    where = "test rows" if on["rows"] == "test" else on["rows"]
    head = (
        f"{on['n_rows']:,} {where}, measured by their {on['labels']} labels; predicted by"
        f" {values['predicted_by']}"
    )
    blocks = [head, _metric_table(values["metrics"], metrics)]
    if values["per_class"]:
        blocks.append(_class_table(values["per_class"]))
    if values.get("slices"):
        blocks.append(_slice_table(values))
    for name, part in values["splits"].items():
        if name != on["rows"]:
            table = _metric_table(part["metrics"], metrics)
            blocks.append(f"{name.capitalize()}, {counted(part['n_rows'], 'row')}\n{table}")
    return "\n\n".join(blocks)


def aligned(rows: Sequence[Sequence[str]], *, indent: str = "  ") -> str:
    """Return rows of cells, the first column left-aligned and the others right-aligned."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = []
    for first, *others in rows:
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        lines.append(indent + "  ".join(cells))
    return "\n".join(line.rstrip() for line in lines)


def figure(value: float | None) -> str:
    """Format a figure with four digits; a missing one is a dash."""
    return "–" if value is None else f"{value:.4g}"


def _metric_table(found: Mapping[str, Any], metrics: Sequence[Metric]) -> str:
    rows = [("Metric", "value", "low", "high")]
    for metric in metrics:
        if metric.key in found:
            one = found[metric.key]
            rows.append((metric.key, figure(one["value"]), figure(one["low"]), figure(one["high"])))
    return aligned(rows)


def _class_table(per_class: Sequence[Mapping[str, Any]]) -> str:
    """Return the classes with the lowest F1 first."""
    worst = sorted(per_class, key=lambda one: (one["f1"]["value"] is None, one["f1"]["value"] or 0))
    rows = [("Class", "labeled", "predicted", "recall", "precision", "F1")]
    rows += [
        (
            one["class"],
            f"{one['labeled']:,}",
            f"{one['predicted']:,}",
            figure(one["recall"]["value"]),
            figure(one["precision"]["value"]),
            figure(one["f1"]["value"]),
        )
        for one in worst[:MAX_CLASSES]
    ]
    table = aligned(rows)
    if len(worst) > MAX_CLASSES:
        table += f"\n  and {counted(len(worst) - MAX_CLASSES, 'class', 'classes')} with a higher F1"
    return table


def _slice_table(values: Mapping[str, Any]) -> str:
    rows = [("Worst where", "rows", "error", "elsewhere")]
    rows += [
        (
            one["description"],
            f"{one['n_rows']:,}",
            figure(one["error"]),
            figure(one["error_elsewhere"]),
        )
        for one in values["slices"][:_MAX_SLICES]
    ]
    return aligned(rows)


def comparison_summary(values: Mapping[str, Any], comparison: Comparison) -> str:
    """Return the summary of a comparison."""
    shared = counted(comparison.n_rows, "row")
    head = f"{shared} that both have; {values['second']} less {values['first']}"
    blocks = [head]
    if any(comparison.n_only):
        first, second = comparison.n_only
        blocks.append(
            f"Left out: {counted(first, 'row')} that only the first has, {second:,} of the second"
        )
    if comparison.n_labels_differ:
        differing = counted(comparison.n_labels_differ, "row has", "rows have")
        blocks.append(
            f"{differing} another label in the second; each evaluation is measured by its own"
        )
    if values["settings"]:
        rows = [("What differs", "first", "second")]
        rows += [
            (name, _short(one["first"]), _short(one["second"]))
            for name, one in values["settings"].items()
        ]
        blocks.append(aligned(rows))
    blocks.append(aligned(_difference_rows(comparison)))
    blocks.append(
        f"Rows gained {len(comparison.gained):,}, lost {len(comparison.lost):,}, wrong in both"
        f" {len(comparison.both_wrong):,}"
    )
    return "\n\n".join(blocks)


def _difference_rows(comparison: Comparison) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        ("Metric", "first", "second", "difference", "low", "high", "second is")
    ]
    rows += [
        (
            one.metric.key,
            figure(one.first),
            figure(one.second),
            figure(one.difference.value),
            figure(one.difference.low),
            figure(one.difference.high),
            one.verdict,
        )
        for one in comparison.metrics
    ]
    return rows


def _short(value: object) -> str:
    if isinstance(value, list):
        text = ", ".join(map(str, value))
    else:
        text = str(value)
    if len(text) > _MAX_TEXT:
        text = f"{text[: _MAX_TEXT - 1]}…"
    return text
