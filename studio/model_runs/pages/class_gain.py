"""The gain of each class by cleaning, drawn as two points with a line between them."""

from __future__ import annotations

from collections.abc import Sequence

from cleansets.row_address import ALL_ROWS, RowQuery
from studio.charts import Axis, Chart, Rectangle, Tick, line
from studio.figures import percent
from studio.model_runs.honest_gain import ClassGain

MIN_ROWS = 20  # of a class; the recall of fewer rows changes by chance
N_SHOWN = 20
N_NAMED = 6  # classes up to which their names fit below the chart
POINT = 7.0


def class_gain_chart(gains: Sequence[ClassGain], by: str, review_url: str) -> Chart | None:
    """Draw the classes that changed most; None if there are no two classes to compare."""
    classes = [one for one in gains if one.n_rows >= MIN_ROWS]
    if len(classes) < 2:
        return None
    classes.sort(key=lambda one: (-abs(one.change), one.name))
    shown = classes[:N_SHOWN]
    lowest = min(min(one.before, one.after) for one in shown)
    axes = (Axis.across(0, len(shown)), Axis.upwards(max(0.0, int(lowest * 10 - 0.5) / 10), 1.0))
    rectangles = []
    lines = []
    for place, one in enumerate(shown):
        middle = place + 0.5
        lines.append(line([middle, middle], [one.before, one.after], [], axes, "error"))
        for value, kind in ((one.before, "right"), (one.after, "after")):
            rectangles.append(
                Rectangle(
                    x=axes[0].place(middle) - POINT / 2,
                    y=axes[1].place(value) - POINT / 2,
                    width=POINT,
                    height=POINT,
                    text=_sentence(one),
                    kind=kind,
                    url=_rows(one, review_url),
                )
            )
    ticks = []
    if len(shown) <= N_NAMED:
        ticks = [Tick(axes[0].place(place + 0.5), one.name[:12]) for place, one in enumerate(shown)]
    return Chart(
        title=_title(shown[0], by),
        x_label="Classes, largest change first",
        y_label="Rows of the class that are predicted as such",
        x_ticks=ticks,
        y_ticks=axes[1].ticks(as_percent=True),
        lines=lines,
        rectangles=rectangles,
        header=["Class", "Rows", "Before", "After", "Change, points"],
        table=[_cells(one) for one in classes],
        row_urls=[_rows(one, review_url) for one in classes],
        legend=[("right", "before"), ("after", "after")],
    )


def _title(first: ClassGain, by: str) -> str:
    if not first.change:
        return f"No class is predicted better or worse than before, by {by}"
    return f"{_sentence(first)}, by {by}"


def _sentence(one: ClassGain) -> str:
    return (
        f"{percent(one.after)} of the “{one.name}” rows are predicted as such,"
        f" {percent(one.before)} before"
    )


def _cells(one: ClassGain) -> list[str]:
    return [
        one.name,
        f"{one.n_rows:,}",
        percent(one.before),
        percent(one.after),
        f"{100 * one.change:+.1f}".replace("-", "\N{MINUS SIGN}"),
    ]


def _rows(one: ClassGain, review_url: str) -> str:
    return f"{review_url}?{RowQuery(issue=ALL_ROWS, given=one.name).params()}"
