"""ROC and precision-recall curves, reliability diagram, and confidence histogram."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from cleansets.row_address import ALL_ROWS, RowQuery
from studio.charts import Axis, Chart, Line, Rectangle, line
from studio.engine.counted import counted
from studio.model_runs.models import ModelRun
from studio.model_runs.run_row_sets import N_BARS, among

MAX_HOVERED = 40
Table = Mapping[str, Any]


def roc_chart(name: str, table: Table, area: float | None) -> Chart:
    """Plot the true positive rate against the false positive rate of a class."""
    axes = Axis.across(), Axis.upwards()
    found = [0, *table["true_positives"]]
    wrong = [0, *table["false_positives"]]
    thresholds = [1.0, *table["thresholds"]]
    recall = [count / table["n_positive"] for count in found]
    false_rate = [count / table["n_negative"] for count in wrong]
    texts = [
        f"From {threshold:.3f} on: {r:.1%} of the class are found, {f:.1%} of the others too"
        for threshold, r, f in zip(thresholds, recall, false_rate, strict=True)
    ]
    return Chart(
        title=(
            f"{name} is ranked before the other classes in {area or 0:.1%} of all pairs of rows."
        ),
        x_label="False positive rate",
        y_label="Recall",
        x_ticks=axes[0].ticks(),
        y_ticks=axes[1].ticks(),
        lines=[
            line([0, 1], [0, 1], [], axes, "guide"),
            line(false_rate, recall, _some(texts), axes),
        ],
        header=["From", "Recall", "False positive rate"],
        table=[
            [f"{threshold:.4f}", f"{r:.1%}", f"{f:.2%}"]
            for threshold, r, f in _every(zip(thresholds, recall, false_rate, strict=True))
        ],
    )


def precision_chart(name: str, table: Table, average: float | None) -> Chart:
    """Plot precision against recall."""
    axes = Axis.across(), Axis.upwards()
    found = table["true_positives"]
    wrong = table["false_positives"]
    recall = [count / table["n_positive"] for count in found]
    precision = [f / (f + w) if f + w else 1.0 for f, w in zip(found, wrong, strict=True)]
    texts = [
        f"From {threshold:.3f} on: {r:.1%} of the class are found, {p:.1%} of what is predicted is"
        " right"
        for threshold, r, p in zip(table["thresholds"], recall, precision, strict=True)
    ]
    prevalence = table["n_positive"] / (table["n_positive"] + table["n_negative"])
    return Chart(
        title=f"Over all thresholds, {average or 0:.1%} of what is predicted {name} is right.",
        x_label="Recall",
        y_label="Precision",
        x_ticks=axes[0].ticks(),
        y_ticks=axes[1].ticks(),
        lines=[
            line([0, 1], [prevalence, prevalence], [], axes, "guide"),
            line(recall, precision, _some(texts), axes),
        ],
        header=["From", "Recall", "Precision"],
        table=[
            [f"{threshold:.4f}", f"{r:.1%}", f"{p:.1%}"]
            for threshold, r, p in _every(zip(table["thresholds"], recall, precision, strict=True))
        ],
    )


def mean_curves(tables: Sequence[Table]) -> tuple[Table, Table] | None:
    """Return the mean ROC and precision-recall curve over classes, on a common grid."""
    known = [table for table in tables if table is not None]
    if not known:
        return None
    grid = [place / 50 for place in range(51)]
    recalls = [_recalls_at(table, grid) for table in known]
    precisions = [_precisions_at(table, grid) for table in known]
    return (
        {"x": grid, "y": [sum(column) / len(known) for column in zip(*recalls, strict=True)]},
        {"x": grid, "y": [sum(column) / len(known) for column in zip(*precisions, strict=True)]},
    )


def mean_chart(title: str, curve: Table, x_label: str, y_label: str) -> Chart:
    """Plot a mean curve."""
    axes = Axis.across(), Axis.upwards()
    texts = [
        f"{x_label} {x:.0%}: {y_label.lower()} {y:.1%}"
        for x, y in zip(curve["x"], curve["y"], strict=True)
    ]
    return Chart(
        title=title,
        x_label=x_label,
        y_label=y_label,
        x_ticks=axes[0].ticks(),
        y_ticks=axes[1].ticks(),
        lines=[line(curve["x"], curve["y"], _some(texts), axes)],
        header=[x_label, y_label],
        table=[
            [f"{x:.0%}", f"{y:.1%}"] for x, y in _every(zip(curve["x"], curve["y"], strict=True))
        ],
    )


def reliability_chart(bins: Sequence[Mapping[str, Any]], error: float | None) -> Chart:
    """Plot accuracy against stated confidence."""
    axes = Axis.across(), Axis.upwards()
    n_rows = sum(part["n_rows"] for part in bins)
    too_sure = sum(part["n_rows"] for part in bins if part["confidence"] > part["right"]["high"])
    off = f"{error:.1%}" if error is not None else "little"
    sentence = f"Stated confidence is {off} off on average"
    if too_sure:
        sentence += f", and too high for {too_sure / n_rows:.0%} of the rows"
    lines: list[Line] = [line([0, 1], [0, 1], [], axes, "guide")]
    for part in bins:
        ends = [part["right"]["low"], part["right"]["high"]]
        lines.append(line([part["confidence"]] * 2, ends, [], axes, "error"))
    texts = [
        f"Confidence {part['confidence']:.1%}: right in {part['right']['value']:.1%} of"
        f" {counted(part['n_rows'], 'row')}"
        for part in bins
    ]
    lines.append(
        line(
            [part["confidence"] for part in bins],
            [part["right"]["value"] for part in bins],
            texts,
            axes,
        )
    )
    return Chart(
        title=f"{sentence}.",
        x_label="Confidence",
        y_label="Right",
        x_ticks=axes[0].ticks(as_percent=True),
        y_ticks=axes[1].ticks(as_percent=True),
        lines=lines,
        header=["Confidence", "Rows", "Right", "Low", "High"],
        table=[
            [
                f"{part['confidence']:.1%}",
                f"{part['n_rows']:,}",
                f"{part['right']['value']:.1%}",
                f"{part['right']['low']:.1%}",
                f"{part['right']['high']:.1%}",
            ]
            for part in bins
        ],
    )


def confidence_chart(run: ModelRun, bars: Mapping[str, Sequence[int]], url: str) -> Chart:
    """Plot right and wrong rows by confidence; bars link to their rows on the review page `url`."""
    across = Axis.across()
    tallest = max([r + w for r, w in zip(bars["right"], bars["wrong"], strict=True)], default=1)
    upwards = Axis.of_counts(tallest)
    bottom = upwards.place(0)
    rectangles = []
    for number, (right, wrong) in enumerate(zip(bars["right"], bars["wrong"], strict=True)):
        left = across.place(number / N_BARS)
        width = round(across.place((number + 1) / N_BARS) - left - 1, 2)
        span = f"{number / N_BARS:.0%} to {(number + 1) / N_BARS:.0%}"
        top = upwards.place(right)
        for verdict, count, start, end in (
            ("right", right, bottom, top),
            ("wrong", wrong, top, upwards.place(right + wrong)),
        ):
            if count:
                query = RowQuery(issue=ALL_ROWS, among=among(run, "bar", number, verdict))
                rectangles.append(
                    Rectangle(
                        x=left,
                        y=end,
                        width=width,
                        height=round(start - end, 2),
                        text=f"{count:,} {verdict} with confidence {span}",
                        kind=verdict,
                        url=f"{url}?{query.params()}" if url else "",
                    )
                )
    n_wrong = sum(bars["wrong"])
    sure = sum(bars["wrong"][-2:])
    return Chart(
        title=(
            f"{sure:,} of {counted(n_wrong, 'wrong prediction')} {'is' if sure == 1 else 'are'}"
            " stated with more than 90% confidence."
        ),
        x_label="Confidence",
        y_label="Rows",
        x_ticks=across.ticks(as_percent=True),
        y_ticks=upwards.ticks(),
        rectangles=rectangles,
        header=["Confidence", "Right", "Wrong"],
        table=[
            [f"{n / N_BARS:.0%} to {(n + 1) / N_BARS:.0%}", f"{r:,}", f"{w:,}"]
            for n, (r, w) in enumerate(zip(bars["right"], bars["wrong"], strict=True))
            if r or w
        ],
        legend=[("right", "right"), ("wrong", "wrong")],
    )


def _recalls_at(table: Table, rates: Sequence[float]) -> list[float]:
    """Return the recall at each false positive rate; counts ascend from point to point."""
    found = table["true_positives"]
    wrong = table["false_positives"]
    recalls = []
    for rate in rates:
        n_points = bisect_right(wrong, rate * table["n_negative"])
        recalls.append(found[n_points - 1] / table["n_positive"] if n_points else 0.0)
    return recalls


def _precisions_at(table: Table, recalls: Sequence[float]) -> list[float]:
    """Return the best precision at each recall or a higher one."""
    found = table["true_positives"]
    best = [0.0]  # from each point on, the last first
    for right, wrong in zip(reversed(found), reversed(table["false_positives"]), strict=True):
        best.append(max(best[-1], right / (right + wrong) if right + wrong else 0.0))
    best.reverse()
    return [best[bisect_left(found, recall * table["n_positive"])] for recall in recalls]


def _some(texts: Sequence[str]) -> list[str]:
    """Pick at most 40 texts, evenly spaced."""
    step = -(-len(texts) // MAX_HOVERED)
    return [text if place % step == 0 else "" for place, text in enumerate(texts)]


def _every(rows: Any) -> list[Any]:
    found = list(rows)
    return found[:: -(-len(found) // MAX_HOVERED)]
