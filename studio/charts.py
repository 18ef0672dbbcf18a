"""Charts as SVG coordinates, with their labels and texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

LEFT, TOP, WIDTH, HEIGHT = 44.0, 10.0, 260.0, 200.0  # of the plotted area in its picture
N_TICKS = 5


@dataclass(frozen=True, slots=True)
class Mark:
    """A point with a tooltip."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points; `kind` names its style."""

    points: str
    marks: list[Mark]
    kind: str = "main"


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A bar or a cell; `url` links to its rows, if any."""

    x: float
    y: float
    width: float
    height: float
    text: str
    kind: str = "main"
    url: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A tick on an axis."""

    place: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart, a sentence that describes it, and its data as a table, whose rows may be links."""

    title: str
    x_label: str
    y_label: str
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    lines: list[Line] = field(default_factory=list)
    rectangles: list[Rectangle] = field(default_factory=list)
    header: list[str] = field(default_factory=list)
    table: list[list[str]] = field(default_factory=list)
    row_urls: list[str] = field(default_factory=list)
    legend: list[tuple[str, str]] = field(default_factory=list)

    @property
    def linked_table(self) -> list[tuple[str, list[str]]]:
        """The rows of the table, each with the address of what it is about, if any."""
        urls = self.row_urls or [""] * len(self.table)
        return list(zip(urls, self.table, strict=True))


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis: maps values to coordinates."""

    low: float
    high: float
    start: float
    length: float

    @classmethod
    def across(cls, low: float = 0.0, high: float = 1.0) -> Axis:
        """From left to right."""
        return cls(low, high, LEFT, WIDTH)

    @classmethod
    def upwards(cls, low: float = 0.0, high: float = 1.0) -> Axis:
        """From bottom to top."""
        return cls(low, high, TOP + HEIGHT, -HEIGHT)

    @classmethod
    def of_counts(cls, most: int) -> Axis:
        """From bottom to top, ending at a round number above the largest count."""
        step = 10 ** max(0, len(str(max(most, N_TICKS) // N_TICKS)) - 1)
        high = -(-max(most, N_TICKS) // (step * N_TICKS)) * step * N_TICKS
        return cls.upwards(0, high)

    def place(self, value: float) -> float:
        """Return the coordinate of a value; values outside the range are clipped."""
        span = self.high - self.low or 1.0
        share = min(1.0, max(0.0, (value - self.low) / span))
        return round(self.start + share * self.length, 2)

    def ticks(self, *, as_percent: bool = False) -> list[Tick]:
        """Return evenly spaced ticks."""
        values = [self.low + (self.high - self.low) * i / N_TICKS for i in range(N_TICKS + 1)]
        texts = [f"{value:.0%}" if as_percent else short(value) for value in values]
        return [Tick(self.place(value), text) for value, text in zip(values, texts, strict=True)]


def line(
    xs: Sequence[float],
    ys: Sequence[float],
    texts: Sequence[str],
    axes: tuple[Axis, Axis],
    kind: str = "main",
) -> Line:
    """Build a line; points without a text have no tooltip."""
    across, upwards = axes
    places = [(across.place(x), upwards.place(y)) for x, y in zip(xs, ys, strict=True)]
    marks = [Mark(x, y, text) for (x, y), text in zip(places, texts, strict=False) if text]
    return Line(" ".join(f"{x},{y}" for x, y in places), marks, kind)


def short(value: float) -> str:
    """Format a number with few digits."""
    if abs(value) >= 10_000:
        return f"{value / 1_000:,.0f}k"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
