"""Classes before and after the review, and what is taken for what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cleansets.analytics.classes import (
    ClassCount,
    LabelPair,
    class_counts,
    issue_types,
    issues_by_class,
    label_pairs,
)
from cleansets.issue_columns import IssueColumn
from cleansets.models import Cleanset
from cleansets.row_address import ALL_ROWS, RowQuery
from studio.charts import Axis, Chart, Rectangle, Tick
from studio.engine.counted import counted
from studio.engine.schema.health import Health
from studio.figures import percent

N_BARS = 20  # classes in a picture; the table below has all
N_PAIRS = 15
N_TABLED_PAIRS = 200


@dataclass(frozen=True, slots=True)
class ClassLine:
    """A class with its health, its issues by type, and the addresses of the rows."""

    name: str
    n_rows: int
    rows: str
    issues: list[tuple[int, str]]
    noise: str
    inverse_noise: str
    quality: str
    missed: str


@dataclass(frozen=True, slots=True)
class PairLine:
    """Two labels with the number of rows, the length of a bar and the address."""

    pair: LabelPair
    bar: float
    rows: str


def label_panels(cleanset: Cleanset) -> dict[str, object]:
    """Build everything that is about classes."""
    counts = class_counts(cleanset)
    pairs = label_pairs(cleanset)
    types = issue_types(cleanset)
    most = max((pair.n_rows for pair in pairs), default=1)
    return {
        "balance": _balance(counts, cleanset.get_absolute_url()),
        "issue_types": types,
        "class_lines": _class_lines(cleanset, types),
        "pairs_title": _pairs_title(pairs),
        "pairs": [
            PairLine(
                pair,
                pair.n_rows / most,
                RowQuery(given=pair.given, suggested=pair.suggested).params(),
            )
            for pair in pairs[:N_PAIRS]
        ],
        "pair_table": [
            PairLine(
                pair,
                pair.n_rows / most,
                RowQuery(given=pair.given, suggested=pair.suggested).params(),
            )
            for pair in pairs[:N_TABLED_PAIRS]
        ],
        "n_pairs_left_out": max(0, len(pairs) - N_TABLED_PAIRS),
    }


def class_balance(cleanset: Cleanset) -> Chart | None:
    """Draw the size of each class before and after the review; None without classes."""
    return _balance(class_counts(cleanset), cleanset.get_absolute_url())


def _balance(counts: list[ClassCount], review_url: str) -> Chart | None:
    if not counts:
        return None
    shown = counts[:N_BARS]
    most = max(max(count.n_given, count.n_now) for count in shown)
    upwards = Axis.of_counts(most)
    across = Axis.across(0, len(shown))
    slot = across.length / len(shown)
    rectangles = []
    for place, count in enumerate(shown):
        rows = RowQuery(issue=ALL_ROWS, given=count.name).params()
        parts = ((count.n_given, "right", "given"), (count.n_now, "after", "now"))
        for offset, (n_rows, kind, word) in enumerate(parts):
            top = upwards.place(n_rows)
            rectangles.append(
                Rectangle(
                    x=across.place(place) + slot * (0.1 + 0.4 * offset),
                    y=top,
                    width=slot * 0.4,
                    height=upwards.place(0) - top,
                    text=f"{count.name}: {counted(n_rows, 'row')} {word}",
                    kind=kind,
                    url=f"{review_url}?{rows}",
                )
            )
    return Chart(
        title=_balance_title(counts),
        x_label="Classes, most frequent first",
        y_label="Rows",
        x_ticks=_class_ticks(shown, across, slot),
        y_ticks=upwards.ticks(),
        rectangles=rectangles,
        header=["Class", "Given", "Now", "Change"],
        table=[
            [
                count.name,
                f"{count.n_given:,}",
                f"{count.n_now:,}",
                f"{count.n_now - count.n_given:+,}",
            ]
            for count in counts
        ],
        row_urls=[
            f"{review_url}?{RowQuery(issue=ALL_ROWS, given=count.name).params()}"
            for count in counts
        ],
        legend=[("right", "given"), ("after", "corrected, without excluded rows")],
    )


def _class_ticks(shown: list[ClassCount], across: Axis, slot: float) -> list[Tick]:
    if len(shown) > 6:
        return []
    return [
        Tick(across.place(place) + slot / 2, count.name[:12]) for place, count in enumerate(shown)
    ]


def _balance_title(counts: list[ClassCount]) -> str:
    changed = [count for count in counts if count.n_now != count.n_given]
    if not changed:
        return "The review has not changed the size of any class yet"
    most = max(changed, key=lambda count: abs(count.n_now - count.n_given))
    difference = most.n_now - most.n_given
    word = "more" if difference > 0 else "fewer"
    return f"“{most.name}” changed the most: {counted(abs(difference), 'row')} {word} than given"


def _class_lines(cleanset: Cleanset, types: Sequence[IssueColumn]) -> list[ClassLine]:
    health = {row.name: row for row in Health.from_dict(cleanset.health).classes}
    lines = []
    for row in issues_by_class(cleanset):
        found = health.get(row.name)
        lines.append(
            ClassLine(
                name=row.name,
                n_rows=row.n_rows,
                rows=RowQuery(issue=ALL_ROWS, given=row.name).params(),
                issues=[
                    (n_rows, RowQuery(issue=issue.key, given=row.name).params())
                    for issue, n_rows in zip(types, row.counts, strict=True)
                ],
                noise=percent(None if found is None else found.noise),
                inverse_noise=percent(None if found is None else found.inverse_noise),
                quality=percent(None if found is None else found.quality),
                missed=RowQuery(suggested=row.name).params(),
            )
        )
    return lines


def _pairs_title(pairs: list[LabelPair]) -> str:
    if not pairs:
        return ""
    first = pairs[0]
    n_rows = sum(pair.n_rows for pair in pairs)
    return (
        f"“{first.given}” that probably is “{first.suggested}” makes up"
        f" {percent(first.n_rows / n_rows, 0)} of the label issues"
    )
