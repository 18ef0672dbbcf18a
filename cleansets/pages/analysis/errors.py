"""How far given numbers lie from the predicted ones, as a histogram with a line at zero."""

from __future__ import annotations

from cleansets.analytics.error_rows import among_errors
from cleansets.label_text import number_text
from cleansets.models import Cleanset
from cleansets.row_address import ALL_ROWS, RowQuery
from studio.charts import Axis, Chart, Rectangle, line
from studio.engine.counted import counted
from studio.engine.schema.health import NumberErrors


def error_chart(cleanset: Cleanset, errors: NumberErrors | None) -> Chart | None:
    """Draw the histogram, whose bars open their rows; None for other tasks."""
    if errors is None:
        return None
    most = max(errors.counts)
    across = Axis.across(errors.edges[0], errors.edges[-1])
    upwards = Axis.of_counts(most)
    rectangles = []
    table = []
    urls = []
    for place, count in enumerate(errors.counts):
        low = across.place(errors.edges[place])
        high = across.place(errors.edges[place + 1])
        text = f"{number_text(errors.edges[place])} to {number_text(errors.edges[place + 1])}"
        rows = RowQuery(issue=ALL_ROWS, among=among_errors(cleanset, place)).params()
        url = f"{cleanset.get_absolute_url()}?{rows}" if count else ""
        rectangles.append(
            Rectangle(
                x=low + 0.5,
                y=upwards.place(count),
                width=max(high - low - 1, 1.0),
                height=upwards.place(0) - upwards.place(count),
                text=f"{text}: {counted(count, 'row')}",
                kind="right",
                url=url,
            )
        )
        table.append([text, f"{count:,}"])
        urls.append(url)
    zero = line([0.0, 0.0], [0.0, upwards.high], [], (across, upwards), "guide")
    side = "above" if errors.bias >= 0 else "below"
    return Chart(
        title=f"On average, the given number is {number_text(abs(errors.bias))} {side} the"
        " predicted one; the dashed line is at zero",
        x_label="Given minus predicted number",
        y_label="Rows",
        x_ticks=across.ticks(),
        y_ticks=upwards.ticks(),
        lines=[zero],
        rectangles=rectangles,
        header=["Given minus predicted", "Rows"],
        table=table,
        row_urls=urls,
    )
