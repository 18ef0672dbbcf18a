"""The Analysis page's findings on the dataset as a whole: sentences, tables and links to rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cleansets.analytics.advice import errors_text
from cleansets.analytics.group_rows import among_group
from cleansets.analytics.stopping import stopping
from cleansets.label_text import number_text
from cleansets.models import Cleanset
from cleansets.pages.analysis.errors import error_chart
from cleansets.pages.analysis.rows import group_rows, leak_rows
from cleansets.pages.analysis.sets import wrong_sets
from cleansets.pages.analysis.together import classes_together
from cleansets.row_address import ALL_ROWS, RowQuery
from studio.engine.counted import counted
from studio.engine.ml_task import MLTask
from studio.engine.schema.health import (
    ClassHealth,
    Group,
    Health,
    Imbalance,
    InvertedSlice,
    LabelNoise,
    Leak,
    NumberErrors,
    RowOrder,
    Trust,
)
from studio.engine.stopping.estimate import Estimate
from studio.engine.stopping.interval import Interval
from studio.figures import percent

N_FIRST = 12  # rows of a table that are shown; the rest is folded away
# Expected fractions of wrong labels among the flagged ones, from which a title says so.
MOSTLY = 0.6
HALF = 0.4
THIRD = 0.27
MIN_ROWS_OF_TITLE = 20  # of a class; a share of fewer rows is no headline
MIN_FLAGGED_OF_TITLE = 3
CLEAN = 0.01  # noise of a class below which it is not worth a warning
REVIEW = (("Review the label issues", RowQuery().params()),)


@dataclass(frozen=True, slots=True)
class ClassLine:
    """A class with the addresses of its rows and issues; empty if these cannot be filtered."""

    health: ClassHealth
    rows: str
    issues: str


@dataclass(frozen=True, slots=True)
class PairLine:
    """Two classes, their number of rows, the length of a bar, and the address of the rows."""

    first: str
    second: str
    n_rows: int
    fraction: float
    bar: float
    rows: str
    rows_of_reverse: str = ""


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group with the address of its label issues; empty if no filter finds them."""

    group: Group
    rows: str


@dataclass(frozen=True, slots=True)
class Note:
    """A finding and what to do about it; `kind` is good, info or warning.

    `links` are names and addresses of its rows.
    """

    kind: str
    title: str
    text: str
    links: tuple[tuple[str, str], ...] = ()


def health(cleanset: Cleanset) -> dict[str, object]:
    """Build the page's section on the dataset as a whole."""
    found = Health.from_dict(cleanset.health)
    estimated = stopping(cleanset)
    lines = [_class_line(row, cleanset.task) for row in found.classes]
    confusions = _confusion_lines(found)
    overlaps = _overlap_lines(found)
    return {
        "health": found,
        "trust": _trust(found.trust, estimated),
        "classes_title": _classes_title(found),
        "class_lines": lines[:N_FIRST],
        "more_class_lines": lines[N_FIRST:],
        "wrong_sets": wrong_sets(found),
        "together": classes_together(cleanset),
        "confusions": confusions[:N_FIRST],
        "overlaps": overlaps[:N_FIRST],
        "group_lines": [
            GroupLine(group, _rows_of_group(cleanset, group, place))
            for place, group in enumerate(found.groups)
        ],
        "notes": list(_notes(found)),
        "error_chart": error_chart(cleanset, found.number_errors),
        "errors": _error_texts(found.number_errors),
        "errors_by_size": RowQuery(issue=ALL_ROWS, sort="label_issue_score").params(),
    }


def _rows_of_group(cleanset: Cleanset, group: Group, place: int) -> str:
    if not group.issue_rows:
        return group_rows(cleanset, group.description)
    return RowQuery(among=among_group(cleanset, place)).params()


def _class_line(row: ClassHealth, task: MLTask) -> ClassLine:
    """Only where a row has one class does the filter list what is counted as label issues."""
    issues = ""
    if task is MLTask.MULTI_CLASS:
        issues = RowQuery(given=row.name).params()
    return ClassLine(row, RowQuery(issue=ALL_ROWS, given=row.name).params(), issues)


def _classes_title(found: Health) -> str:
    if not found.classes:
        return ""
    large = [row for row in found.classes if row.n_rows >= MIN_ROWS_OF_TITLE]
    worst = next((row for row in large if row.n_label_issues >= MIN_FLAGGED_OF_TITLE), None)
    if worst is None or worst.noise < CLEAN:
        return "No class stands out by its labels"
    title = f"{percent(worst.noise, 0)} of the “{worst.name}” labels are flagged"
    if len(large) == len(found.classes):
        return f"{title}, more than of any other class"
    return f"{title}, more than of any other class with at least {MIN_ROWS_OF_TITLE} rows"


def _confusion_lines(found: Health) -> list[PairLine]:
    most = max((pair.n_rows for pair in found.confusions), default=1)
    lines = []
    for pair in found.confusions:
        rows = RowQuery(given=pair.given, suggested=pair.true).params()
        bar = pair.n_rows / most
        lines.append(PairLine(pair.given, pair.true, pair.n_rows, pair.fraction, bar, rows))
    return lines


def _overlap_lines(found: Health) -> list[PairLine]:
    most = max((pair.n_rows for pair in found.overlaps), default=1)
    return [
        PairLine(
            pair.first,
            pair.second,
            pair.n_rows,
            pair.fraction,
            pair.n_rows / most,
            rows=RowQuery(given=pair.first, suggested=pair.second).params(),
            rows_of_reverse=RowQuery(given=pair.second, suggested=pair.first).params(),
        )
        for pair in found.overlaps
    ]


def _trust(trust: Trust | None, estimated: Estimate | None) -> Note | None:
    """Estimate how many of the flagged labels are wrong, with the advice that follows.

    Once people have decided some of them, their decisions count, too.
    """
    if trust is None:
        return None
    if not trust.n_flagged:
        return Note(
            "good",
            "No labels are flagged",
            "The models find no given label that is clearly less likely than another.",
        )
    flagged = f"{trust.n_flagged:,}"
    expected = f"{trust.n_expected:,}"
    precision = trust.precision
    learned = _learned(trust)
    if estimated is not None:
        wrong = _expected_wrong(trust, estimated)
        expected = errors_text(wrong)
        precision = wrong.value / trust.n_flagged
        learned = f"In brackets: the 90% interval. {learned}"
    if precision >= MOSTLY:
        return Note(
            "good",
            f"Most of the {flagged} flagged labels are probably wrong: expect about {expected}",
            learned,
            links=REVIEW,
        )
    if precision >= THIRD:
        fraction = "half" if precision >= HALF else "a third"
        title = (
            f"About {fraction} of the {flagged} flagged labels are probably wrong: expect about"
            f" {expected}"
        )
        advice = f"{learned} Look at a row before you change its label."
        return Note("info", title, advice, links=REVIEW)
    title = (
        f"Most of the {flagged} flagged labels are probably right: expect only about {expected}"
        " wrong ones"
    )
    advice = "Look at each row, highest scores first."
    if trust.held_out is not None:
        advice = (
            "The columns say little about the label. Look at each row, highest scores first, and do"
            " not auto-fix."
        )
    return Note("warning", title, f"{learned} {advice}", links=REVIEW)


def _expected_wrong(trust: Trust, estimated: Estimate) -> Interval:
    """Return how many flagged labels are wrong; before any decision, the models' own number."""
    scale = trust.n_flagged / estimated.n_flagged
    wrong = estimated.flagged_wrong
    low = scale * wrong.low
    high = scale * wrong.high
    if estimated.n_wrong + estimated.n_right:
        return Interval(scale * wrong.value, low, high)
    return Interval(trust.n_expected, min(low, trust.n_expected), max(high, trust.n_expected))


def _learned(trust: Trust) -> str:
    if trust.held_out is None or trust.baseline is None:
        return "A suggestion is offered only where accepting it is likely to help."
    return (
        f"The models get {percent(trust.held_out, 0)} of the given labels right on rows that they"
        " have not seen; always naming the most frequent class would get"
        f" {percent(trust.baseline, 0)}."
    )


def _noise(noise: LabelNoise, *, is_systematic: bool) -> Note:
    if noise.classes:
        return _noise_of_sets(noise)
    if noise.held_out is None or noise.held_out_true is None:
        return _noise_of_numbers(noise)
    fraction = percent(noise.wrong_fraction)
    figures = (
        f"95% interval {percent(noise.low)} to {percent(noise.high)}. The models agree with "
        f"{percent(noise.held_out)} of the given labels on rows that they have not seen, and with "
        f"an estimated {percent(noise.held_out_true)} of the true ones."
    )
    if not is_systematic:
        return Note("info", f"About {fraction} of the labels are wrong at random", figures)
    return Note(
        "warning",
        f"Some labels are wrong in a systematic way, beyond the {fraction} that are wrong"
        " at random",
        f"{figures} Models learn systematic errors as if they were right, so both figures are"
        " probably too high. Review the rows with the highest scores to see which rule is behind"
        " them.",
    )


def _noise_of_sets(noise: LabelNoise) -> Note:
    return Note(
        "info",
        f"About {percent(noise.wrong_fraction)} of the rows have a wrong class or lack one",
        f"95% interval {percent(noise.low)} to {percent(noise.high)}, for labels that are wrong"
        " at random.",
    )


def _noise_of_numbers(noise: LabelNoise) -> Note:
    how_far = ""
    if noise.distance is not None:
        how_far = (
            f" Half of the wrong ones are more than {number_text(noise.distance)} away from the"
            " prediction."
        )
    return Note(
        "info",
        f"About {percent(noise.wrong_fraction)} of the numbers are grossly wrong",
        f"95% interval {percent(noise.low)} to {percent(noise.high)}, for numbers that belong to"
        f" other rows.{how_far}",
    )


def _notes(found: Health) -> Iterator[Note]:
    if found.noise:
        yield _noise(found.noise, is_systematic=found.has_systematic_noise)
    yield from map(_inverted, found.inverted)
    if found.imbalance:
        yield _imbalance(found.imbalance)
    if found.order:
        yield _order(found.order)
    if found.leak:
        yield _leak(found.leak)
    if found.reading:
        yield Note("warning", "Some cells could not be read", " ".join(found.reading))


def _imbalance(found: Imbalance) -> Note:
    sizes = (
        f"The rarest class, {found.rarest}, has {counted(found.n_rarest, 'row')}; "
        f"the most frequent one, {found.largest}, has {found.n_largest:,}."
    )
    if not found.is_imbalanced:
        return Note("good", "No class is very rare", sizes)
    return Note(
        "warning",
        f"{found.rarest} is rare: less than a tenth of an even share of the rows",
        f"{sizes} Models learn rare classes poorly; their labels are judged with less certainty."
        " More rows would help.",
    )


def _order(found: RowOrder) -> Note:
    if not found.is_ordered:
        return Note(
            "good",
            "The order of the rows looks random",
            "Similar rows are not close together in the file.",
        )
    neighbours = ""
    if found.same_label is not None and found.same_label_by_chance is not None:
        neighbours = (
            f" Adjacent rows have the same label in {percent(found.same_label, 0)} of cases; "
            f"in random order it would be {percent(found.same_label_by_chance, 0)}."
        )
    return Note(
        "warning",
        "The rows are not in random order: similar rows are close together in the file",
        "The file may be sorted, or its source changed over time (p ="
        f" {found.p_value:.3f}).{neighbours} Do not split it by position; the analysis here does"
        " not.",
    )


def _inverted(found: InvertedSlice) -> Note:
    return Note(
        "warning",
        f"Labels look swapped: {found.description}",
        "A simple model, which learns one rule for all rows, contradicts"
        f" {found.n_contradicted:,} of these {counted(found.n_rows, 'label')}; most often the"
        f" label is {found.given} where {found.suggested} is expected"
        f" ({counted(found.n_pair, 'row')}). They rank high among the label issues. Find out how"
        " these rows were labeled before you change them one by one.",
    )


def _leak(found: Leak) -> Note:
    if not found.n_rows:
        text = f"No row has a copy, or nearly one, under another value of {found.column}."
        return Note(
            "good", f"The parts of the data, by the column {found.column}, share no rows", text
        )
    sides = "; ".join(
        f"{side.value or '(empty)'}: {side.n_exact:,} exact and {side.n_near:,}"
        f" near copies among {counted(side.n_rows, 'row')}"
        for side in found.sides
    )
    return Note(
        "warning",
        f"{counted(found.n_rows, 'row has', 'rows have')} a copy in another part of the data, by"
        f" the column {found.column}",
        f"{sides}. A test on them measures memorization: remove them from one part.",
        links=tuple((f"Near duplicates in {name}", rows) for name, rows in leak_rows(found)),
    )


def _error_texts(errors: NumberErrors | None) -> dict[str, str]:
    if errors is None:
        return {}
    return {
        "median": number_text(errors.median),
        "ninety": number_text(errors.ninety),
        "worst": number_text(errors.worst),
        "by_ratio": "yes" if errors.ratio_floor is not None else "",
    }
