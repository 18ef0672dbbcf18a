"""Charts of a regression: predicted against given numbers, and residuals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.charts import Axis, Chart, Rectangle, Tick, line, short
from studio.engine.counted import counted
from studio.figures import rounded

MIN_ROWS = 20  # of a group whose figures say something


def given_chart(grid: Mapping[str, Any]) -> Chart:
    """Plot predicted against given numbers as a heat map of row counts."""
    edges = grid["edges"]
    counts = grid["counts"]
    across = Axis.across(edges[0], edges[-1])
    upwards = Axis.upwards(edges[0], edges[-1])
    most = max((max(row) for row in counts), default=1) or 1
    rectangles = []
    for given, row in enumerate(counts):
        for predicted, count in enumerate(row):
            if not count:
                continue
            left = across.place(edges[given])
            top = upwards.place(edges[predicted + 1])
            rectangles.append(
                Rectangle(
                    x=left,
                    y=top,
                    width=round(across.place(edges[given + 1]) - left, 2),
                    height=round(upwards.place(edges[predicted]) - top, 2),
                    text=(
                        f"Given {short(edges[given])} to {short(edges[given + 1])}, predicted"
                        f" {short(edges[predicted])} to {short(edges[predicted + 1])}: {count:,}"
                        " rows"
                    ),
                    kind=f"heat-{heat(count / most)}",
                )
            )
    axes = across, upwards
    return Chart(
        title="Rows on the line are predicted as they are given.",
        x_label="Given",
        y_label="Predicted",
        x_ticks=across.ticks(),
        y_ticks=upwards.ticks(),
        lines=[line(edges[:: len(edges) - 1], edges[:: len(edges) - 1], [], axes, "guide")],
        rectangles=rectangles,
    )


def residual_chart(parts: Sequence[Mapping[str, Any]]) -> Chart:
    """Plot residuals (given less predicted) against predicted numbers."""
    lows = [part["p10"] for part in parts]
    highs = [part["p90"] for part in parts]
    across = Axis.across(parts[0]["low"], parts[-1]["high"])
    upwards = Axis.upwards(min([*lows, 0.0]), max([*highs, 0.0]))
    axes = across, upwards
    lines = [line([across.low, across.high], [0, 0], [], axes, "guide")]
    middles = [(part["low"] + part["high"]) / 2 for part in parts]
    for x, part in zip(middles, parts, strict=True):
        lines.append(line([x, x], [part["p10"], part["p90"]], [], axes, "error"))
    texts = [
        f"Predicted {short(part['low'])} to {short(part['high'])}:"
        f" {counted(part['n_rows'], 'row')}, {part['mean']:+.3g} on average"
        for part in parts
    ]
    lines.append(line(middles, [part["mean"] for part in parts], texts, axes))
    worst = max(parts, key=lambda part: part["mean_absolute_error"])
    return Chart(
        title=(
            f"Predictions from {short(worst['low'])} to {short(worst['high'])} are farthest off, by"
            f" {short(worst['mean_absolute_error'])} on average."
        ),
        x_label="Predicted",
        y_label="Given less predicted",
        x_ticks=across.ticks(),
        y_ticks=upwards.ticks(),
        lines=lines,
        header=["Predicted", "Rows", "Mean", "10%", "Median", "90%", "Mean absolute error"],
        table=[
            [
                f"{short(part['low'])} to {short(part['high'])}",
                f"{part['n_rows']:,}",
                *(
                    rounded(part[name])
                    for name in ("mean", "p10", "median", "p90", "mean_absolute_error")
                ),
            ]
            for part in parts
        ],
    )


def group_chart(column: str, groups: Sequence[Mapping[str, Any]], urls: Sequence[str]) -> Chart:
    """Plot residuals by the groups of a column, each numbered as in the table.

    Groups of a few rows decide neither the title nor the axis, unless there are no others.
    """
    large = [group for group in groups if group["n_rows"] >= MIN_ROWS] or groups
    upwards = Axis.upwards(
        min([*(group["p10"] for group in large), 0.0]),
        max([*(group["p90"] for group in large), 0.0]),
    )
    across = Axis.across(0.5, len(groups) + 0.5)
    axes = across, upwards
    rectangles = []
    ticks = []
    for number, (group, url) in enumerate(zip(groups, urls, strict=True), start=1):
        left = across.place(number - 0.3)
        top = upwards.place(group["p90"])
        rectangles.append(
            Rectangle(
                x=left,
                y=top,
                width=round(across.place(number + 0.3) - left, 2),
                height=max(1.0, round(upwards.place(group["p10"]) - top, 2)),
                text=(
                    f"{group['description']}: {counted(group['n_rows'], 'row')},"
                    f" {group['mean']:+.3g} on average, 80% from {short(group['p10'])} to"
                    f" {short(group['p90'])}"
                ),
                kind="right",
                url=url,
            )
        )
        ticks.append(Tick(across.place(number), str(number)))
    lines = [line([across.low, across.high], [0, 0], [], axes, "guide")]
    lines += [
        line([number - 0.3, number + 0.3], [group["mean"]] * 2, [], axes, "mean")
        for number, group in enumerate(groups, start=1)
    ]
    worst = max(large, key=lambda group: float(group["mean_absolute_error"]))
    return Chart(
        title=(
            f"Where {worst['description']}, predictions are farthest off, by"
            f" {short(worst['mean_absolute_error'])} on average."
        ),
        x_label=f"Group of {column}",
        y_label="Given less predicted: 80% of the rows, and their mean",
        x_ticks=ticks,
        y_ticks=upwards.ticks(),
        lines=lines,
        rectangles=rectangles,
        header=["Group", "Rows", "Mean", "10%", "Median", "90%", "Mean absolute error"],
        table=[
            [
                f"{number}. {group['description']}",
                f"{group['n_rows']:,}",
                *(
                    rounded(group[name])
                    for name in ("mean", "p10", "median", "p90", "mean_absolute_error")
                ),
            ]
            for number, group in enumerate(groups, start=1)
        ],
        row_urls=list(urls) if any(urls) else [],
    )


def heat(share: float) -> int:
    """Return the shade of a cell, from 1 to 9; 0 if empty."""
    return 0 if share <= 0 else 1 + min(8, int(share**0.5 * 9))
