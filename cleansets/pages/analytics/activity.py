"""The progress of the review by day, and by person."""

from __future__ import annotations

from itertools import accumulate

from cleansets.analytics.activity import DayOfReview, days_of_review, reviewers
from cleansets.models import Cleanset
from studio.charts import Axis, Chart, Tick, line
from studio.engine.counted import counted

MAX_TICKS = 5


def activity(cleanset: Cleanset) -> dict[str, object]:
    """Build the chart of progress and the table of reviewers."""
    days = days_of_review(cleanset)
    return {"progress_chart": _chart(days), "reviewers": reviewers(cleanset)}


def _chart(days: list[DayOfReview]) -> Chart | None:
    if not days:
        return None
    by_hand = list(accumulate(day.n_by_hand for day in days))
    places = [(day.day - days[0].day).days for day in days]
    across = Axis.across(0, max(places[-1], 1))
    axes = across, Axis.of_counts(max(by_hand[-1], 1))
    texts = [
        f"{day.day:%d %b %Y}: {counted(day.n_by_hand, 'row')} decided by hand, {total:,} in all"
        for day, total in zip(days, by_hand, strict=True)
    ]
    step = max(1, -(-len(days) // MAX_TICKS))
    decisions = counted(by_hand[-1], "decision was", "decisions were")
    return Chart(
        title=f"{decisions} made by hand, on {counted(len(days), 'day')}",
        x_label="Day",
        y_label="Decisions by hand",
        x_ticks=[
            Tick(across.place(place), f"{day.day:%d %b}")
            for place, day in list(zip(places, days, strict=True))[::step]
        ],
        y_ticks=axes[1].ticks(),
        lines=[line([0, *places], [0, *by_hand], ["", *texts], axes)],
        header=["Day", "By hand", "By larger actions", "By hand in all"],
        table=[
            [
                f"{day.day:%d %b %Y}",
                f"{day.n_by_hand:,}",
                f"{day.n_otherwise:,}",
                f"{total:,}",
            ]
            for day, total in zip(days, by_hand, strict=True)
        ],
    )
