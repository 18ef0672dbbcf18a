"""Prepares column profiles for display: bars with labels, and values with their frequencies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from django.contrib.humanize.templatetags.humanize import intcomma
from django.forms import BoundField

from projects.forms.datasets import KindsForm
from projects.readers.column_profile import ColumnProfile, Histogram, TopValue
from studio.engine.conventions.convention_notes import readings
from studio.engine.counted import counted
from studio.engine.table.columns import ColumnKind
from studio.figures import percent

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_S = 86_400
VALUES_SHOWN = 5
WORDS_ADVICE = "If it holds numbers, set its kind to number here; the words then count as missing."


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a histogram; `height` is 0 to 100."""

    height: float
    label: str


@dataclass(frozen=True, slots=True)
class ValueShare:
    """A frequent value; `fraction` is relative to the most frequent one."""

    value: str
    n_rows: int
    fraction: float
    fraction_of_rows: float


@dataclass(frozen=True, slots=True)
class ProfileCard:
    """One column as the page shows it, with the selects of its kind and of how it is written."""

    profile: ColumnProfile
    field: BoundField
    convention: BoundField | None = None
    bars: tuple[Bar, ...] = ()
    values: tuple[ValueShare, ...] = ()
    rest: str = ""

    @property
    def low(self) -> str:
        """The smallest number or first moment."""
        return self._end(self.profile.lowest)

    @property
    def high(self) -> str:
        """The largest number or last moment."""
        return self._end(self.profile.highest)

    def _end(self, end: str | None) -> str:
        text = end or ""
        if (self.profile.drawn_as or self.profile.kind) is ColumnKind.DATETIME:
            return text
        return intcomma(text)

    @property
    def missing_bars(self) -> list[Bar]:
        """The share of empty cells in each part of the file; none if none is empty."""
        counts = self.profile.missing_by_part
        n_rows = self.profile.n_rows
        bars = []
        for part, count in enumerate(counts):
            first = -(-part * n_rows // len(counts))
            end = -(-(part + 1) * n_rows // len(counts))
            share = count / (end - first)
            label = f"rows {first + 1:,} to {end:,}: {percent(share)} empty"
            bars.append(Bar(height=100 * share, label=label))
        return bars

    @property
    def drawing_text(self) -> str:
        """The histogram in one sentence."""
        return f"{self.profile.name} from {self.low} to {self.high} in {len(self.bars)} bars"

    @property
    def question(self) -> str:
        """What the cells leave ambiguous, in a sentence or two; empty if nothing."""
        if self.profile.words_note:
            return f"{self.profile.words_note} {WORDS_ADVICE}"
        if self.profile.units_note:
            return self.profile.units_note
        found = self.profile.found_convention
        if found is None or not self.profile.is_convention_assumed:
            return ""
        return f"{readings(found)}. Say here how it is written."

    @property
    def is_chosen(self) -> bool:
        """Whether the user gave the column another kind than the one found."""
        return self.profile.kind != self.profile.inferred_kind


def profile_cards(form: KindsForm) -> list[ProfileCard]:
    """Return a card per column that the form shows, in the order of the file."""
    cards = []
    for place in form.places:
        card = _card(form.profiles[place], form[form.field_name(place)])
        convention = form.convention_name(place)
        if convention in form.fields:
            card = replace(card, convention=form[convention])
        cards.append(card)
    return cards


def _card(profile: ColumnProfile, field: BoundField) -> ProfileCard:
    if profile.histogram:
        return ProfileCard(
            profile, field, bars=histogram_bars(profile.histogram, profile.drawn_as or profile.kind)
        )
    values = profile.top_values[:VALUES_SHOWN]
    if not values or values[0].count == 1:  # every value is different
        values = ()
    top = max((value.count for value in values), default=1)
    n_rows = profile.n_rows or 1
    shares = tuple(
        ValueShare(value.value, value.count, value.count / top, value.count / n_rows)
        for value in values
    )
    return ProfileCard(profile, field, values=shares, rest=_rest(profile, values))


def _rest(profile: ColumnProfile, values: tuple[TopValue, ...]) -> str:
    n_filled = profile.n_rows - profile.n_missing
    if not n_filled:
        return "Every cell is empty."
    if not values:
        examples = ", ".join(_short(value.value) for value in profile.top_values[:3])
        if not examples:
            return "Every value is different."
        return f"Every value is different: {examples} …"
    n_more = profile.n_distinct - len(values)
    if n_more <= 0:
        return ""
    n_rows = n_filled - sum(value.count for value in values)
    about = "About " if profile.is_distinct_estimated else ""
    return f"{about}{n_more:,} more value{'s'[: n_more > 1]} in {n_rows:,} row{'s'[: n_rows > 1]}"


def _short(value: str) -> str:
    if len(value) <= 40:
        return value
    return f"{value[:40].rstrip()}…"


def histogram_bars(histogram: Histogram, kind: ColumnKind) -> tuple[Bar, ...]:
    """Return the bars of a histogram with their labels."""
    top = max(histogram.counts) or 1
    bars = []
    for (low, high), n_rows in zip(pairwise(histogram.edges), histogram.counts, strict=True):
        width = high - low
        label = f"{_edge(low, width, kind)} to {_edge(high, width, kind)}: {counted(n_rows, 'row')}"
        bars.append(Bar(100 * n_rows / top, label))
    return tuple(bars)


def _edge(edge: float, width: float, kind: ColumnKind) -> str:
    """Write an edge no finer than the bars are wide."""
    if kind is ColumnKind.DATETIME:
        moment = EPOCH + timedelta(seconds=edge)
        if width >= DAY_S:
            return f"{moment:%Y-%m-%d}"
        return f"{moment:%Y-%m-%d %H:%M}"
    if width >= 2:
        return f"{edge:,.0f}"
    return f"{edge:,.4g}"
